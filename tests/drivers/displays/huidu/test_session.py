"""What is made of each answer, each error, and of what is no answer at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.huidu import answers, codec
from drivers.displays.huidu.config import HuiduConfig
from drivers.displays.huidu.driver import Huidu
from drivers.displays.huidu.session import BUSY, LOST, Session
from drivers.shared.markup import Element, parse
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceError, DeviceOffline, ProtocolError
from gateway.core.model import Command
from simulators.displays.huidu.server import HuiduTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]
Configured = Callable[..., HuiduConfig]
ids = itertools.count()
LATER = ("kDownloadingFile", "kProcessing", "kSomethingNew")


def show(text: str) -> Command:
    return Command(id=f"c{next(ids)}", verb="show", params={"text": text}, deadline=0, actor="test")


def expected(name: str) -> type[DeviceError]:
    return DeviceBusy if name in BUSY else ProtocolError if name in LOST else CommandRejected


@pytest.mark.parametrize("name", [*codec.ERRORS[1:], *LATER])
async def test_every_error_is_named_and_leaves_what_is_shown(screen: Open, name: str) -> None:
    async with screen() as (driver, twin):
        await driver.execute(show("A012"))
        for as_packet in (False, *([True] if name in codec.ERRORS else [])):
            twin.levers()["nack"]({"name": name, "as_packet": as_packet})
            with pytest.raises(DeviceError, match=f"^led-03 refused with {name}$") as refusal:
                await driver.execute(show("A013"))
            assert type(refusal.value) is expected(name)
        assert driver.shown[None].laid.text == twin.seen()["text"] == "A012"
        await driver.execute(show("A014"))
        assert twin.seen()["text"] == "A014"


def test_the_errors_that_mean_more_than_no_are_those_of_the_sdk() -> None:
    assert (BUSY - set(LATER)) | LOST <= set(codec.ERRORS)


async def test_silence_is_offline(screen: Open) -> None:
    async with screen(timeout_s=0.05) as (driver, twin):
        twin.levers()["mute"]({})
        with pytest.raises(DeviceOffline):
            await driver.poll("ping")


@pytest.mark.parametrize("group", ["ping", "status"])
async def test_what_a_card_says_by_itself_is_no_answer(screen: Open, group: str) -> None:
    async with screen() as (driver, twin):
        (connection,) = twin._connections
        answer = connection.answer
        beats = codec.Packet(codec.HEARTBEAT).wire() + codec.Packet(0x3007, b"gps").wire()

        def talkative(data: bytes) -> list[bytes]:
            return [beats + b"".join(answer(data)) + beats]

        connection.answer = talkative
        assert await driver.poll(group)


async def test_an_answer_of_another_connection_is_not_taken(screen: Open) -> None:
    async with screen() as (driver, twin):
        twin.levers()["wrong_id"]({})
        with pytest.raises(ProtocolError, match="a guid that is not that of this connection"):
            await driver.execute(show("A012"))


def wire(xml: str) -> bytes:
    return codec.parts(codec.ANSWER, xml.encode())


GUID = "0123456789abcdef" * 2
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"\x00\x00", r"led sent what is no packet: 00 00$"),
        (b"HTTP/1.1 400 Bad Request", "led sent what is no packet"),
        (wire(f"<!DOCTYPE x [<!ENTITY a0 'ha'>{BOMB}]><sdk>&a9;</sdk>"), "XML with a document type"),
        (wire('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sdk>&e;</sdk>'), "XML with a document type"),
        (wire('<!DOCTYPE sdk SYSTEM "http://127.0.0.1/x.dtd"><sdk/>'), "XML with a document type"),
        (wire("<a>" * 30), "deeper than 16"),
        (wire("<a>" * (codec.MAX_XML // 3)), "deeper than 16"),
        (wire("<a>" * (2**20 // 3)), "answered M with kXmlCmdTooLong"),
        (wire(f'<sdk guid="{GUID}"><out method="M" result="kSuccess"/>'), "broken XML"),
        (codec.Packet(codec.ANSWER, codec.PART.pack(0, 0)).wire(), "broken XML: no element found"),
        (wire("<sdk/>"), "something else"),
        (wire(f'<sdk guid="{GUID}"><out method="OpenScreen" result="kSuccess"/></sdk>'), "something else"),
        (wire('<sdk guid=""><out method="M" result="kSuccess"/></sdk>'), "a guid that is not"),
        (wire(f'<sdk guid="{"a" * 65}"><out method="M" result="kSuccess"/></sdk>'), "a guid that is not"),
        (wire('<sdk guid="a&#x202e;b"><out method="M" result="kSuccess"/></sdk>'), "a guid that is not"),
        (codec.Packet(codec.ANSWER, b"1234567").wire(), "kInvalidPacketLen"),
        (codec.Packet(codec.ANSWER, codec.PART.pack(2**32 - 1, 0)).wire(), "kXmlCmdTooLong"),
        (codec.Packet(codec.ANSWER, codec.PART.pack(20, 8)).wire(), "kInvalidXmlIndex"),
        (codec.Packet(codec.ERROR).wire(), "led refused with an error without a number"),
        (codec.Packet(codec.ERROR, b"\xff\xff").wire(), "led refused with error 65535"),
        (wire(f'<sdk guid="{GUID}"><out method="M"/></sdk>'), "led refused with nothing"),
        (wire(f'<sdk guid="{GUID}"><out method="M" result="k&#x202e;{"x" * 99}"/></sdk>'), f"with k{'x' * 63}$"),
    ],
)
async def test_what_is_no_good_answer_is_one_sentence(configured: Configured, answer: bytes, why: str) -> None:
    with pytest.raises(DeviceError, match=why):
        await session(configured(id="led"), answer).ask("M")


class Wire:
    """A link that always gives the same bytes, in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def exchange(self, request: bytes, matches: Any, timeout_s: float, sent: Any = None) -> Any:
        for piece in self._pieces:
            if (found := matches(piece)) is not None:
                return found
        raise DeviceOffline("nothing more came")


