"""The wires of simulated buses: what breaks the connection to a serial server breaks it for every box behind it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import OnbonKConfig
from gateway.core.address import Port
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.wires import serve_pty, serve_raw

FAST = Port(baud=115200)
REPLY = len(codec.Reply(ok=True).wire(codec.Frame(dst=1, data=b""), src=1))
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def card(screen: int) -> OnbonKTwin:
    section = {"id": f"led-{screen}", "driver": "displays.onbon_k", "address": "line:bus", "screen": screen}
    return OnbonKTwin(OnbonKConfig.model_validate({**section, "model": "6K2", "width": 64, "height": 16}))


@pytest.fixture
def cards() -> list[OnbonKTwin]:
    return [card(1), card(2)]


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


async def answer(stream: Stream, screen: int) -> int:
    """The number of the card that answers a question to this one."""
    stream[1].write(codec.Request(command=codec.PING).wire(screen))
    async with asyncio.timeout(2):
        (frame,) = codec.Decoder().feed(await stream[0].readexactly(REPLY))
    assert isinstance(frame, codec.Frame)
    return frame.src


async def answers(stream: Stream) -> list[int]:
    """Who answers, of both cards; what nobody answers raises TimeoutError."""
    return [await answer(stream, screen) for screen in (1, 2)]


async def silent(stream: Stream) -> bool:
    for screen in (1, 2):
        stream[1].write(codec.Request(command=codec.PING).wire(screen))
    try:
        async with asyncio.timeout(0.04):
            await stream[0].read(1)
    except TimeoutError:
        return True
    return False


async def test_a_serial_server_that_is_half_open_is_silent_for_all_boxes_and_new_connections_work(
    cards: Sequence[OnbonKTwin],
) -> None:
    async with serve_raw(cards, FAST, host="127.0.0.1", tcp_port=0) as port, connected(port) as old:
        assert await answers(old) == [1, 2]
        cards[0].levers()["half_open"]({})
        assert await silent(old)
        async with connected(port) as new:
            assert await answers(new) == [1, 2]
        assert await silent(old)


async def test_a_reset_meets_the_next_bytes_to_the_serial_server_whomever_they_are_for(
    cards: Sequence[OnbonKTwin],
) -> None:
    async with serve_raw(cards, FAST, host="127.0.0.1", tcp_port=0) as port:
        async with connected(port) as stream:
            cards[0].levers()["reset"]({})
            stream[1].write(codec.Request(command=codec.PING).wire(2))
            with pytest.raises(ConnectionResetError):
                await stream[0].read(1)
        async with connected(port) as stream:
            assert await answers(stream) == [1, 2]
    assert [each.seen()["frames"]["obeyed"] for each in cards] == [1, 1]


async def test_what_only_a_connection_can_suffer_is_no_lever_at_a_serial_port(cards: Sequence[OnbonKTwin]) -> None:
    everywhere = set(cards[0].levers())
    async with serve_pty(cards, FAST):
        assert everywhere - set(cards[0].levers()) == {"half_open", "reset"}
