"""A device written here from the document, byte by byte, against the driver with a real journal and field listener."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hall_contract.case import Ask
from hall_contract.cases.zkteco_push import ZktecoPush
from hall_contract.hall import ID, Hall, hurry, open_hall

from drivers.access.zkteco_push import verbs
from drivers.access.zkteco_push.config import ZktecoPushConfig
from gateway.core.errors import JournalError
from gateway.core.model import Quality, Stage
from gateway.hub import Status
from gateway.journal.journal import Journal
from gateway.journal.rows import Row
from gateway.wire.inlet import Kind

SN = "CGXH201360029"
GRANTED = (
    "time=2026-11-23 09:00:0{n}\tpin=1001\tcardno=9896534\teventaddr=1\tevent=0\tinoutstatus=1\tverifytype=4\tindex={n}"
)


class Case(ZktecoPush):
    """A device that is not missed so soon."""

    keys: dict[str, Any] = {}  # noqa: RUF012 - each test has its own

    def section(self, address: str, *, often_s: float) -> dict[str, Any]:
        return {**super().section(address, often_s=often_s), "poll_s": 2, "silent_after_s": 30, **self.keys}


class Device:
    """The client side of the document on a raw socket: a connection for each request."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie = port, ""

    async def say(self, method: str, target: str, body: bytes = b"", sn: str = SN) -> tuple[int, bytes]:
        path, _, more = target.partition("&")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(
            f"{method} /iclock/{path}?SN={sn}{'&' if more else ''}{more} HTTP/1.1\r\n".encode()
            + (f"Cookie: token={self.cookie}\r\n" if self.cookie else "").encode()
            + b"Host: 192.168.213.17:8088\r\nUser-Agent: iClock Proxy/1.09\r\nConnection: close\r\n"
            + b"Accept: application/push\r\nContent-Type: application/push;charset=UTF-8\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        try:
            head, _, answer = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        return int(head.split()[1]), answer

    async def log(self, *lines: str) -> tuple[int, bytes]:
        return await self.say("POST", "cdata&table=rtlog", "\r\n".join(lines).encode())

    async def online(self, hall: Hall) -> None:
        """Come for commands: that is enough to be there."""
        assert await self.say("GET", "getrequest") == (200, b"OK")
        await hall.until(lambda: hall.is_(Status.ONLINE))


@pytest.fixture
def case() -> Case:
    return Case()


@asynccontextmanager
async def awaited(case: Case, folder: Path) -> AsyncGenerator[tuple[Hall, Device]]:
    """A gateway that runs and waits for the device, with its store in `folder`."""
    async with open_hall(case, folder) as opened:
        opened.start()
        await opened.until(lambda: opened.house.inlets.find(Kind.ICLOCK, SN) is not None)
        yield opened, Device(opened._field_port)
        opened.no_bug()


@pytest.fixture
async def hall(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hall]:
    hurry(monkeypatch)
    async with awaited(case, tmp_path) as (opened, _):
        yield opened


@pytest.fixture
async def device(hall: Hall) -> Device:
    device = Device(hall._field_port)
    await device.online(hall)
    return device


async def rows(hall: Hall, *types: str) -> list[Row]:
    """What was recorded of the device itself."""
    found = await hall.house.journal.read(limit=1000)
    return [row for row in found if (row.type in types if types else not row.type.startswith("device.o"))]


async def payloads(hall: Hall, *types: str) -> list[dict[str, Any]]:
    return [row.payload or {} for row in await rows(hall, *types)]


async def test_registers_and_gets_its_settings_byte_by_byte(hall: Hall) -> None:
    device = Device(hall._field_port)
    assert await device.say("GET", "cdata&options=all&pushver=3.1.2&DeviceType=acc") == (200, b"OK")
    told = b"DeviceType=acc,~DeviceName=F20/M\x1b[2J,FirmVer=Ver 8.0.1.3-20151229,LockCount=1"
    status, answer = await device.say("POST", "registry", told)
    assert (status, answer[:13], len(answer)) == (200, b"RegistryCode=", 29)
    status, settings = await device.say("POST", "push")
    *lines, session, timeout = settings.split(b"\n")
    assert (status, timeout) == (200, b"TimeoutSec=10")
    assert lines == [
        b"ServerVersion=3.1.2",
        b"ServerName=ADMS",
        b"PushVersion=3.1.2",
        b"ErrorDelay=30",
        b"RequestDelay=2",
        b"TransTimes=00:00\t14:00",
        b"TransInterval=1",
        b"TransTables=Transaction",
        b"Realtime=1",
    ]
    device.cookie = hashlib.md5(answer[13:] + SN.encode() + session.removeprefix(b"SessionID=")).hexdigest()  # noqa: S324 - the document wants it
    assert await device.say("GET", "getrequest") == (200, b"OK")
    await hall.until(lambda: hall.is_(Status.ONLINE))
    identity = hall.life.view.identity
    assert (identity.model, identity.firmware, identity.serial) == ("F20/M[2J", "Ver 8.0.1.3-20151229", SN)
    known = await device.say("GET", "cdata&options=all&pushver=3.1.2&DeviceType=acc")
    assert known[1].startswith(
        b"registry=ok\n" + answer + b"\nServerVersion=3.1.2\nServerName=ADMS\nPushProtVer=3.1.2\n"
    )


async def test_it_has_as_many_doors_as_it_says_when_it_registers(hall: Hall, device: Device) -> None:
    assert [*hall.life.view.parts] == ["front", "back"]
    for locks, parts in ((b"LockCount=1", ["front"]), (b"LockCount=x", ["front", "back"]), (b"LockCount=1", ["front"])):
        await device.say("POST", "registry", b"DeviceType=acc," + locks)
        assert [*hall.life.view.parts] == parts
        await device.say("POST", "push")
        both = b"time=2026-11-23 09:00:00\tsensor=05\trelay=00\talarm=0000000000000000"
        assert (await device.say("POST", "cdata&table=rtstate", both))[0] == 200
        assert [*hall.life.view.parts] == parts
    await hall.stop()
    hall.start()
    await device.online(hall)
    assert [*hall.life.view.parts] == ["front"]


async def test_a_row_is_an_event_with_what_the_device_says_and_nobody_in_it(hall: Hall, device: Device) -> None:
    assert await device.log(GRANTED.format(n=7) + "\tmaskflag=1\ttemperature=36.9\tconvtemperature=36.9") == (
        200,
        b"OK",
    )
    (row,) = await rows(hall)
    assert (row.type, row.part, row.device_at) == ("access.granted", "front", "2026-11-23 09:00:07")
    assert row.payload is not None
    mine = {key: row.payload[key] for key in ("reason", "code", "index", "epoch", "direction")}
    assert mine == {"reason": "verified", "code": 0, "index": 7, "epoch": 1, "direction": "out"}
    assert not {"36.9", "9896534", "1001"} & {str(value) for value in row.payload.values()}
    assert "9896534" not in row.source_key
    assert hall.life.view.points[None]["log_newest"].now.value == 7


async def test_ok_is_said_only_once_the_row_is_on_disk(
    hall: Hall, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, asked, go = Journal.record, asyncio.Event(), asyncio.Event()

    async def wait(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        asked.set()
        await go.wait()
        return await record(self, device, events, **more)

    monkeypatch.setattr(Journal, "record", wait)
    saying = asyncio.create_task(device.log(GRANTED.format(n=1)))
    await asked.wait()
    await asyncio.sleep(0.05)
    assert not saying.done()
    go.set()
    assert await saying == (200, b"OK")
    assert len(await rows(hall)) == 1


async def test_what_cannot_be_recorded_is_not_acknowledged_and_comes_again(
    hall: Hall, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Journal.record

    async def full(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "record", full)
    assert (await device.log(GRANTED.format(n=1)))[0] == 503
    monkeypatch.setattr(Journal, "record", record)
    assert await device.log(GRANTED.format(n=1)) == (200, b"OK")
    assert [row.type for row in await rows(hall)] == ["access.granted"]
    assert hall.is_(Status.ONLINE)


async def test_a_door_is_unknown_while_the_row_that_opened_it_is_not_recorded(
    hall: Hall, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = b"time=2026-11-23 09:00:02\tsensor=06\trelay=00"
    assert await device.say("POST", "cdata&table=rtstate", opened.replace(b"06", b"05")) == (200, b"OK")
    points, record = hall.life.view.points, Journal.record

    async def full(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        raise JournalError("the disk is full")

    told_at = points["front"]["open"].now.at
    monkeypatch.setattr(Journal, "record", full)
    assert (await device.log(GRANTED.format(n=1)))[0] == 503
    await hall.until(lambda: points["front"]["open"].now.quality is Quality.BAD)
    assert told_at != points["front"]["open"].now.at
    assert await device.say("POST", "cdata&table=rtstate", opened) == (200, b"OK")
    assert await device.say("GET", "getrequest") == (200, b"OK")  # so that what was told is published
    assert points["front"]["open"].now.quality is Quality.BAD
    monkeypatch.setattr(Journal, "record", record)
    assert await device.log(GRANTED.format(n=1)) == (200, b"OK")
    await hall.until(lambda: points["front"]["open"].now.quality is Quality.GOOD)
    assert points["front"]["open"].now.value is True


@pytest.mark.parametrize("event", [102, 200])
async def test_a_state_from_before_a_row_of_the_sensor_is_not_told_after_it(
    hall: Hall, device: Device, event: int
) -> None:
    """Told anew with the time of the row, it would close a door that has just been opened."""
    points = hall.life.view.points
    closed = b"time=2026-11-23 09:00:02\tsensor=05\trelay=00"
    assert await device.say("POST", "cdata&table=rtstate", closed) == (200, b"OK")
    assert await device.say("GET", "getrequest") == (200, b"OK")  # so that what was told is published
    told_at = points["front"]["open"].now.at
    row = GRANTED.format(n=1).replace("event=0", f"event={event}")
    assert await device.log(row) == (200, b"OK")
    assert await device.say("GET", "getrequest") == (200, b"OK")
    await hall.until(lambda: hall.life.view.points[None]["log_newest"].now.value == 1)
    assert (points["front"]["open"].now.value, points["front"]["open"].now.at) == (False, told_at)
    opened = closed.replace(b"05", b"06")
    assert await device.say("POST", "cdata&table=rtstate", opened) == (200, b"OK")
    await hall.until(lambda: points["front"]["open"].now.value is True)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "cdata&options=all&DeviceType=acc", b""),
        ("POST", "cdata&table=rtstate", b"time=2026-11-23 09:00:02\tsensor=zz"),
    ],
    ids=["it has started anew", "it cannot be read"],
)
async def test_a_door_is_told_as_of_when_the_device_told_it_and_unknown_once_that_is_over(
    hall: Hall, device: Device, method: str, target: str, body: bytes
) -> None:
    state = b"time=2026-11-23 09:00:02\tsensor=05"
    assert await device.say("POST", "cdata&table=rtstate", state) == (200, b"OK")
    points = hall.life.view.points
    await hall.until(lambda: points["front"]["open"].now.value is False)
    told = points["front"]["open"].now
    assert await device.log(GRANTED.format(n=1)) == (200, b"OK")
    await hall.until(lambda: points[None]["log_newest"].now.value == 1)
    assert points["front"]["open"].now == told
    assert (await device.say(method, target, body))[0] == 200
    await hall.until(lambda: [points[door]["open"].now.value for door in ("front", "back")] == [None, None])


async def test_who_dies_between_the_disk_and_the_ok_records_the_row_once(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    record = Journal.record

    async def commit_and_hang(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        await record(self, device, events, **more)
        committed.set()
        await asyncio.Event().wait()

    async with awaited(case, tmp_path) as (hall, device):
        await device.online(hall)
        committed = asyncio.Event()
        monkeypatch.setattr(Journal, "record", commit_and_hang)
        saying = asyncio.create_task(device.log(GRANTED.format(n=1), GRANTED.format(n=2)))
        await committed.wait()
        await hall.stop()
        assert (await saying)[1] != b"OK"
        monkeypatch.setattr(Journal, "record", record)
    async with awaited(case, tmp_path) as (hall, device):
        await device.online(hall)
        assert await device.log(*(GRANTED.format(n=n) for n in (1, 2, 3))) == (200, b"OK")
        assert [payload["index"] for payload in await payloads(hall)] == [1, 2, 3]


async def test_a_gap_is_recorded_once_with_its_bounds(hall: Hall, device: Device) -> None:
    for n in (1, 5, 5, 6):
        assert (await device.log(GRANTED.format(n=n)))[0] == 200
    assert [row.type for row in await rows(hall)] == ["access.granted", "log.gap", "access.granted", "access.granted"]
    assert await payloads(hall, "log.gap") == [{"from": 2, "to": 4, "epoch": 1}]


async def test_a_log_that_begins_anew_is_an_epoch_and_loses_nothing(hall: Hall, device: Device) -> None:
    await device.log(*(GRANTED.format(n=n) for n in (4, 5)))
    later = GRANTED.replace("09:00", "10:00")
    await device.log(*(later.format(n=n) for n in (1, 2)))
    await device.log(GRANTED.format(n=5))  # once more, from before
    assert [(payload["index"], payload["epoch"]) for payload in await payloads(hall, "access.granted")] == [
        (4, 1),
        (5, 1),
        (1, 2),
        (2, 2),
    ]
    (epoch,) = await payloads(hall, "log.epoch")
    assert epoch == {"epoch": 2, "why": "number 1 came after 5"}
    assert await rows(hall, "log.gap") == []


async def test_a_row_that_cannot_be_read_is_recorded_without_its_text_and_stops_nobody(
    hall: Hall, device: Device
) -> None:
    assert await device.log("event=x\tpin=1001", GRANTED.format(n=1), "\x00\x01") == (200, b"OK")
    assert [row.type for row in await rows(hall)] == ["access.granted", "log.other"]
    assert await payloads(hall, "log.other") == [{"reason": "rows that cannot be read", "code": None, "count": 2}]


async def test_nonsense_is_one_event_for_each_post_and_recorded_once(hall: Hall, device: Device) -> None:
    nonsense = [f"{number:x}" for number in range(9_999)]
    for _ in range(2):
        assert await device.log(*nonsense, GRANTED.format(n=1)) == (200, b"OK")
    assert [row.type for row in await rows(hall)] == ["access.granted", "log.other"]
    assert (await payloads(hall, "log.other"))[0]["count"] == 9_999


async def test_a_post_of_more_rows_than_any_device_sends_is_refused(hall: Hall, device: Device) -> None:
    assert (await device.log(*(f"{number:x}" for number in range(10_001))))[0] == 413
    assert await rows(hall) == []
    await hall.until(lambda: hall.life.view.points[None]["refused"].now.value == 1)


async def test_the_store_has_nothing_by_which_cards_could_be_tried(hall: Hall, device: Device) -> None:
    """A hash of a card could be tried with all cards; one whose key stands in the store, too."""
    row = GRANTED.format(n=1).replace("\tindex=1", "")
    await device.log(row, row.replace("9896534", "17"))
    first, second = [row.source_key for row in await rows(hall)]
    mark = hall.house.pseudonyms.mark
    assert (first, second) == (f"{ID}/rtlog/{mark(row)}", f"{ID}/rtlog/{mark(row.replace('9896534', '17'))}")
    assert set(json.loads(await hall.house.journal.cursor(f"device/{ID}/session") or "")) == {
        "code",
        "id",
        "registered",
        "model",
        "firmware",
        "locks",
    }


async def test_a_refusal_for_a_body_temperature_does_not_say_so(hall: Hall, device: Device) -> None:
    await device.log(GRANTED.format(n=1).replace("event=0", "event=68"))
    (denied,) = await payloads(hall, "access.denied")
    assert (denied["reason"], denied["code"]) == ("refused", None)


async def test_sensors_are_points_and_the_clock_is_measured(hall: Hall, device: Device) -> None:
    assert await device.say("POST", "cdata&table=rtstate", b"time=2000-01-01 00:00:00\tsensor=06\trelay=00") == (
        200,
        b"OK",
    )
    points = hall.life.view.points
    assert (points["front"]["open"].now.value, points["back"]["open"].now.value) == (True, False)
    assert points["front"]["unlocked"].now.quality is Quality.BAD
    offset = points[None]["clock_offset_s"].now.value
    assert isinstance(offset, float)
    assert offset < -26 * 365 * 86400
    await device.say("POST", "cdata&table=rtstate", b"time=2000-01-01 00:00:00\tsensor=00")
    assert points["front"]["open"].now.quality is Quality.BAD


async def test_rows_that_have_waited_for_the_gateway_are_recorded_with_what_the_clock_was_off(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device tells its clock with its sensors, which may come after all that has waited."""
    hurry(monkeypatch)
    async with awaited(case, tmp_path) as (hall, device):
        await device.online(hall)
        await device.say("POST", "cdata&table=rtstate", b"time=2000-01-01 00:00:00\tsensor=06")
        assert (await device.log(GRANTED.format(n=1)))[0] == 200
    async with awaited(case, tmp_path) as (hall, device):
        assert (await device.log(GRANTED.format(n=2)))[0] == 200
        assert hall.life.view.points[None]["clock_offset_s"].now.value is None
        assert (await device.say("GET", "cdata&options=all&DeviceType=acc"))[0] == 200  # it has started anew
        assert (await device.log(GRANTED.format(n=3)))[0] == 200
        first, waited, started = [row.clock_offset_s for row in await rows(hall)]
        assert (first == waited, started) == (True, None)
        assert first is not None
    async with awaited(case, tmp_path) as (hall, device):
        assert (await device.log(GRANTED.format(n=4)))[0] == 200
        assert (await rows(hall))[-1].clock_offset_s is None


async def test_what_the_clock_was_off_is_kept_as_soon_as_it_is_measured(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without another row before the gateway dies."""
    hurry(monkeypatch)
    async with awaited(case, tmp_path) as (hall, device):
        await device.online(hall)
        await device.say("POST", "cdata&table=rtstate", b"time=2000-01-01 00:00:00\tsensor=06")
    async with awaited(case, tmp_path) as (hall, device):
        assert (await device.log(GRANTED.format(n=1)))[0] == 200
        assert (await rows(hall, "access.granted"))[-1].clock_offset_s is not None


async def test_a_command_is_fetched_once_and_ends_when_the_device_says_so(hall: Hall, device: Device) -> None:
    asking = asyncio.create_task(hall.ask(Ask("open", "back", {})))
    while (fetched := (await device.say("GET", "getrequest"))[1]) == b"OK":
        pass
    _, number, text = fetched.decode().split(":")
    assert text == "CONTROL DEVICE 01020105"
    assert await device.say("GET", "getrequest") == (200, b"OK")
    await device.say("POST", "devicecmd", f"ID={int(number) + 1}&Return=0&CMD=X".encode())
    await device.say("POST", "devicecmd", f"ID={number}&Return=-5000&CMD=CONTROL DEVICE".encode())
    assert not asking.done()
    assert await device.say("POST", "devicecmd", f"ID={number}&Return=0&CMD=CONTROL DEVICE".encode()) == (200, b"OK")
    result = await asking
    assert (result.status, result.detail) == (Stage.CONFIRMED, {"returned": 0})
    assert await device.say("POST", "devicecmd", f"ID={number}&Return=-1&CMD=X".encode()) == (200, b"OK")


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (Ask("set_mode", "front", {"mode": "normally_open"}), r"CONTROL DEVICE 010101FF"),
        (Ask("set_mode", "front", {"mode": "controlled"}), r"CONTROL DEVICE 01010100"),
        (Ask("set_clock", None, {}), r"SET OPTIONS DateTime=\d{9}"),
    ],
)
async def test_verbs_are_the_commands_of_the_document(hall: Hall, device: Device, ask: Ask, text: str) -> None:
    asking = asyncio.create_task(hall.ask(ask))
    while (fetched := (await device.say("GET", "getrequest"))[1]) == b"OK":
        pass
    assert re.fullmatch(rf"C:\d+:{text}", fetched.decode())
    await device.say("POST", "devicecmd", f"ID={fetched.decode().split(':')[1]}&Return=0&CMD=X".encode())
    assert (await asking).status is Stage.CONFIRMED
    if ask.verb == "set_clock":
        assert await payloads(hall, "clock.corrected") == [{"offset_s": None}]
    else:
        assert hall.life.view.points["front"]["mode"].now.value == ask.params["mode"]


async def test_our_own_clock_is_not_passed_on_while_it_is_wrong(
    hall: Hall, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "WRITTEN", datetime(2999, 1, 1, tzinfo=UTC))
    refused = await hall.ask(Ask("set_clock", None, {}))
    assert refused.status is Stage.REJECTED
    assert refused.detail == {"reason": "the gateway's own clock is before 2999: set that first"}
    assert await device.say("GET", "getrequest") == (200, b"OK")


async def test_a_mode_that_the_protocol_has_not_is_refused(hall: Hall, device: Device) -> None:
    result = await hall.ask(Ask("set_mode", "front", {"mode": "normally_closed"}))
    assert (result.status, "no command for that" in result.detail["reason"]) == (Stage.REJECTED, True)


async def test_users_and_photos_are_taken_and_forgotten(hall: Hall, device: Device) -> None:
    body = b"user uid=5\tcardno=9896534\tpin=4\tname=Zhang San"
    assert await device.say("POST", "cdata&table=tabledata&tablename=user&count=1", body) == (200, b"user=1")
    assert await device.say("POST", "querydata&type=tabledata&tablename=user&count=1", body) == (200, b"user=1")
    assert await device.say("POST", "cdata&table=tabledata&tablename=%0d%0a&count=1", body) == (200, b"OK")
    assert await rows(hall) == []


async def test_attendance_is_presented_with_its_stamp(hall: Hall, device: Device) -> None:
    status, options = await device.say("GET", "cdata&options=all&pushver=2.2.14")
    assert status == 200
    assert options.startswith(f"GET OPTION FROM: {SN}\nATTLOGStamp=0\nOPERLOGStamp=9999\n".encode())
    line = b"1001\t2026-11-23 08:59:00\t0\t1\t\t0\t0\t\t\n"
    assert await device.say("POST", "cdata&table=ATTLOG&Stamp=82983982", line + line) == (200, b"OK")
    (row,) = await rows(hall)
    assert (row.type, row.device_at, "1001" in str(row.payload)) == ("access.presented", "2026-11-23 08:59:00", False)
    assert b"\nATTLOGStamp=82983982\n" in (await device.say("GET", "cdata&options=all"))[1]


async def test_a_wrong_token_is_refused_and_counted(hall: Hall, device: Device) -> None:
    device.cookie = "0" * 32
    assert await device.log(GRANTED.format(n=1)) == (401, b"refused")
    assert await rows(hall) == []
    assert hall.life.view.points[None]["refused"].now.value == 1


@pytest.mark.parametrize(("keys", "status"), [({"sources": ["10.0.0.0/8"]}, 403), ({"require_token": True}, 401)])
async def test_who_may_not_come_is_refused(hall: Hall, case: Case, keys: dict[str, Any], status: int) -> None:
    await hall.stop()
    del hall.house.hub.devices[ID]
    case.keys = keys
    hall.start()
    device = Device(hall._field_port)
    assert (await device.log(GRANTED.format(n=1)))[0] == status
    assert not hall.is_(Status.ONLINE)
    assert await rows(hall) == []


def test_a_site_file_that_names_no_address_of_the_device_is_warned_of() -> None:
    section = {"id": "zk", "driver": "access.zkteco_push", "serial": SN, "doors": [{"number": 1, "id": "front"}]}
    ((key, why),) = ZktecoPushConfig.model_validate(section).weaknesses()
    assert (key, why.partition(";")[0]) == ("sources", "anybody who knows its serial number can speak for it")
    assert not list(ZktecoPushConfig.model_validate({**section, "sources": ["10.8.2.20"]}).weaknesses())


async def test_who_is_refused_does_not_keep_the_device_online(hall: Hall, case: Case) -> None:
    await hall.stop()
    del hall.house.hub.devices[ID]
    case.keys = {"silent_after_s": 0.3}
    hall.start()
    await (device := Device(hall._field_port)).online(hall)
    device.cookie = "0" * 32
    async with asyncio.timeout(3):
        while hall.is_(Status.ONLINE):
            await device.say("GET", "getrequest")
    assert hall.life.view.why is not None
    assert "0.3 s" in hall.life.view.why


async def test_a_body_of_more_than_a_megabyte_is_refused(hall: Hall, device: Device) -> None:
    assert (await device.say("POST", "cdata&table=rtlog", b"x" * ((1 << 20) + 1)))[0] == 413


async def test_a_megabyte_of_nonsense_is_read_and_answered(hall: Hall, device: Device) -> None:
    assert await device.say("POST", "cdata&table=rtlog", b"time=1\t" * 140_000) == (200, b"OK")
    assert [row.type for row in await rows(hall)] == ["log.other"]


async def test_what_it_does_not_serve_it_says_so(hall: Hall, device: Device) -> None:
    assert (await device.say("POST", "exchange&type=publickey", b"PublicKey=x"))[0] == 404
    status, time = await device.say("GET", "rtdata&type=time")
    assert (status, time.partition(b",")[2]) == (200, b"ServerTZ=+0800")
