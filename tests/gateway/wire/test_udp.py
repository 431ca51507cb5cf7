"""A UDP wire: one datagram asks, one answers."""

import asyncio
import socket
from collections.abc import Generator

import pytest

from gateway.core.errors import DeviceOffline
from gateway.wire.udp import open_udp


@pytest.fixture
def box() -> Generator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


def address(box: socket.socket) -> str:
    return f"udp://127.0.0.1:{box.getsockname()[1]}"


async def test_each_datagram_is_tried_as_an_answer_of_its_own(box: socket.socket) -> None:
    def matches(data: bytes) -> bytes | None:
        return data if data == b"mine" else None

    async with open_udp(address(box)) as link:
        asking = asyncio.create_task(link.exchange(b"who", matches, 1.0))
        asked, peer = await asyncio.get_running_loop().sock_recvfrom(box, 100)
        for datagram in (b"mi", b"ne", b"mine"):
            box.sendto(datagram, peer)
        assert (asked, await asking) == (b"who", b"mine")


async def test_what_others_send_is_not_heard(box: socket.socket) -> None:
    async with open_udp(address(box)) as link:
        asking = asyncio.create_task(link.exchange(b"who", lambda data: data, 1.0))
        _, peer = await asyncio.get_running_loop().sock_recvfrom(box, 100)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
            foreign.sendto(b"theirs", peer)
        await asyncio.sleep(0.01)
        box.sendto(b"ours", peer)
        assert await asking == b"ours"


async def test_a_late_answer_finds_nobody(box: socket.socket) -> None:
    async with open_udp(address(box)) as link:
        with pytest.raises(DeviceOffline, match=r"did not answer within 0\.02 s$"):
            await link.exchange(b"one", lambda data: data, 0.02)
        _, late = box.recvfrom(100)
    async with open_udp(address(box)) as link:
        asking = asyncio.create_task(link.exchange(b"two", lambda data: data, 1.0))
        _, peer = await asyncio.get_running_loop().sock_recvfrom(box, 100)
        box.sendto(b"1", late)
        box.sendto(b"2", peer)
        assert await asking == b"2"


async def test_nobody_at_the_port_is_an_outage_at_once(box: socket.socket) -> None:
    nobody = address(box)
    box.close()
    async with open_udp(nobody) as link:
        with pytest.raises(DeviceOffline, match="Connection refused"):
            await link.exchange(b"who", lambda data: data, 5.0)
