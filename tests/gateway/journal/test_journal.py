"""The journal as its callers see it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from stores import Database

from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event, Retention
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired, Head, Recorded

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


def event(source_key: str, **changes: object) -> Event:
    return msgspec.structs.replace(Event(type="door.opened", source_key=source_key, payload={"door": 1}), **changes)


def desired(*, rev: int, part: str | None = None, expires_at: datetime | None = None) -> Desired:
    return Desired("led-03", part, "show", {"text": "A017"}, rev, expires_at, "queue", "c1")


async def test_gives_back_what_was_recorded(opened: Opened) -> None:
    given = Event(
        type="access.granted",
        source_key="ctrl-1/0/7",
        payload={"card": "王\u0000\u2028", "n": [1, None, 2.5]},
        retention=Retention.ACCESS,
        part="door-1",
        at=datetime(2025, 3, 1, 20, 0, 0, 1, tzinfo=timezone(timedelta(hours=8))),
        device_at="2025-03-01 20:00:00",
        clock_offset_s=-1.23456,
        volatile=True,
    )
    async with opened() as journal:
        assert await journal.record("ctrl-1", [given]) == [Recorded(1, new=True)]
        [row] = await journal.read()
    assert (row.seq, row.device, row.part, row.type) == (1, "ctrl-1", "door-1", "access.granted")
    assert (row.at, row.device_at, row.clock_offset_s) == (given.at, given.device_at, -1.235)
    assert (row.retention, row.volatile, row.source_key) == (Retention.ACCESS, True, "ctrl-1/0/7")
    assert row.payload == given.payload


async def test_an_event_without_time_happened_now(opened: Opened) -> None:
    async with opened(clock=Noon()) as journal:
        await journal.record(None, [event("a")])
        [row] = await journal.read()
        assert row.at == NOON
        assert row.device is None
        assert journal.head == Head(1, row.hash)


async def test_events_cursor_and_desired_state_commit_together(opened: Opened, database: Database) -> None:
    async with opened() as journal:
        await journal.record("led-03", [event("a")], cursor=Cursor("led-03/log", "1"), desired=[desired(rev=1)])
        database.refuse("UPDATE", "desired", "spoilt")
        with pytest.raises(JournalError, match="the journal refused the record: spoilt"):
            await journal.record("led-03", [event("b")], cursor=Cursor("led-03/log", "2"), desired=[desired(rev=2)])
        assert [row.source_key for row in await journal.read()] == ["a"]
        assert await journal.cursor("led-03/log") == "1"
        assert [item.rev for item in await journal.desired()] == [1]


async def test_desired_state_keeps_the_newest_of_each_verb_and_part(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record("led-03", [], desired=[desired(rev=1), desired(rev=2, part="left", expires_at=NOON)])
        await journal.record("led-03", [], desired=[desired(rev=3)])
        assert await journal.desired() == [desired(rev=3), desired(rev=2, part="left", expires_at=NOON)]


async def test_a_repeat_still_moves_the_cursor(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record("ctrl-1", [event("a")], cursor=Cursor("ctrl-1/log", "1"))
        await journal.record("ctrl-1", [event("a")], cursor=Cursor("ctrl-1/log", "2"))
        assert await journal.cursor("ctrl-1/log") == "2"
        assert journal.head.seq == 1


async def test_a_cursor_moves_and_outlives_the_process(opened: Opened) -> None:
    async with opened() as journal:
        assert await journal.cursor("mqtt") is None
        await journal.move("mqtt", "1")
        await journal.move("mqtt", "2")
    async with opened() as journal:
        assert await journal.cursor("mqtt") == "2"


async def test_the_numbers_go_on_after_a_restart(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a"), event("b")])
        head = journal.head
    async with opened() as journal:
        assert journal.head == head
        assert await journal.record(None, [event("b"), event("c")]) == [Recorded(2, new=False), Recorded(3, new=True)]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (event("a", payload={"x": object()}), "takes only JSON"),
        (event("a", payload={"x": "\ud800"}), "takes only JSON"),
        (event("a", payload=[1]), "takes only JSON objects"),
        (event("a", part=7), r"refused the record: Expected `str \| null`, got `int` - at `\$.part`"),
        (event("a", volatile=2), "refused the record: Expected `bool`, got `int`"),
        (event("a", at=datetime(2025, 3, 1)), "takes no time without a zone"),  # noqa: DTZ001 - that is the mistake
        (event("a", clock_offset_s=float("nan")), "takes no clock offset"),
        (event("a\ud800"), "refused the record"),
        (event("a", type="\ud800"), "refused the record"),
        (event("a\0"), "refused the record: text must be without NUL"),
        (event("a", part="\0"), "refused the record: text must be without NUL"),
    ],
)
async def test_what_cannot_be_stored_is_refused_in_one_sentence(opened: Opened, bad: Event, why: str) -> None:
    async with opened() as journal:
        with pytest.raises(JournalError, match=why) as refused:
            await journal.record(None, [event("good"), bad], cursor=Cursor("log", "1"))
        assert "\n" not in str(refused.value)
        assert journal.head.seq == 0
        assert await journal.cursor("log") is None


async def test_an_offset_of_minus_nothing_is_hashed_as_it_is_stored(
    opened: Opened, database: Database, key: bytes, independent: Callable[[Database, bytes], int]
) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a", clock_offset_s=-0.0), event("b", clock_offset_s=-0.0001)])
    assert independent(database, key) == 2


async def test_desired_state_too_big_for_the_store_is_refused(opened: Opened) -> None:
    async with opened() as journal:
        with pytest.raises(JournalError, match="refused the record"):
            await journal.record(None, [event("a")], desired=[desired(rev=2**63)])
        assert await journal.read() == []
