"""The alarms on top of the status page: what is wrong, since when, what to do first, and what follows from it."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gateway.alarms.lifecycle import ANNOUNCED, State
from gateway.core.rights import Right
from gateway.web.alarms import visible
from gateway.web.markup import Html, both, moment, tag
from gateway.web.services import Services

PRIORITY = {"critical": "紧急", "high": "重要", "medium": "一般", "low": "提示"}
UNSEEN = (State.ACTIVE, State.RETURNED)
STATE = {State.ACTIVE: "未确认", State.ACKNOWLEDGED: "已确认", State.RETURNED: "已恢复，未确认"}
MOST = 50  # rows: in a flood the most urgent ones; the API has all


def alarms(services: Services, zone: ZoneInfo) -> Html:
    """The announced alarms, the most urgent first; one quiet line when there is none."""
    every = visible(services)
    shown = [alarm for alarm in every if alarm["state"] in ANNOUNCED]
    rows = [_alarm(services, alarm, zone) for alarm in shown[:MOST]]
    shelved = sum(alarm["state"] == State.SHELVED for alarm in every)
    notes = [
        *([_note(f"另有 {shelved} 条已搁置", f"{shelved} shelved")] if shelved else []),
        *([_note(f"另有 {len(shown) - MOST} 条", f"{len(shown) - MOST} more")] if len(shown) > MOST else []),
        *([_note("报警过多，先处理最上面的", "a flood: begin at the top")] if services.alarms.flood() else []),
    ]
    if not rows:
        notes.insert(0, _note("没有报警", "no alarms"))
    return tag("div", *rows, *notes, class_="alarms", data_live="alarms")


def _alarm(services: Services, alarm: Mapping[str, Any], zone: ZoneInfo) -> Html:
    life = services.lives.get(alarm["device"] or "")
    name = (life.view.name if life else None) or ""
    followers = len(alarm["followers"])
    head = (
        tag("span", both(PRIORITY[alarm["priority"]], alarm["priority"]), class_=f"chip {alarm['priority']}"),
        tag("b", both(alarm["title"]["zh"], alarm["title"]["en"])),
        tag("code", "/".join(piece for piece in (alarm["device"] or alarm["subject"], alarm["part"]) if piece)),
        tag("span", name),
        tag("time", moment(alarm["since"], zone)),
        tag("span", both(STATE[State(alarm["state"])], alarm["state"]), class_=f"chip {alarm['state']}"),
        *([tag("span", both(f"另有 {followers} 条由此引起", f"{followers} suppressed"))] if followers else []),
        *([tag("span", f"×{alarm['count']}")] if alarm["count"] > 1 else []),
        *([_button(alarm)] if alarm["state"] in UNSEEN and _may_acknowledge(services) else []),
    )
    why = "; ".join(f"{key}: {value}" for key, value in alarm["detail"].items() if value not in (None, ""))
    words = tag("p", alarm["guidance"]["zh"], " ", tag("small", alarm["guidance"]["en"]))
    return tag("article", tag("header", *head), words, tag("p", tag("code", why)), class_=f"alarm {alarm['priority']}")


def _may_acknowledge(services: Services) -> bool:
    return services.who is not None and services.who.may(Right.ALARM)


def _button(alarm: Mapping[str, Any]) -> Html:
    which = {"data_alarm": alarm["id"], "data_occurrence": str(alarm["occurrence"])}
    return tag("button", both("确认", "acknowledge"), type="button", **which)


def _note(chinese: str, english: str) -> Html:
    return tag("p", both(chinese, english), class_="note")
