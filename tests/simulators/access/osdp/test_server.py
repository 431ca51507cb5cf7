"""The simulated reader, asked by libosdp's own panel: a program with a thread of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from readerhall import KEY, config

from gateway.core.address import Port
from simulators.access.osdp.server import QUEUE, OsdpTwin
from simulators.wires import serve_pty

PEER = Path(__file__).parents[3] / "peers" / "libosdp_peer.py"
PROVEN = f"{int(KEY, 16) + 1:032x}"
STATUS, CARD, KEYS, LOCAL, INPUT = 4, 1, 2, 2, 0
"""What libosdp's panel calls what it is told."""


class Panel:
    """libosdp's panel: what it was told, in order."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._said, self._heard = child.stdin, child.stdout

    async def told(self, **wanted: Any) -> Mapping[str, Any]:
        """The next that has these."""
        async with asyncio.timeout(20):
            while True:
                found: Mapping[str, Any] = json.loads(await self._heard.readline())
                if wanted.items() <= found.items():
                    return found

    def order(self, **command: Any) -> None:
        self._said.write(json.dumps(command).encode() + b"\n")


@asynccontextmanager
async def asked(twin: OsdpTwin, wire: str, key: str = PROVEN) -> AsyncGenerator[Panel]:
    """A panel that asks a reader over TCP or a pseudo-terminal."""
    async with AsyncExitStack() as stack:
        if wire == "tcp":
            place = str(await stack.enter_async_context(twin.serve("127.0.0.1", 0)))
        else:
            place = await stack.enter_async_context(serve_pty([twin], Port(baud=115200)))
        pipe = asyncio.subprocess.PIPE
        arguments = (str(PEER), "panel", key, place)
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
        try:
            yield Panel(child)
        finally:
            child.kill()
            await child.wait()


@pytest.mark.parametrize("wire", ["tcp", "pty"])
async def test_libosdps_panel_hears_everything_that_is_done_to_the_reader(tmp_path: Path, wire: str) -> None:
    twin = OsdpTwin(config(tmp_path))
    async with asked(twin, wire) as panel:
        await panel.told(event=STATUS, type=LOCAL, report="0000")
        twin.levers()["swipe"]({"number": 8106606})
        assert await panel.told(event=CARD) == {
            "event": CARD,
            "reader_no": 0,
            "format": 1,
            "direction": 0,
            "length": 26,
            "data": "bdd93740",
        }
        twin.levers()["key"]({"digits": "12#"})
        assert (await panel.told(event=KEYS))["data"] == b"12\r".hex()
        twin.levers()["tamper"]({})
        await panel.told(event=STATUS, type=LOCAL, report="0100")
        twin.levers()["input"]({"input": 1})
        await panel.told(event=STATUS, type=INPUT, report="0001")


async def test_libosdps_panel_switches_lights_and_buzzes(tmp_path: Path) -> None:
    twin = OsdpTwin(config(tmp_path))
    async with asked(twin, "tcp") as panel:
        assert (await panel.told(secure=True)) == {"secure": True}
        panel.order(command=1, output_no=1, control_code=2, timer_count=0)
        colour = {"on_color": 4, "off_color": 4, "on_count": 1, "off_count": 0, "control_code": 1}
        panel.order(command=2, reader=0, led_number=0, temporary=False, **colour)
        panel.order(command=3, reader=0, control_code=2, on_count=1, off_count=1, rep_count=2)
        async with asyncio.timeout(5):
            while twin.seen()["buzzed"] != 2:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        assert (twin.seen()["outputs"], twin.seen()["leds"]) == ([False, True], ["blue", "red"])


async def test_libosdps_panel_with_another_key_is_not_told_anything(tmp_path: Path) -> None:
    twin = OsdpTwin(config(tmp_path))
    twin.levers()["swipe"]({"number": 1})
    async with asked(twin, "tcp", key="00" * 16):
        await asyncio.sleep(1)
        assert twin.seen()["waiting"] == 1


async def test_remembers_so_many_cards_and_loses_the_rest(tmp_path: Path) -> None:
    twin = OsdpTwin(config(tmp_path))
    for number in range(QUEUE + 3):
        twin.levers()["swipe"]({"number": number})
    assert (twin.seen()["waiting"], twin.seen()["lost"]) == (QUEUE, 3)
    twin.levers()["unplug"]({})
    assert (twin.seen()["waiting"], twin.seen()["reboots"]) == (0, 1)


@pytest.mark.parametrize(
    ("lever", "given", "why"),
    [
        ("swipe", {"number": 2**24}, "number: 24 bits hold at most 16777215"),
        ("swipe", {"number": 1, "bits": 64}, "bits"),
        ("key", {"digits": "abc"}, "digits"),
        ("input", {"input": 2}, "input"),
    ],
)
def test_levers_say_what_is_wrong(tmp_path: Path, lever: str, given: dict[str, Any], why: str) -> None:
    twin = OsdpTwin(config(tmp_path))
    with pytest.raises(ValueError, match=why):
        twin.levers()[lever](given)


def test_an_output_goes_back_when_its_time_is_over(tmp_path: Path) -> None:
    twin = OsdpTwin(config(tmp_path))
    now = 0.0
    twin.reader._now = lambda: now
    twin.reader.forget()
    assert twin.reader.obey({"command": 1, "output_no": 0, "control_code": 5, "timer_count": 20})
    assert twin.seen()["outputs"] == [True, False]
    now = 2.1
    assert twin.seen()["outputs"] == [False, False]
    assert not twin.reader.obey({"command": 1, "output_no": 0, "control_code": 9, "timer_count": 0})
