"""Readers on one bus, on real wires: a pseudo-terminal, a serial server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from readerhall import Readers, at_home, config, living

from drivers.access.osdp.config import OsdpConfig
from gateway.core.address import serial_port
from gateway.hub import Status
from simulators.wires import serve_pty, serve_raw

SPEED = "baud=38400"
PORT = serial_port(f"serial:///dev/ttyS9?{SPEED}")
R1, R2 = "reader-1", "reader-2"
BACK_S = 2.0


@asynccontextmanager
async def on_a_pty(folder: Path, *configs: OsdpConfig) -> AsyncGenerator[Readers]:
    async with (
        at_home(folder, *configs) as readers,
        serve_pty([*readers.twins.values()], PORT) as path,
        living(readers, f"serial://{path}?{SPEED}"),
    ):
        yield readers


@asynccontextmanager
async def plugged(readers: Readers, link: Path) -> AsyncGenerator[AsyncExitStack]:
    """A pseudo-terminal whose name stays; it can be pulled out before the end."""
    async with AsyncExitStack() as stack:
        path = await stack.enter_async_context(serve_pty([*readers.twins.values()], PORT))
        await asyncio.to_thread(relink, link, path)
        yield stack


def relink(link: Path, path: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(path)


async def test_two_readers_on_one_bus_read_cards_side_by_side(tmp_path: Path) -> None:
    async with on_a_pty(tmp_path, config(tmp_path, 1), config(tmp_path, 2)) as readers:
        await readers.are(Status.ONLINE, R1, R2)
        for number in range(5):
            readers.pull(R1, "swipe", number=number)
            readers.pull(R2, "swipe", number=100 + number)
        await readers.until(lambda: len(readers.persons(R1)) == len(readers.persons(R2)) == 5)
        assert readers.persons(R1) == [f"card:{number}" for number in range(5)]
        assert readers.persons(R2) == [f"card:{100 + number}" for number in range(5)]


async def test_a_reader_alone_on_a_serial_port_reads_cards(tmp_path: Path) -> None:
    first = config(tmp_path, 1, address="serial:///dev/ttyS9")
    async with at_home(tmp_path, first) as readers, serve_pty([readers.twins[R1]], PORT) as path:
        readers.configs = [config(tmp_path, 1, address=f"serial://{path}?{SPEED}")]
        async with living(readers):
            await readers.are(Status.ONLINE, R1)
            readers.pull(R1, "swipe", number=3)
            await readers.until(lambda: readers.persons(R1) == ["card:3"])


async def test_a_dead_reader_costs_its_neighbour_nothing(tmp_path: Path) -> None:
    async with on_a_pty(tmp_path, config(tmp_path, 1), config(tmp_path, 2)) as readers:
        await readers.are(Status.ONLINE, R1, R2)
        readers.pull(R2, "mute")
        await readers.are(Status.OFFLINE, R2)
        for number in range(10):
            readers.pull(R1, "swipe", number=number)
            await readers.have_read(R1, number + 1, within_s=1)
        assert readers.lives[R1].view.status is Status.ONLINE
        assert [row.type for row in await readers.rows("device.offline")] == ["device.offline"]
        readers.pull(R2, "mute", on=False)
        await readers.are(Status.ONLINE, R2, within_s=20)


async def test_a_reader_with_a_wrong_key_costs_its_neighbour_nothing(tmp_path: Path) -> None:
    async with at_home(tmp_path, config(tmp_path, 1), config(tmp_path, 2)) as readers:
        readers.pull(R2, "wrong_key")
        async with serve_pty([*readers.twins.values()], PORT) as path, living(readers, f"serial://{path}?{SPEED}"):
            await readers.are(Status.ONLINE, R1)
            await readers.until(lambda: "does not prove its key" in (readers.lives[R2].view.why or ""))
            readers.pull(R1, "swipe", number=1)
            await readers.until(lambda: readers.persons(R1) == ["card:1"])


async def test_readers_are_back_two_seconds_after_their_bus_with_the_cards_that_were_shown_meanwhile(
    tmp_path: Path,
) -> None:
    link = tmp_path / "tty"
    async with at_home(tmp_path, config(tmp_path, 1), config(tmp_path, 2)) as readers, AsyncExitStack() as stack:
        wire = await stack.enter_async_context(plugged(readers, link))
        await stack.enter_async_context(living(readers, f"serial://{link}?{SPEED}"))
        await readers.are(Status.ONLINE, R1, R2)
        await wire.aclose()
        await readers.are(Status.OFFLINE, R1, R2)
        for name in (R1, R2):
            readers.pull(name, "swipe", number=5)
        await stack.enter_async_context(plugged(readers, link))
        await readers.are(Status.ONLINE, R1, R2, within_s=BACK_S)
        await readers.until(lambda: readers.persons(R1) == readers.persons(R2) == ["card:5"])


@pytest.mark.parametrize("out_s", [0.0, 3.0])
async def test_a_reader_is_back_two_seconds_after_its_serial_server_with_the_cards_that_were_shown_meanwhile(
    tmp_path: Path, out_s: float
) -> None:
    async with at_home(tmp_path, config(tmp_path, 1)) as readers, AsyncExitStack() as stack:
        boxes = [*readers.twins.values()]
        cut = AsyncExitStack()
        port = await cut.enter_async_context(serve_raw(boxes, PORT, host="127.0.0.1", tcp_port=0))
        await stack.enter_async_context(living(readers, f"tcp://127.0.0.1:{port}"))
        await readers.are(Status.ONLINE, R1)
        await cut.aclose()
        await readers.are(Status.OFFLINE, R1)
        for number in range(3):
            readers.pull(R1, "swipe", number=number)
        await asyncio.sleep(out_s)
        await stack.enter_async_context(serve_raw(boxes, PORT, host="127.0.0.1", tcp_port=port))
        await readers.are(Status.ONLINE, R1, within_s=BACK_S)
        await readers.until(lambda: len(readers.persons(R1)) == 3)
        assert readers.persons(R1) == ["card:0", "card:1", "card:2"]
