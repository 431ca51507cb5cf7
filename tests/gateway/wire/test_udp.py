"""A UDP wire: one datagram asks, one answers."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import suppress

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


async def heard(box: socket.socket) -> tuple[bytes, tuple[str, int]]:
    """The next question, and where it came from."""
    async with asyncio.timeout(1.0):
        return await asyncio.get_running_loop().sock_recvfrom(box, 100)


async def test_a_question_is_asked_again_until_it_is_answered_and_told_as_sent_once(box: socket.socket) -> None:
    sent: list[bool] = []
    async with open_udp(address(box), again_s=0.01) as link:
        asking = asyncio.create_task(link.exchange(b"who", lambda data: data, 1.0, lambda: sent.append(True)))
        asked = [await heard(box) for _ in range(4)]
        assert {question for question, _ in asked} == {b"who"}
        assert len({peer for _, peer in asked}) == 1
        box.sendto(b"me", asked[0][1])
        assert (await asking, sent) == (b"me", [True])


async def test_a_question_that_may_not_be_asked_twice_is_not(box: socket.socket) -> None:
    async with open_udp(address(box)) as link:
        with pytest.raises(DeviceOffline):
            await link.exchange(b"open the door", lambda data: data, 0.05)
    assert box.recvfrom(100)[0] == b"open the door"
    with pytest.raises(BlockingIOError):
        box.recvfrom(100)


async def test_repeating_ends_with_the_time_out(box: socket.socket) -> None:
    async with open_udp(address(box), again_s=0.02) as link:
        with pytest.raises(DeviceOffline, match=r"did not answer within 0\.05 s$"):
            await link.exchange(b"who", lambda data: data, 0.05)
    asked: list[bytes] = []
    with suppress(BlockingIOError):
        while True:
            asked.append(box.recvfrom(100)[0])
    assert set(asked) == {b"who"}
    assert 2 <= len(asked) <= 4


async def test_the_second_answer_to_a_question_that_was_repeated_finds_nobody(box: socket.socket) -> None:
    async with open_udp(address(box), again_s=0.01) as link:
        for question in (b"1", b"2", b"3"):
            asking = asyncio.create_task(link.exchange(question, lambda data: data, 1.0))
            _, first = await heard(box)
            again, _ = await heard(box)
            box.sendto(again, first)
            assert await asking == question
            box.sendto(b"late", first)
        assert not link.lost.done()
        asking = asyncio.create_task(link.exchange(b"4", lambda data: data, 1.0))
        while (asked := await heard(box))[0] != b"4":
            pass
        box.sendto(b"4", asked[1])
        assert await asking == b"4"


async def test_an_answer_at_once_leaves_the_port_as_it_is(box: socket.socket) -> None:
    peers: set[tuple[str, int]] = set()
    async with open_udp(address(box), again_s=0.5) as link:
        for _ in range(3):
            asking = asyncio.create_task(link.exchange(b"who", lambda data: data, 1.0))
            _, peer = await heard(box)
            peers.add(peer)
            box.sendto(b"me", peer)
            await asking
    assert len(peers) == 1


async def test_nobody_at_the_port_is_an_outage_at_once_also_where_it_would_be_asked_again(box: socket.socket) -> None:
    nobody = address(box)
    box.close()
    async with open_udp(nobody, again_s=0.05) as link:
        with pytest.raises(DeviceOffline, match="Connection refused"):
            await link.exchange(b"who", lambda data: data, 5.0)
        assert link.lost.done()


async def test_being_cancelled_while_it_asks_again_leaves_no_socket_behind(box: socket.socket) -> None:
    async with open_udp(address(box), again_s=0.001) as link:
        asking = asyncio.create_task(link.exchange(b"who", lambda data: data, 1.0))
        for _ in range(3):
            await heard(box)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(DeviceOffline):
            await link.exchange(b"who", lambda data: data, 1.0)
