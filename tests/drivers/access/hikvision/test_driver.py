"""The driver against the simulated terminal, with a real journal: the log is the truth, the stream a hint."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from authority import Authority
from hall_contract.case import Ask
from hall_contract.cases.hikvision import Hikvision
from hall_contract.hall import BOX, ID, Hall, hurry, open_hall
from hall_contract.scripted import for_ever

from drivers.access.hikvision import codec, driver
from gateway.core.errors import JournalError
from gateway.core.model import Quality, Stage
from gateway.hub import Held, Status
from gateway.journal.journal import Journal
from gateway.journal.rows import Row
from simulators.access.hikvision.server import HikvisionTwin


class Case(Hikvision):
    """A terminal whose keys a test may change."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"poll_s": 60, "clock_s": 60, "heartbeat_s": 30, "timeout_s": 2}
        self.scheme = "http"

    def address(self, host: str, port: int) -> str:
        return f"{self.scheme}://{host}:{port}"

    def section(self, address: str, *, often_s: float) -> dict[str, Any]:
        return {**super().section(address, often_s=often_s), **self.keys}


@pytest.fixture
def case() -> Case:
    return Case()


@pytest.fixture
async def hall(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hall]:
    hurry(monkeypatch)
    async with open_hall(case, tmp_path) as opened:
        yield opened
        opened.no_bug()


async def rows(hall: Hall, *types: str) -> list[Row]:
    """What was recorded of the terminal itself; that its log was begun only where asked for."""
    found = await hall.house.journal.read(limit=1000)
    silent = ("device.o", "log.epoch")
    return [row for row in found if (row.type in types if types else not row.type.startswith(silent))]


async def numbers(hall: Hall) -> list[tuple[int, int]]:
    """Epoch and number of each row of the log that was recorded."""
    return [
        (row.payload["epoch"], row.payload["index"])
        for row in await rows(hall)
        if row.payload and "index" in row.payload
    ]


