"""Serial ports on real pseudo-terminals."""

import asyncio
import os
import time
import tty
from collections.abc import Generator
from pathlib import Path

import pytest
import serial

from gateway.core.errors import DeviceOffline
from gateway.wire.serial import SerialLink, open_serial
from gateway.wire.stream import StreamLink


class Terminal:
    """Both ends of a pseudo-terminal: what is written to `near` is read at `address`."""

    def __init__(self) -> None:
        self.near, self.far = os.openpty()
        tty.setraw(self.near)
        tty.setraw(self.far)
        self.path = os.ttyname(self.far)
        self.address = f"serial://{self.path}?baud=19200&parity=E&stop=2&bits=7"

    def unplug(self) -> None:
        for end in (self.near, self.far):
            if end >= 0:
                os.close(end)
        self.near = self.far = -1


@pytest.fixture
def terminal() -> Generator[Terminal]:
    made = Terminal()
    yield made
    made.unplug()


def whole(data: bytes) -> bytes | None:
    return data if data.endswith(b"\n") else None


async def test_asks_and_hears(terminal: Terminal) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(terminal.near, lambda: os.write(terminal.near, b"re:" + os.read(terminal.near, 100)))
    async with open_serial(terminal.address) as link:
        assert await link.exchange(b"who\n", whole, 1.0) == b"re:who\n"
    loop.remove_reader(terminal.near)


async def test_what_came_before_the_port_was_opened_is_not_heard(terminal: Terminal) -> None:
    os.write(terminal.near, b"stale\n")
    async with open_serial(terminal.address) as link:
        with pytest.raises(DeviceOffline, match=rf"^{terminal.path} did not answer within 0\.03 s$"):
            await link.exchange(b"who\n", whole, 0.03)


async def test_a_time_out_counts_from_the_last_byte_of_the_question(terminal: Terminal) -> None:
    async with open_serial(terminal.address) as link:
        assert link.byte_s == 11 / 19200
        began = asyncio.get_running_loop().time()
        with pytest.raises(DeviceOffline):
            await link.exchange(bytes(87), whole, 0.01)
        assert asyncio.get_running_loop().time() - began >= 0.01 + 87 * 11 / 19200


async def test_a_port_is_ours_alone(terminal: Terminal) -> None:
    async with open_serial(terminal.address):
        with pytest.raises(DeviceOffline, match=rf"^{terminal.path}: another program uses it$"):
            async with open_serial(terminal.address):
                pass


async def test_a_port_that_is_not_there_is_an_outage_with_the_reason() -> None:
    with pytest.raises(DeviceOffline, match=r"^/dev/ttyNONE: No such file or directory$"):
        async with open_serial("serial:///dev/ttyNONE"):
            pass


async def test_a_file_that_is_no_port_is_an_outage() -> None:
    with pytest.raises(DeviceOffline, match=r"^/dev/null: "):
        async with open_serial("serial:///dev/null"):
            pass


async def test_unplugging_is_noticed_while_nothing_is_asked(terminal: Terminal) -> None:
    async with open_serial(terminal.address) as link:
        terminal.unplug()
        with pytest.raises(DeviceOffline, match=rf"^{terminal.path} is gone, as when it is unplugged"):
            await asyncio.wait_for(asyncio.shield(link.lost), 1)
        with pytest.raises(DeviceOffline, match="is gone"):
            await link.exchange(b"who\n", whole, 1.0)


async def test_unplugging_ends_a_question(terminal: Terminal) -> None:
    async with open_serial(terminal.address) as link:
        asking = asyncio.create_task(link.exchange(b"who\n", whole, 5.0))
        await asyncio.sleep(0.01)
        terminal.unplug()
        with pytest.raises(DeviceOffline, match="is gone"):
            await asyncio.wait_for(asking, 1)


async def test_a_peer_that_takes_no_bytes_is_offline_and_stops_nobody_else(terminal: Terminal) -> None:
    """pyserial would spin in the loop: its write takes no bytes for "try again at once"."""
    async with open_serial(terminal.address) as link:
        began = time.monotonic()
        with pytest.raises(DeviceOffline, match="takes no more bytes"):
            flood(link)
        assert time.monotonic() - began < 0.5


def flood(link: StreamLink) -> None:
    for _ in range(100):
        link.write(bytes(1000))


async def test_a_port_that_does_not_open_is_an_outage_and_closed_when_it_does(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[serial.Serial] = []

    def slowly(*arguments: object, **options: object) -> serial.Serial:
        time.sleep(0.05)
        opened.append(serial.Serial(terminal.path))
        return opened[0]

    monkeypatch.setattr("gateway.wire.serial.OPEN_S", 0.01)
    monkeypatch.setattr("gateway.wire.serial.QuietPort", slowly)
    with pytest.raises(DeviceOffline, match=r"did not open within 0\.01 s$"):
        async with open_serial(terminal.address):
            pass
    await asyncio.sleep(0.1)
    assert not opened[0].is_open


async def test_fifty_ports_leave_no_task_and_no_descriptor_behind(terminal: Terminal) -> None:
    def held() -> tuple[int, int]:
        return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))

    async with open_serial(terminal.address):
        pass
    before = held()
    for _ in range(50):
        async with open_serial(terminal.address) as link:
            assert isinstance(link, SerialLink)
    assert held() == before
