"""The doors on the status page: how each stands, what is wrong with it, and who passed it last."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.core.access import Happening, Mode
from gateway.core.errors import JournalError
from gateway.core.rights import Right
from gateway.doors.door import Held
from gateway.doors.heard import Position
from gateway.journal.rows import Row
from gateway.people.persons import Masked
from gateway.web.markup import Html, both, moment, tag
from gateway.web.services import Services

LAST = 200  # passages of all doors: one page of the journal, whatever the number of doors
STATE = {Position.OPEN: "开", Position.CLOSED: "关", Position.UNKNOWN: "未知"}
LOCK = {True: ("已开锁", "unlocked"), False: ("已上锁", "locked"), None: ("锁状态未知", "lock unknown")}
HELD = {Held.WARNED: ("即将超时", "open for long"), Held.HELD: ("超时未关", "held open")}


class Passages(NamedTuple):
    """Who passed last, by device and part. `persons` are those whom the hall knows; `why` nothing can be told."""

    rows: Mapping[tuple[str | None, str | None], Row] = {}
    persons: Mapping[str, Masked] = {}
    why: str | None = None


async def doors(services: Services, zone: ZoneInfo) -> Html:
    """The section of the doors; nothing where there are none."""
    seen = [door for door in services.doors.all() if services.sees(door["zone"])]
    if not seen:
        return Html()
    told = services.who is not None and services.who.may(Right.PERSONS)
    passages = await _passages(services) if told else None
    places = {place.id: place.name for place in services.site.general.zones}
    cards = [_door(services, door, places.get(door["zone"] or "", ""), passages, zone) for door in seen]
    wrong = [tag("p", f"无法读取记录 · {passages.why}", class_="wrong")] if passages and passages.why else []
    note = tag("div", *wrong, data_live="passages")
    return tag("section", tag("h2", both("门", "doors")), note, tag("div", *cards, class_="cards doors"))


async def _passages(services: Services) -> Passages:
    try:
        rows = await services.house.journal.read(
            type=Happening.GRANTED, limit=LAST, newest_first=True, scope=services.scope
        )
        newest = {(row.device, row.part): row for row in reversed(rows)}
        persons = {str(row.payload["person"]) for row in newest.values() if row.payload and "person" in row.payload}
        return Passages(newest, await services.persons.named(persons))
    except JournalError as error:
        return Passages(why=str(error))


def _door(services: Services, door: Mapping[str, Any], place: str, passages: Passages | None, zone: ZoneInfo) -> Html:
    state = Position(door["state"])
    head = tag("header", tag("h3", door["name"]), _chip(STATE[state], state, f"door-{state}"))
    staff = [" · " if place else "", both("职工入口", "staff entrance")] if door["staff_entrance"] else []
    where = tag("p", place, *staff, class_="function")
    since = tag("p", both("自", "since"), " ", tag("time", moment(door["since"], zone)))
    why = [tag("p", door["detail"], class_="wrong")] if door["detail"] else []
    row = passages.rows.get((door["device"], door["part"])) if passages else None
    last = _passage(services, row, passages, zone) if passages and row else []
    return tag(
        "article",
        *(head, where, tag("p", *_marks(door)), since, *why, *last),
        class_=f"card{' bad' if door['forced'] or door['held'] == Held.HELD else ''}",
        data_live=f"door-{door['door']}",
    )


def _marks(door: Mapping[str, Any]) -> list[Html]:
    """What is wrong with a door first, then what excuses it, then its lock."""
    held, mode = Held(door["held"]), door["mode"]
    return [
        *([_chip("强行打开", "forced", "critical")] if door["forced"] else []),
        *([_chip(*HELD[held], "high" if held is Held.HELD else "door-open")] if held in HELD else []),
        *([_chip("消防释放", "fire", "critical")] if door["fire"] else []),
        *([_chip("常开时段", "released", "door-open")] if door["released"] else []),
        *([_chip("封锁", "shut for everybody", "door-open")] if mode == Mode.NORMALLY_CLOSED else []),
        _chip(*LOCK[door["unlocked"]], "lock"),
    ]


def _passage(services: Services, row: Row, passages: Passages, zone: ZoneInfo) -> list[Html]:
    """When somebody passed last, and who: the masked name, where the hall knows one."""
    pseudonym = (row.payload or {}).get("person")
    known = passages.persons.get(str(pseudonym))
    stranger = both("未登记的卡", "not enrolled") if pseudonym else both("无卡", "no card")
    who = [tag("b", known.name or ""), " ", known.department or ""] if known else [stranger]
    at = tag("time", moment(services.doors.happened_at(row), zone))
    return [tag("p", both("最近通过", "last passage"), " ", at), tag("p", *who, class_="passage")]


def _chip(chinese: str, english: str, kind: str) -> Html:
    return tag("span", both(chinese, english), class_=f"chip {kind}")
