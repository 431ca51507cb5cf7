"""The faults of the wire, on a simulated card and real sockets."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from simulators.displays.onbon_k.server import OnbonKTwin

PING = codec.Request(command=codec.PING).wire(1)
REPLY = codec.Reply(ok=True).wire(codec.Frame(dst=1, data=b""), src=1)
OTHER = codec.Reply(ok=True).wire(codec.Frame(dst=1, data=b""), src=2)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Bench:
    """A card, and what is connected to it."""

    def __init__(self, twin: OnbonKTwin, port: int) -> None:
        self.twin = twin
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> Stream:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        return reader, writer

    def pull(self, lever: str, **params: Any) -> None:
        self.twin.levers()[lever](params)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncGenerator[Bench]:
    section = {"id": "led", "driver": "displays.onbon_k", "address": "tcp://10.0.0.1:5005", "model": "6K2"}
    twin = OnbonKTwin(OnbonKConfig.model_validate(section | {"width": 64, "height": 16}))
    async with twin.serve("127.0.0.1", 0) as port:
        bench = Bench(twin, port)
        yield bench
        bench.close()


async def ask(stream: Stream, request: bytes = PING, *, size: int = len(REPLY)) -> bytes:
    """What comes back, up to `size` bytes; less when the connection ends."""
    stream[1].write(request)
    try:
        async with asyncio.timeout(2):
            return await stream[0].readexactly(size)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def silent(stream: Stream) -> bool:
    stream[1].write(PING)
    try:
        async with asyncio.timeout(0.04):
            await stream[0].read(1)
    except TimeoutError:
        return True
    return False


async def test_answers_all_connections_and_coalesced_requests() -> None:
    async with serving() as bench:
        one, two = await bench.connect(), await bench.connect()
        assert await ask(one) == await ask(two) == REPLY
        assert await ask(one, PING + b"\x5a" + PING, size=2 * len(REPLY)) == REPLY * 2


async def test_mute_lasts_until_it_is_lifted() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull("mute")
        assert await silent(stream)
        bench.pull("mute", on=False)
        assert await ask(stream) == REPLY


@pytest.mark.parametrize(
    ("lever", "params", "least_s"),
    [("slow", {"seconds": 0.04}, 0.04), ("baud", {"rate": 9600}, len(REPLY) * 10 / 9600)],
)
async def test_answers_that_are_slow_or_paced_come_late_and_whole(
    lever: str, params: dict[str, Any], least_s: float
) -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull(lever, **params)
        started = time.monotonic()
        assert await ask(stream) == REPLY
        assert time.monotonic() - started >= least_s


async def test_pieces_are_whole_in_the_end() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull("pieces", size=7)
        assert await ask(stream, size=7) == REPLY[:7]
        assert await stream[0].readexactly(len(REPLY) - 7) == REPLY[7:]


async def test_a_cut_ends_the_connection_at_any_byte_once() -> None:
    async with serving() as bench:
        for after in range(len(REPLY)):
            bench.pull("cut", after=after)
            assert await ask(await bench.connect()) == REPLY[:after]
        assert await ask(await bench.connect()) == REPLY


@pytest.mark.parametrize(
    ("lever", "seconds", "heard"), [("late", 0.04, OTHER + REPLY), ("reorder", 0.03, REPLY + OTHER)]
)
async def test_an_answer_never_overtakes_the_one_before_it_unless_they_are_reordered(
    lever: str, seconds: float, heard: bytes
) -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull(lever, seconds=seconds)
        bench.pull("wrong_id")
        stream[1].write(PING)
        assert await ask(stream, size=2 * len(REPLY)) == heard


async def test_coalesced_answers_come_in_one_segment() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull("coalesce", seconds=0.03)
        stream[1].write(PING)
        await asyncio.sleep(0.01)
        stream[1].write(PING)
        async with asyncio.timeout(2):
            assert await stream[0].read(1000) == REPLY * 2


async def test_heal_lifts_everything_at_once() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        bench.pull("mute")
        bench.pull("corrupt", count=9)
        bench.pull("cut", after=3)
        bench.pull("heal")
        assert await ask(stream) == REPLY


async def test_reset_meets_the_next_bytes_only() -> None:
    async with serving() as bench:
        one, two = await bench.connect(), await bench.connect()
        bench.pull("reset")
        with pytest.raises(ConnectionResetError):
            await ask(one)
        assert await ask(two) == REPLY


async def test_half_open_connections_stay_silent_and_new_ones_work() -> None:
    async with serving() as bench:
        old = await bench.connect()
        assert await ask(old) == REPLY
        bench.pull("half_open")
        assert await silent(old)
        assert await ask(await bench.connect()) == REPLY
        assert await silent(old)


async def test_a_reboot_hangs_up_and_a_silent_one_does_not() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        await ask(stream, areas.show(areas.Area(width=8, height=16, text=b"A")).wire(1))
        assert bench.twin.seen()["text"] == "A"
        bench.pull("silent_reboot")
        assert await ask(stream) == REPLY
        bench.pull("reboot")
        assert await stream[0].read() == b""
        assert await ask(await bench.connect()) == REPLY
        assert (bench.twin.seen()["text"], bench.twin.seen()["reboots"]) == ("", 2)


async def test_an_unplugged_box_is_away_and_forgets() -> None:
    async with serving() as bench:
        stream = await bench.connect()
        await ask(stream, areas.show(areas.Area(width=8, height=16, text=b"A")).wire(1))
        bench.pull("unplug")
        bench.pull("unplug")
        assert await stream[0].read() == b""
        assert await ask(await bench.connect()) == b""
        bench.pull("unplug", on=False)
        assert await ask(await bench.connect()) == REPLY
        assert (bench.twin.seen()["text"], bench.twin.seen()["reboots"]) == ("", 1)


@pytest.mark.parametrize(
    ("lever", "params", "sentence"),
    [
        ("slow", {"seconds": -1}, "seconds: must be at least 0"),
        ("slow", {"seconds": "long"}, "seconds: must be a number, not text"),
        ("cut", {}, "after is missing"),
        ("mute", {"off": True}, "unknown key 'off'; allowed: on"),
        ("reset", {"hard": True}, "unknown key 'hard'; allowed: count"),
    ],
)
async def test_wrong_parameters_of_a_lever_are_refused_in_one_sentence(
    lever: str, params: dict[str, Any], sentence: str
) -> None:
    async with serving() as bench:
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            bench.pull(lever, **params)
