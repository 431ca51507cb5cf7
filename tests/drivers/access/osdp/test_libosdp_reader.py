"""The driver against libosdp's own reader, a program with a thread of its own."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from readerhall import KEY, at_home, config, living

from gateway.core.model import Stage
from gateway.hub import Status
from simulators.access.osdp.levers import wiegand

PEER = Path(__file__).parents[3] / "peers" / "libosdp_peer.py"
R = "reader-1"


@asynccontextmanager
async def program(*arguments: str) -> AsyncGenerator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    """libosdp's side, and what is said to it and by it."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, str(PEER), *arguments, stdin=pipe, stdout=pipe)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield child.stdin, child.stdout
    finally:
        child.kill()
        await child.wait()


async def test_reads_the_cards_of_libosdps_own_reader_and_lights_its_led(tmp_path: Path) -> None:
    first = config(tmp_path, 1)
    async with program("reader", f"{int(KEY, 16) + 1:032x}") as (said, heard):
        port = int(await heard.readline())
        async with at_home(tmp_path, first) as readers:
            readers.configs = [config(tmp_path, 1, address=f"tcp://127.0.0.1:{port}")]
            async with living(readers):
                await readers.are(Status.ONLINE, R)
                assert readers.point(R, "secure") is True
                await readers.until(
                    lambda: (readers.point(R, "tamper"), readers.point(R, "power_failed")) == (False, False)
                )
                said.writelines(wiegand(number, 26).hex().encode() + b"\n" for number in range(20))
                await readers.until(lambda: len(readers.persons(R)) == 20)
                assert readers.persons(R) == [f"card:{number}" for number in range(20)]
                assert (await readers.ask(R, "light", colour="green")).status is Stage.CONFIRMED