def session(config: HuiduConfig, *pieces: bytes) -> Session:
    return Session(Wire(*pieces), config)


async def test_an_answer_in_parts_is_put_together(configured: Configured) -> None:
    long = wire(f'<sdk guid="{GUID}"><out method="M" result="kSuccess"><t>{"号" * 9000}</t></out></sdk>')
    out = await session(configured(), *(long[at : at + 1460] for at in range(0, len(long), 1460))).ask("M")
    assert [len(text.text) for text in out.find("t")] == [9000]


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_device_error_or_not_yet_an_answer(data: bytes, framed: bool) -> None:
    config = HuiduConfig.model_validate(
        {"id": "led", "driver": "displays.huidu", "address": "tcp://h:1", "width": 64, "height": 32}
    )
    packet = codec.Packet(codec.ANSWER, codec.PART.pack(len(data), 0) + data).wire() if framed else data
    with pytest.raises(DeviceError):
        session(config, packet).ask("M").send(None)


@pytest.mark.parametrize(
    "value", ["", "2026-13-01 00:00:00", "0000-01-01 00:00:00", "now", "2026-11-23T00:00:00", "9" * 50]
)
def test_a_time_that_is_none_is_unknown(value: str) -> None:
    assert answers.local_time(Element("out", {}, [Element("time", {"value": value})])) is None
    assert answers.local_time(Element("out")) is None


@pytest.mark.parametrize("value", ["", "-1", "101", "٣", "1e2", "9" * 5000])
def test_a_brightness_that_is_none_is_unknown(value: str) -> None:
    out = Element("out", {}, [Element("mode", {"value": "default"}), Element("default", {"value": value})])
    assert answers.brightness(out) is None


def test_reads_a_programme_as_cards_tell_it(configured: Configured) -> None:
    text = "<text><string>{}</string></text>"
    pages = f"<resource>{text.format('A012')}{text.format('请 A012&#10;到3号')}</resource>"
    ours = f'<program guid="hall-led-03"><area guid="a">{pages}</area><area/></program>'
    xml = f'<out><screen><program guid="b"><area guid="c"/></program>{ours}</screen></out>'
    assert answers.held(parse(xml.encode(), 1000), configured()) == {"a": "请A012到3号"}
    assert answers.held(parse(b"<out/>", 1000), configured()) is None
    assert answers.held(parse(b"<out><screen/></out>", 1000), configured()) == {}


async def test_a_lost_link_ends_with_a_sentence(context: FakeContext, configured: Configured) -> None:
    driver = Huidu(configured(), context)
    with pytest.raises(DeviceOffline, match="led-03 is not connected"):
        await driver.execute(show("A012"))
