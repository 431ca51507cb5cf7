"""The driver against libosdp's own reader, a program with a thread of its own, over TCP and a pseudo-terminal."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from readerhall import KEY, at_home, config, living

from gateway.core.model import Stage
from gateway.hub import Status
from simulators.access.osdp.levers import wiegand

PEER = Path(__file__).parents[3] / "peers" / "libosdp_peer.py"
R = "reader-1"
ADDRESSES = {"tcp": "tcp://127.0.0.1:{}", "pty": "serial://{}?baud=115200"}
LED, GREEN = 2, 2
"""What libosdp calls the order for a light, and its colour."""


class Reader:
    """libosdp's reader: cards are shown to it, and it says what it was told to do."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._said, self._heard = child.stdin, child.stdout

    async def place(self) -> str:
        """Its TCP port or pseudo-terminal."""
        return (await self._heard.readline()).decode().strip()

    def show(self, *numbers: int) -> None:
        self._said.writelines(wiegand(number, 26).hex().encode() + b"\n" for number in numbers)

    async def ordered(self, command: int) -> Mapping[str, Any]:
        """The next order of this kind."""
        async with asyncio.timeout(20):
            while True:
                found: Mapping[str, Any] = json.loads(await self._heard.readline())
                if found["command"] == command:
                    return found


@asynccontextmanager
async def program(wire: str) -> AsyncGenerator[Reader]:
    pipe = asyncio.subprocess.PIPE
    arguments = (str(PEER), "reader", f"{int(KEY, 16) + 1:032x}", wire)
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    try:
        yield Reader(child)
    finally:
        child.kill()
        await child.wait()


@pytest.mark.parametrize("wire", ADDRESSES)
async def test_reads_the_cards_of_libosdps_own_reader_and_lights_its_led(tmp_path: Path, wire: str) -> None:
    async with program(wire) as reader, at_home(tmp_path, config(tmp_path, 1)) as readers:
        readers.configs = [config(tmp_path, 1, address=ADDRESSES[wire].format(await reader.place()))]
        async with living(readers):
            await readers.are(Status.ONLINE, R, within_s=20)
            assert readers.point(R, "secure") is True
            await readers.until(
                lambda: (readers.point(R, "tamper"), readers.point(R, "power_failed")) == (False, False)
            )
            reader.show(*range(20))
            await readers.have_read(R, 20, within_s=20)
            assert readers.persons(R) == [f"card:{number}" for number in range(20)]
            assert (await readers.ask(R, "light", colour="green")).status is Stage.CONFIRMED
            led = await reader.ordered(LED)
            assert (led["reader"], led["led_number"], led["temporary"]) == (0, 0, False)
            assert (led["on_color"], led["off_color"]) == (GREEN, GREEN)
