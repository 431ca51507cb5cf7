"""A wire on which the device speaks first: nothing that it says is lost, and nothing is held without end."""

import asyncio
import os
import tty
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hall_contract.hall import open_house

from gateway.core.errors import DeviceOffline
from gateway.supervisor.context import GatewayContext, House
from gateway.wire.hearing import MOST_HELD, Hearing
from gateway.wire.serial import open_serial
from gateway.wire.tcp import open_tcp


class Box:
    """A box that says something to everybody who comes."""

    def __init__(self) -> None:
        self.greeting = b""
        self.heard = bytearray()
        self.address = ""
        self.writer: asyncio.StreamWriter | None = None
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.came.set()
        writer.write(self.greeting)
        while data := await reader.read(1000):
            self.heard += data
        writer.close()

    async def say(self, data: bytes) -> None:
        await self.came.wait()
        assert self.writer is not None
        self.writer.write(data)

    def hang_up(self) -> None:
        assert self.writer is not None
        self.writer.transport.abort()


@pytest.fixture
async def box() -> AsyncGenerator[Box]:
    made = Box()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    if made.writer:
        made.writer.transport.abort()
    await server.wait_closed()
    await asyncio.sleep(0.001)


async def test_what_a_box_says_is_held_until_it_is_taken(box: Box) -> None:
    box.greeting = b"first"
    async with open_tcp(box.address) as wire:
        stream = Hearing(wire)
        await box.say(b" second")
        await asyncio.sleep(0.02)
        assert await stream.receive() == b"first second"
        waiting = asyncio.create_task(stream.receive())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await box.say(b"third")
        assert await waiting == b"third"


async def test_a_box_can_be_answered_at_any_time(box: Box) -> None:
    async with open_tcp(box.address) as wire:
        stream = Hearing(wire)
        stream.send(b"yes")
        await box.say(b"?")
        assert await stream.receive() == b"?"
    assert box.heard == b"yes"


async def test_what_came_before_the_wire_was_lost_is_given_first(box: Box) -> None:
    box.greeting = b"last words"
    async with open_tcp(box.address) as wire:
        stream = Hearing(wire)
        await asyncio.sleep(0.01)
        box.hang_up()
        await asyncio.sleep(0.01)
        assert await stream.receive() == b"last words"
        with pytest.raises(DeviceOffline, match="closed the connection"):
            await stream.receive()
        with pytest.raises(DeviceOffline):
            stream.send(b"?")


async def test_a_loss_wakes_who_waits(box: Box) -> None:
    async with open_tcp(box.address) as wire:
        waiting = asyncio.create_task(Hearing(wire).receive())
        await box.say(b"")
        await asyncio.sleep(0.01)
        box.hang_up()
        with pytest.raises(DeviceOffline):
            await waiting


async def test_a_box_that_says_more_than_anybody_takes_is_dropped(box: Box) -> None:
    async with open_tcp(box.address) as wire:
        stream = Hearing(wire)
        await box.say(bytes(3 * MOST_HELD))
        await asyncio.wait({wire.lost}, timeout=1)
        assert str(wire.lost.exception()) == f"{box.address} says more than anybody takes"
        assert MOST_HELD < len(await stream.receive()) <= 2 * MOST_HELD + 262_144  # one read of the loop beyond it
        with pytest.raises(DeviceOffline, match="more than anybody takes"):
            await stream.receive()


async def test_a_serial_port_is_heard_too() -> None:
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)
    try:
        async with open_serial(f"serial://{os.ttyname(far)}?baud=9600") as wire:
            stream = Hearing(wire)
            os.write(near, b"\xff\x68")
            async with asyncio.timeout(1):
                assert await stream.receive() == b"\xff\x68"
            stream.send(b"ok")
            assert await asyncio.get_running_loop().run_in_executor(None, os.read, near, 10) == b"ok"
    finally:
        os.close(near)
        os.close(far)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_the_supervisor_notices_that_it_is_lost(box: Box, house: House) -> None:
    context = GatewayContext("pad", house)
    async with context.stream(box.address) as stream:
        await box.say(b"A")
        assert await stream.receive() == b"A"
        lost = asyncio.create_task(context.lost())
        await asyncio.sleep(0.01)
        assert not lost.done()
        box.hang_up()
        with pytest.raises(DeviceOffline):
            await lost
    never = asyncio.create_task(context.lost())
    await asyncio.sleep(0.01)
    assert not never.done()
    never.cancel()
