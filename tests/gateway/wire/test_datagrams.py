"""A UDP port that devices share: each datagram goes to one device, and nothing is lost uncounted."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from child import free_port

from gateway.core.errors import GatewayError
from gateway.wire.inlet import WAITING, Inlets


def by_source(_: bytes, source: str) -> str:
    return source


def by_serial(body: bytes, _: str) -> str | None:
    """The serial number of an invented controller: S and four digits."""
    return body[1:5].decode("ascii", "replace") if body[:1] == b"S" else None


class Field:
    """The inlets, what they dropped, and a device's socket on each loopback address."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.inlets = Inlets(lambda reason: self.dropped.update([reason]))
        self.port = free_port()
        self._sockets: dict[str, socket.socket] = {}

    def device(self, address: str = "127.0.0.1") -> socket.socket:
        if address not in self._sockets:
            self._sockets[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets[address].bind((address, 0))
            self._sockets[address].settimeout(2)
        return self._sockets[address]

    def send(self, body: bytes, address: str = "127.0.0.1") -> None:
        self.device(address).sendto(body, ("127.0.0.1", self.port))

    async def counted(self, reason: str, count: int) -> None:
        async with asyncio.timeout(5):
            while self.dropped[reason] < count:  # noqa: ASYNC110 - what is dropped wakes nobody
                await asyncio.sleep(0.002)

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()


@pytest.fixture
def field() -> Iterator[Field]:
    made = Field()
    yield made
    made.close()


async def test_devices_share_a_port_by_their_address(field: Field) -> None:
    with (
        field.inlets.open(f"udp:127.0.0.1:{field.port}/127.0.0.2", by_source) as two,
        field.inlets.open(f"udp:127.0.0.1:{field.port}/127.0.0.3", by_source) as three,
    ):
        field.send(b"from three", "127.0.0.3")
        field.send(b"from two", "127.0.0.2")
        first, second = await three.contact(), await two.contact()
    assert [(each.method, each.source, each.body) for each in (first, second)] == [
        ("DATAGRAM", "127.0.0.3", b"from three"),
        ("DATAGRAM", "127.0.0.2", b"from two"),
    ]
    assert field.dropped == {}


async def test_two_protocols_share_a_port_and_each_reads_its_own_key(field: Field) -> None:
    spec = f"udp:127.0.0.1:{field.port}"
    with (
        field.inlets.open(f"{spec}/0042", by_serial) as controller,
        field.inlets.open(f"{spec}/127.0.0.5", by_source) as other,
    ):
        field.send(b"S0042 swipe", "127.0.0.4")
        field.send(b"trap", "127.0.0.5")
        assert (await controller.contact()).body == b"S0042 swipe"
        assert (await other.contact()).body == b"trap"


async def test_a_datagram_is_answered_to_who_sent_it(field: Field) -> None:
    with field.inlets.open(f"udp:127.0.0.1:{field.port}/0042", by_serial) as inlet:
        field.send(b"S0042")
        contact = await inlet.contact()
        contact.answer(200, b"heard")
        contact.answer(200)
        assert await asyncio.to_thread(field.device().recv, 100) == b"heard"


async def test_what_belongs_to_nobody_is_counted(field: Field) -> None:
    with field.inlets.open(f"udp:127.0.0.1:{field.port}/0042", by_serial):
        for body in (b"S9999", b"", b"garbage", b"x" * 60_000):
            field.send(body)
        await field.counted("inlet.unknown", 4)


async def test_a_flood_fills_one_queue_and_the_rest_is_counted(field: Field) -> None:
    with (
        field.inlets.open(f"udp:127.0.0.1:{field.port}/0001", by_serial) as flooded,
        field.inlets.open(f"udp:127.0.0.1:{field.port}/0002", by_serial) as other,
    ):
        for _ in range(WAITING + 10):
            field.send(b"S0001")
        field.send(b"S0002")
        assert (await asyncio.wait_for(other.contact(), 5)).body == b"S0002"
        await field.counted("inlet.full", 10)
        assert flooded.queue.qsize() == WAITING


async def test_the_port_is_given_back_with_its_last_device(field: Field) -> None:
    spec = f"udp:127.0.0.1:{field.port}"
    with ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        first.enter_context(field.inlets.open(f"{spec}/0001", by_serial))
        stack.enter_context(field.inlets.open(f"{spec}/0002", by_serial))
        first.close()
        with pytest.raises(OSError, match="in use"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", field.port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", field.port))


async def test_a_port_that_somebody_else_has_is_an_os_error_and_leaves_nothing_behind(field: Field) -> None:
    spec = f"udp:127.0.0.1:{field.port}/0001"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", field.port))
        with pytest.raises(OSError, match="in use"), field.inlets.open(spec, by_serial):
            pass
    with field.inlets.open(spec, by_serial) as inlet:
        field.send(b"S0001")
        assert (await inlet.contact()).body == b"S0001"


async def test_a_port_that_somebody_else_has_is_told_once_and_so_is_that_it_is_had_again(
    field: Field, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gateway")
    spec = f"udp:127.0.0.1:{field.port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", field.port))
        for key in ("0001", "0002", "0001"):
            with pytest.raises(OSError, match="in use"), field.inlets.open(f"{spec}/{key}", by_serial):
                pass
    for key in ("0001", "0002"):
        with field.inlets.open(f"{spec}/{key}", by_serial):
            pass
    assert caplog.messages == [f"{spec} cannot be listened to: Address already in use", f"{spec} is listened to"]


@pytest.mark.parametrize("spec", ["udp:162", "udp:x/1", "udp:/1", "udp:70000/1", "udp:162/"])
async def test_a_port_of_another_form_is_refused(spec: str) -> None:
    with pytest.raises(GatewayError, match="must be udp:PORT/KEY"), Inlets().open(spec, by_source):
        pass


async def test_a_port_without_a_key_function_is_refused() -> None:
    with pytest.raises(GatewayError, match="and a key function"), Inlets().open("udp:1162/1"):
        pass


async def test_two_devices_cannot_have_one_key(field: Field) -> None:
    spec = f"udp:127.0.0.1:{field.port}/0001"
    with field.inlets.open(spec, by_serial):
        with pytest.raises(GatewayError, match="already used"), field.inlets.open(spec, by_serial):
            pass
        field.send(b"S0002")
        await field.counted("inlet.unknown", 1)
