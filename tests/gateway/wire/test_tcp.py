"""A TCP wire: one question at a time, and after any fault it is dropped, so that no answer meets the wrong question."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.core.errors import CommandRejected, DeviceOffline, ProtocolError
from gateway.wire import tcp
from gateway.wire.stream import SEND_BUFFER, StreamLink
from gateway.wire.tcp import open_tcp

Writer = asyncio.StreamWriter


class Peer:
    """A box: keeps what each connection sent, and lets the test answer."""

    def __init__(self) -> None:
        self.writers: list[Writer] = []
        self.got: list[bytes] = []
        self.arrived = asyncio.Event()
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.writers.append(writer)
        while data := await reader.read(1000):
            self.got.append(data)
            self.arrived.set()
        writer.close()

    def say(self, data: bytes) -> None:
        self.writers[-1].write(data)

    async def asked(self) -> bytes:
        """Wait for the next question."""
        async with asyncio.timeout(1):
            await self.arrived.wait()
        self.arrived.clear()
        return self.got[-1]


@pytest.fixture
async def peer() -> AsyncGenerator[Peer]:
    made = Peer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    for writer in made.writers:
        writer.transport.abort()
    await server.wait_closed()
    await asyncio.sleep(0.001)


def line() -> Callable[[bytes], bytes | None]:
    """Matches a line, however it is cut."""
    held = b""

    def matches(data: bytes) -> bytes | None:
        nonlocal held
        held += data
        return held.partition(b"\n")[0] if b"\n" in held else None

    return matches


@asynccontextmanager
async def asking(link: StreamLink, question: bytes, timeout_s: float = 1.0) -> AsyncGenerator["asyncio.Task[bytes]"]:
    """Ask in the background; awaited when left."""
    task = asyncio.create_task(link.exchange(question, line(), timeout_s))
    try:
        yield task
    finally:
        await asyncio.wait({task})


async def test_an_answer_may_come_in_pieces(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"who\n") as answer:
        assert await peer.asked() == b"who\n"
        for byte in b"me\n":
            peer.say(bytes([byte]))
            await asyncio.sleep(0.001)
        assert await answer == b"me"


async def test_says_when_the_question_has_been_handed_to_the_wire(peer: Peer) -> None:
    told: list[str] = []
    async with open_tcp(peer.address) as link:
        asking_ = asyncio.create_task(link.exchange(b"who\n", line(), 1.0, lambda: told.append("sent")))
        await peer.asked()
        assert told == ["sent"]
        peer.say(b"me\n")
        await asking_


async def test_questions_take_turns(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"one\n") as one, asking(link, b"two\n") as two:
        assert await peer.asked() == b"one\n"
        await asyncio.sleep(0.005)
        assert peer.got == [b"one\n"]
        peer.say(b"1\n")
        assert await peer.asked() == b"two\n"
        peer.say(b"2\n")
        assert [await one, await two] == [b"1", b"2"]


async def test_what_came_before_the_question_is_no_answer_to_it(peer: Peer) -> None:
    async with open_tcp(peer.address) as link:
        await asyncio.sleep(0.005)
        peer.say(b"stale\n")
        await asyncio.sleep(0.01)
        async with asking(link, b"who\n") as answer:
            await peer.asked()
            peer.say(b"me\n")
            assert await answer == b"me"


async def test_what_follows_the_answer_is_thrown_away(peer: Peer) -> None:
    async with open_tcp(peer.address) as link:
        for name in (b"one", b"two"):
            async with asking(link, name + b"\n") as answer:
                await peer.asked()
                peer.say(name + b"\nmore\n")
                assert await answer == name
            await asyncio.sleep(0.005)


async def test_no_answer_in_time_drops_the_connection(peer: Peer) -> None:
    async with open_tcp(peer.address) as link:
        with pytest.raises(DeviceOffline, match=r"did not answer within 0\.01 s"):
            await link.exchange(b"who\n", line(), 0.01)
        with pytest.raises(DeviceOffline):
            await link.exchange(b"and now\n", line(), 1.0)
        with pytest.raises(DeviceOffline):
            await asyncio.wait_for(asyncio.shield(link.lost), 1)
    assert peer.got == [b"who\n"]


async def test_one_who_waits_for_a_turn_hears_that_the_connection_is_dropped(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"one\n", 0.01) as one, asking(link, b"two\n", 5) as two:
        done, _ = await asyncio.wait({one, two}, timeout=1)
        assert len(done) == 2
        assert isinstance(two.exception(), DeviceOffline)
    assert peer.got == [b"one\n"]


async def test_a_question_that_is_cancelled_drops_the_connection(peer: Peer) -> None:
    async with open_tcp(peer.address) as link:
        async with asking(link, b"who\n") as answer:
            await peer.asked()
            answer.cancel()
        with pytest.raises(DeviceOffline):
            await link.exchange(b"and now\n", line(), 1.0)
    assert peer.got == [b"who\n"]


async def test_a_question_that_is_cancelled_before_its_turn_costs_nothing(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"one\n") as one:
        async with asking(link, b"two\n") as two:
            await peer.asked()
            two.cancel()
        peer.say(b"1\n")
        assert await one == b"1"
    assert peer.got == [b"one\n"]


async def test_a_wire_that_breaks_ends_the_question(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"who\n", 5.0) as answer:
        await peer.asked()
        peer.writers[0].transport.abort()
        with pytest.raises(DeviceOffline, match="closed the connection"):
            await asyncio.wait_for(answer, 1)


async def test_a_wire_that_breaks_while_it_is_idle_is_noticed(peer: Peer) -> None:
    async with open_tcp(peer.address) as link:
        await asyncio.sleep(0.005)
        peer.writers[0].close()
        with pytest.raises(DeviceOffline, match="closed the connection"):
            await asyncio.wait_for(asyncio.shield(link.lost), 1)
        with pytest.raises(DeviceOffline, match="closed the connection"):
            await link.exchange(b"who\n", line(), 1.0)


async def test_an_answer_with_which_the_peer_hangs_up_is_still_an_answer(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"who\n") as answer:
        await peer.asked()
        peer.say(b"me\n")
        peer.writers[0].close()
        assert await answer == b"me"


@pytest.mark.parametrize("error", [CommandRejected("no"), ProtocolError("not a line")])
async def test_what_the_matcher_raises_is_raised_to_who_asked(peer: Peer, error: Exception) -> None:
    def matches(_: bytes) -> bytes:
        raise error

    async with open_tcp(peer.address) as link:
        asked = asyncio.create_task(link.exchange(b"who\n", matches, 1.0))
        await peer.asked()
        peer.say(b"me\n")
        with pytest.raises(type(error), match=str(error)):
            await asked


def flood(link: StreamLink) -> None:
    for _ in range(10_000):
        link.write(bytes(SEND_BUFFER))


async def test_a_peer_that_reads_nothing_is_offline_before_much_waits_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # connections wait there, and nobody takes them
        async with open_tcp(f"tcp://127.0.0.1:{server.getsockname()[1]}") as link:
            with pytest.raises(DeviceOffline, match="takes no more bytes"):
                flood(link)
            transport = link._transport
            assert transport is not None
            assert transport.get_write_buffer_size() <= 2 * SEND_BUFFER


async def test_nobody_there_is_an_outage_with_the_reason() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    with pytest.raises(DeviceOffline, match=r"tcp://127\.0\.0\.1:\d+: Connection refused$"):
        async with open_tcp(address):
            pass


async def test_an_unknown_name_is_an_outage_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", resolve)
    with pytest.raises(DeviceOffline, match=r"tcp://no-such-host:5005: Name or service not known$"):
        async with open_tcp("tcp://no-such-host:5005"):
            pass


async def test_a_connect_that_takes_too_long_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(tcp, "CONNECT_S", 0.01)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", stuck)
    with pytest.raises(DeviceOffline, match=r"did not accept a connection within 0\.01 s"):
        async with open_tcp("tcp://127.0.0.1:5005"):
            pass


async def test_leaving_closes_the_connection(peer: Peer) -> None:
    async with open_tcp(peer.address) as link, asking(link, b"who\n") as answer:
        await peer.asked()
        peer.say(b"me\n")
        await answer
    for _ in range(100):
        if peer.writers[0].is_closing():
            break
        await asyncio.sleep(0.002)
    assert peer.writers[0].is_closing()


async def test_a_question_that_timed_out_does_not_wait_in_the_kernel_for_a_cable() -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_tcp(f"tcp://127.0.0.1:{port}") as link:
            transport = link._transport
            assert transport is not None
            sock = transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 4000
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