async def until(true: Callable[[], Any], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not await true():  # noqa: ASYNC110 - a journal has no event to wait for
            await asyncio.sleep(0.01)


async def recorded(hall: Hall, count: int) -> None:
    async def enough() -> bool:
        return len(await numbers(hall)) >= count

    await until(enough)


async def back(hall: Hall, case: Case) -> Mapping[str, Held]:
    """The points of the door `back`, which is looked at often, and known to be closed."""
    case.keys["poll_s"] = 0.1
    await hall.online()
    points = hall.life.view.points["back"]
    await hall.until(lambda: points["open"].now.value is False)
    return points


async def test_a_swipe_is_recorded_at_once_with_nobody_in_it(hall: Hall) -> None:
    await hall.online()
    hall.pull("swipe", employee="17", door=2)
    await recorded(hall, 1)
    (row,) = await rows(hall)
    assert (row.type, row.part) == ("access.granted", "back")
    assert row.payload is not None
    assert (row.payload["reason"], row.payload["code"], row.payload["direction"]) == ("card", "5/1", None)
    assert not {"9896534", "17", "张三", "36.4"} & {str(value) for value in row.payload.values()}
    assert hall.life.view.identity.model == "DS-K1T671M (simulated)"


async def test_a_door_that_the_terminal_does_not_have_is_no_part_once_it_has_told_its_doors(
    hall: Hall, case: Case
) -> None:
    case.keys["poll_s"] = 0.1
    await hall.plug()
    assert isinstance(hall.box, HikvisionTwin)
    del hall.box.box.doors[2]
    hall.start()
    await hall.until(lambda: [*hall.life.view.parts] == ["front"])
    await hall.until(lambda: hall.life.view.points["front"]["open"].now.value is False)


async def test_what_the_stream_does_not_say_is_found_by_looking(hall: Hall, case: Case) -> None:
    case.keys["poll_s"] = 0.1
    await hall.online()
    hall.pull("quiet")
    hall.pull("swipe")
    await recorded(hall, 1)


async def test_a_replay_is_recorded_once(hall: Hall) -> None:
    await hall.online()
    hall.pull("fill", count=5)
    hall.pull("replay", count=5)
    await recorded(hall, 5)
    hall.pull("replay", count=5)
    hall.pull("swipe")
    await recorded(hall, 6)
    assert await numbers(hall) == [(1, n) for n in range(1, 7)]


async def test_of_the_first_events_already_it_is_told_how_far_the_clock_is_off(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what happened long ago would be judged as if it happened now."""

    async def poll(_driver: object, _group: str) -> None:  # comes when the log has been read
        await for_ever()

    monkeypatch.setattr("drivers.access.hikvision.driver.Hikvision.poll", poll)
    await hall.plug()
    hall.pull("fill", count=5)
    hall.start()
    await recorded(hall, 5)
    told = [row for row in await hall.house.journal.read() if row.device_at is not None]
    assert [row.clock_offset_s is None for row in told] == [False] * 5


@pytest.mark.parametrize(
    "firmware", [{"xml": True}, {"no_front": True}, {"single_use_nonce": True}, {"no_capabilities": True}]
)
async def test_every_firmware_is_read(hall: Hall, firmware: dict[str, bool]) -> None:
    await hall.plug()
    hall.pull("firmware", **firmware)
    hall.start()
    await hall.settled()
    hall.pull("swipe")
    await recorded(hall, 1)
    assert await rows(hall, "log.gap") == []


async def test_a_long_log_is_read_page_by_page_and_nothing_twice(hall: Hall) -> None:
    await hall.plug()
    hall.pull("limit", rows=7)
    hall.pull("fill", count=200)
    hall.start()
    await recorded(hall, 200)
    assert await numbers(hall) == [(1, n) for n in range(1, 201)]
    assert hall.box.seen()["searches"] >= 29


async def test_what_was_overwritten_while_we_were_away_is_one_gap(hall: Hall) -> None:
    await hall.online()
    hall.pull("swipe")
    await recorded(hall, 1)
    await hall.stop()
    del hall.house.hub.devices[ID]
    hall.pull("fill", count=10_006)
    hall.start()
    await recorded(hall, 100)
    gaps = await rows(hall, "log.gap")
    assert [row.payload for row in gaps] == [{"from": 2, "to": 7, "epoch": 1}]
    assert (await numbers(hall))[:2] == [(1, 1), (1, 8)]


@pytest.mark.parametrize("more", [2, 9])
async def test_a_log_that_was_reset_is_a_new_one_also_with_more_rows_than_before(hall: Hall, more: int) -> None:
    await hall.plug()
    hall.pull("fill", count=5)
    hall.start()
    await recorded(hall, 5)
    await hall.stop()
    del hall.house.hub.devices[ID]
    hall.pull("factory_reset")
    hall.pull("skew", seconds=60)  # a terminal has whole seconds: its rows must differ
    hall.pull("fill", count=more - 1)
    hall.start()
    await recorded(hall, 5 + more)
    assert await numbers(hall) == [*((1, n) for n in range(1, 6)), *((2, n) for n in range(1, more + 1))]
    assert [(row.payload["epoch"], row.payload["left"]) for row in await rows(hall, "log.epoch") if row.payload] == [
        (1, 0),
        (2, 5),
    ]
    assert await rows(hall, "log.gap") == []


async def test_who_dies_anywhere_goes_on_where_the_log_was(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    box = None
    for more in (1, 3, 9):
        async with open_hall(case, tmp_path) as hall:
            hall.twin = box
            await hall.plug()
            box = hall.box
            hall.pull("limit", rows=4)
            hall.pull("fill", count=15)
            hall.start()
            await hall.house.journal.beyond(hall.house.journal.head.seq + more - 1)
            await hall.stop()
    async with open_hall(case, tmp_path) as hall:
        hall.twin = box
        await hall.plug()
        hall.start()
        await recorded(hall, 45)
        assert await numbers(hall) == [(1, n) for n in range(1, 46)]


async def test_a_batch_and_its_place_are_one_transaction(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[tuple[int, str]] = []
    record = Journal.record

    async def watched(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        if events and more.get("cursor"):
            batches.append((len(events), more["cursor"].value.rpartition("/")[0]))
        return await record(self, device, events, **more)

    monkeypatch.setattr(Journal, "record", watched)
    await hall.plug()
    hall.pull("limit", rows=1000)
    hall.pull("fill", count=100)
    hall.start()
    await recorded(hall, 100)
    assert batches == [(1, "1/0"), (64, "1/64"), (36, "1/100")]


@pytest.mark.parametrize(
    ("start", "left", "where"),
    [
        ("oldest", 0, "oldest"),
        ("newest", 3, "newest"),
        ("2026-01-01T00:00:00", 0, "since 2026-01-01T00:00:00"),
        ("2037-01-01T00:00:00", 3, "since 2037-01-01T00:00:00"),
    ],
)
async def test_the_first_time_begins_where_the_site_says_and_says_where_that_was(
    hall: Hall, case: Case, start: str, left: int, where: str
) -> None:
    case.keys["start"] = start
    await hall.plug()
    hall.pull("fill", count=3)
    hall.start()
    await hall.settled()
    hall.pull("swipe")
    await recorded(hall, 4 - left)
    assert await numbers(hall) == [(1, n) for n in range(left + 1, 5)]
    (begun,) = await rows(hall, "log.epoch")
    assert begun.payload == {"epoch": 1, "why": f"it is read for the first time, from {where}", "left": left}
    assert await rows(hall, "log.gap") == []


async def test_a_log_whose_first_rows_are_gone_is_begun_and_that_is_told(hall: Hall) -> None:
    await hall.plug()
    hall.pull("fill", count=10_007)
    hall.start()
    await recorded(hall, 10)
    (begun,) = await rows(hall, "log.epoch")
    assert begun.payload is not None
    assert begun.payload["left"] == 7
    assert await rows(hall, "log.gap") == []
    assert (await numbers(hall))[0] == (1, 8)


async def test_a_wrong_password_is_tried_once_and_the_account_stays_open(
    hall: Hall, case: Case, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("12345")
    await hall.plug()
    case.keys["password"] = {"file": str(wrong)}
    hall.start()
    await hall.until(lambda: hall.is_(Status.OFFLINE))
    await asyncio.sleep(0.3)
    assert hall.box.seen()["account"] == {"locked": False, "wrong": 1}
    assert hall.life.view.why is not None
    assert "refuses the password of gateway" in hall.life.view.why
    assert "12345" not in hall.life.view.why


async def test_a_password_that_changes_locks_nothing(hall: Hall, case: Case) -> None:
    case.keys |= {"poll_s": 0.05, "clock_s": 0.05}
    await hall.online()
    assert isinstance(hall.box, HikvisionTwin)
    hall.box.account._password = lambda: "another"  # somebody changed it there
    await hall.until(lambda: hall.is_(Status.OFFLINE))
    await asyncio.sleep(0.3)
    assert not hall.box.seen()["account"]["locked"]


async def test_a_stream_without_a_heartbeat_is_dropped(hall: Hall, case: Case) -> None:
    case.keys["heartbeat_s"] = 0.3
    await hall.online()
    hall.pull("quiet")
    await hall.until(lambda: hall.is_(Status.OFFLINE))
    assert hall.life.view.why == "its stream is silent, without a heartbeat"
    hall.pull("quiet", on=False)
    await hall.settled()


async def test_doors_are_read_after_what_happened_at_them(hall: Hall, case: Case) -> None:
    points = await back(hall, case)
    hall.pull("force", door=2)
    await hall.until(lambda: points["open"].now.value is True)
    assert [row.payload["reason"] for row in await rows(hall, "door.device_alarm") if row.payload] == ["forced"]
    assert (points["unlocked"].now.value, points["mode"].now.value) == (False, "controlled")


async def test_how_a_door_stood_before_the_log_was_read_is_told_as_of_then(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a door that is closed meanwhile is told to be open after the row that says so."""
    locks = codec.locks

    def closed_meanwhile(data: bytes, doors: Sequence[int]) -> Any:
        hall.pull("close", door=2)
        return locks(data, doors)

    await hall.plug()
    hall.pull("force", door=2)
    monkeypatch.setattr(codec, "locks", closed_meanwhile)
    hall.start()
    await hall.settled()
    points = hall.life.view.points["back"]
    await hall.until(lambda: points["open"].now.value is True)
    (closed,) = await rows(hall, "door.closed")
    told = [points[name].now.at for name in ("open", "unlocked", "mode")]
    assert [at is not None and at < closed.at for at in told] == [True] * 3


async def test_of_doors_nothing_is_known_while_what_happened_at_them_cannot_be_recorded(
    hall: Hall, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = await back(hall, case)

    async def full(*_: Any, **__: Any) -> None:
        raise JournalError("the disk is full")

    with monkeypatch.context() as context:
        context.setattr(hall.life.context, "record", full)
        hall.pull("force", door=2)
        await hall.until(lambda: points["open"].now.quality is Quality.BAD)
        assert (points["open"].now.value, points["unlocked"].now.value) == (None, None)
        assert hall.is_(Status.ONLINE)
    await hall.until(lambda: points["open"].now.value is True)


async def test_of_doors_nothing_is_known_while_a_long_log_is_read(
    hall: Hall, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = await back(hall, case)
    record, full = hall.life.context.record, asyncio.Event()

    async def slow(*events: Any, **more: Any) -> None:
        await full.wait()
        await record(*events, **more)

    monkeypatch.setattr(driver, "LATE_S", 0.2)
    monkeypatch.setattr(hall.life.context, "record", slow)
    hall.pull("force", door=2)
    await hall.until(lambda: points["open"].now.quality is Quality.BAD)
    full.set()
    await hall.until(lambda: points["open"].now.value is True)


@pytest.mark.parametrize(("mode", "state"), [("normally_open", 2), ("normally_closed", 3), ("controlled", 4)])
async def test_a_mode_is_set_and_read_back(hall: Hall, case: Case, mode: str, state: int) -> None:
    case.keys["poll_s"] = 0.1
    await hall.online()
    assert (await hall.ask(Ask("set_mode", "front", {"mode": mode}))).status is Stage.CONFIRMED
    assert hall.box.seen()["doors"]["front"]["mode"] == state
    await hall.until(lambda: hall.life.view.points["front"]["mode"].now.value == mode)


async def test_a_clock_is_measured_and_set(hall: Hall) -> None:
    await hall.plug()
    hall.pull("skew", seconds=90)
    hall.start()
    await hall.settled()
    offset = hall.life.view.points[None]["clock_offset_s"]
    assert isinstance(offset.now.value, float)
    assert 88 <= offset.now.value <= 91
    assert (await hall.ask(Ask("set_clock", None, {}))).status is Stage.CONFIRMED
    (row,) = await rows(hall, "clock.corrected")
    assert row.payload is not None
    assert 88 <= row.payload["offset_s"] <= 91
    assert (row.retention, row.clock_offset_s) == ("audit", row.payload["offset_s"])
    assert datetime.fromisoformat(row.payload["to"]).tzinfo is None
    assert abs(hall.box.seen()["clock_offset_s"]) < 2


async def test_a_clock_is_not_set_without_a_record(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.plug()
    hall.pull("skew", seconds=90)
    hall.start()
    await hall.settled()

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(hall.life.context, "record", full)
        refused = await hall.ask(Ask("set_clock", None, {}))
    assert (refused.status, refused.detail) == (Stage.REJECTED, {"reason": "the disk is full"})
    assert hall.box.seen()["clock_offset_s"] > 80


async def test_what_a_wrong_clock_logged_is_recorded_with_how_wrong_it_was_and_only_then_it_is_set(
    hall: Hall,
) -> None:
    await hall.plug()
    hall.pull("skew", seconds=90)
    hall.pull("fill", count=3)
    hall.start()
    await hall.settled()
    hall.pull("quiet")
    hall.pull("fill", count=40)  # nothing tells of them
    assert (await hall.ask(Ask("set_clock", None, {}))).status is Stage.CONFIRMED
    await recorded(hall, 43)
    offsets = [row.clock_offset_s for row in await rows(hall) if row.payload and "index" in row.payload]
    assert all(offset is not None and 88 <= offset <= 91 for offset in offsets)


async def test_our_own_clock_is_not_passed_on_while_it_is_wrong(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.online()
    monkeypatch.setattr(driver, "WRITTEN", datetime(2999, 1, 1, tzinfo=UTC))
    refused = await hall.ask(Ask("set_clock", None, {}))
    assert refused.status is Stage.REJECTED
    assert refused.detail == {"reason": "the gateway's own clock is before 2999: set that first"}
    assert await rows(hall, "clock.corrected") == []


async def test_a_door_whose_answer_is_lost_is_not_opened_twice(hall: Hall) -> None:
    await hall.online()
    hall.pull("slow", seconds=1.0)
    asking = asyncio.create_task(hall.ask(Ask("open", "front", {})))
    await hall.until(lambda: hall.box.seen()["doors"]["front"]["opened"] == 1)
    await hall.unplug()
    assert (await asking).status is Stage.OFFLINE
    hall.pull("heal")
    await hall.plug()
    await hall.settled()
    assert hall.box.seen()["doors"]["front"]["opened"] == 1


@pytest.mark.parametrize(
    ("trusted", "name"), [(True, f"IP:{BOX}"), (False, f"IP:{BOX}"), (True, "DNS:elsewhere.example")]
)
async def test_by_https_it_must_prove_its_name(
    hall: Hall, case: Case, tmp_path: Path, trusted: bool, name: str
) -> None:
    authority, other = Authority(tmp_path / "ca"), Authority(tmp_path / "other", "another")
    issued = authority.issue("terminal", name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(issued.certificate, issued.key)
    await hall.plug()
    assert isinstance(hall.box, HikvisionTwin)
    async with await asyncio.get_running_loop().create_server(hall.box.connection, BOX, 0, ssl=server) as tls:
        case.scheme, hall._port = "https", tls.sockets[0].getsockname()[1]
        case.keys["ca"] = str(authority.ca if trusted else other.ca)
        hall.start()
        good = trusted and name.startswith("IP")
        await hall.until(lambda: hall.is_(Status.ONLINE if good else Status.OFFLINE))
        if not good:
            assert "certificate" in (hall.life.view.why or "").lower()
            assert hall.box.seen()["requests"] == 0
        await hall.stop()
        hall.box.hang_up()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("limit", [1, 2, 10])
async def test_what_is_overwritten_while_a_log_is_read_takes_nothing_else_with_it(hall: Hall, limit: int) -> None:
    await hall.plug()
    assert isinstance(hall.box, HikvisionTwin)
    box = hall.box.box
    box.log = deque(maxlen=40)
    find = box.find

    def busy(cond: dict[str, Any]) -> dict[str, Any]:
        found = find(cond)
        if box.newest < 44 and found["AcsEvent"]["InfoList"][0]["serialNo"] > 10:
            hall.pull("fill", count=1)  # over a row that was read
        return found

    box.find = busy  # type: ignore[method-assign]  # a terminal at which somebody passes while it answers
    hall.pull("fill", count=40)
    hall.pull("limit", rows=limit)
    hall.start()
    await hall.until(lambda: box.newest == 44)
    hall.pull("swipe")

    async def all_read() -> bool:
        return (1, 45) in await numbers(hall)

    await until(all_read)
    assert await numbers(hall) == [(1, n) for n in range(1, 46)]
    assert await rows(hall, "log.gap") == []
