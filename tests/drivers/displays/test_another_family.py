"""A driver that was pointed at a box of another family: it says in a sentence that this is none of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from drivers.displays.escpos_printer.driver import EscposPrinter
from drivers.displays.huidu.driver import Huidu
from drivers.displays.ledsender import codec
from drivers.displays.ledsender.driver import LedSender
from drivers.displays.onbon_dynamic.driver import OnbonDynamic
from drivers.displays.onbon_k.driver import OnbonK
from gateway.core.contract import Driver
from gateway.core.errors import DeviceOffline, ProtocolError

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

SIZE = {"width": 64, "height": 32}


def vector(driver: str, name: str, line: int) -> bytes:
    """A frame of a vector file."""
    lines = Path(__file__).with_name(driver).joinpath("vectors", f"{name}.hex").read_text("utf-8").splitlines()
    return bytes.fromhex(lines[line].partition("#")[0])


class Family(NamedTuple):
    """A driver, its section of the site file, and what a box of its own says yes with."""

    driver: type[Driver[Any]]
    keys: dict[str, Any]
    answer: bytes
    scheme: str = "tcp"


BEGUN = codec.Reply(codec.BEGIN, 0, 1).packet(codec.Packet(command=codec.BEGIN, card=0), card=0).wire(checked=False)
FAMILIES = {
    "onbon_k": Family(OnbonK, {**SIZE, "model": "6K2"}, vector("onbon_k", "k11", 1)),
    "onbon_dynamic": Family(OnbonDynamic, {**SIZE, "model": "BX-6E1"}, vector("onbon_dynamic", "d3", 1)),
    "ledsender": Family(LedSender, SIZE, BEGUN, "udp"),
    "huidu": Family(Huidu, SIZE, vector("huidu", "h5", 2) + vector("huidu", "h6", 2)),
    "escpos_printer": Family(EscposPrinter, {}, bytes.fromhex("16 12 12 12")),
}
STRANGERS = {**{name: family.answer for name, family in FAMILIES.items()}, "web": b"HTTP/1.1 400 Bad Request\r\n\r\n"}


class Stranger(asyncio.Protocol, asyncio.DatagramProtocol):
    """Answers whatever it is asked with the same."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(self._answer, addr)


@asynccontextmanager
async def answering(scheme: str, answer: bytes) -> AsyncGenerator[str]:
    """A box that gives everybody the same answer; gives its address."""
    loop, box = asyncio.get_running_loop(), partial(Stranger, answer)
    if scheme == "udp":
        transport, _ = await loop.create_datagram_endpoint(box, local_addr=("127.0.0.1", 0))
        try:
            yield f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        finally:
            transport.close()
        return
    async with await loop.create_server(box, "127.0.0.1", 0) as server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(("name", "stranger"), [pair for pair in product(FAMILIES, STRANGERS) if pair[0] != pair[1]])
async def test_a_box_of_another_family_is_never_taken_for_one_of_ours(
    context: FakeContext, name: str, stranger: str
) -> None:
    driver_type, keys, _, scheme = FAMILIES[name]
    async with answering(scheme, STRANGERS[stranger]) as address:
        section = {"id": "box", "driver": f"displays.{name}", "address": address, "timeout_s": 0.1, **keys}
        driver = driver_type(driver_type.config_type.model_validate(section), context)
        with pytest.raises((DeviceOffline, ProtocolError), match=f"^(box|{address}) "):
            async with driver.connect():
                pytest.fail("it was taken for one")
