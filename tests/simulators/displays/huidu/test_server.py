"""The simulated card without a socket: what it refuses, what it shows."""

import re
import runpy
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.huidu.config import HuiduConfig
from simulators.displays.huidu.server import HuiduTwin

FOLDER = Path(__file__).parents[3] / "drivers" / "displays" / "huidu"
command: Callable[..., bytes] = runpy.run_path(str(FOLDER / "independent_decoder.py"))["command"]
VERSION = bytes.fromhex("0800012007000001")
BEAT, BEATEN = bytes.fromhex("04005f00"), bytes.fromhex("04006000")


def error(number: int) -> bytes:
    return struct.pack("<HHH", 6, 0x2000, number)


PROCESS, LENGTH, TOO_LONG, INDEX, PARSE = (error(number) for number in (2, 7, 20, 21, 22))


def twin(**keys: Any) -> HuiduTwin:
    section = {"id": "led", "driver": "displays.huidu", "address": "tcp://h:1", "width": 64, "height": 32}
    return HuiduTwin(HuiduConfig.model_validate(section | keys))


class Client:
    """A client of a card that is made of the description alone."""

    def __init__(self, card: HuiduTwin) -> None:
        self.card, self._answer, self.guid = card, card.answers(), "##GUID"

    def send(self, *wire: bytes) -> bytes:
        return b"".join(reply for piece in wire for reply in self._answer(piece))

    def open(self) -> "Client":
        assert self.send(VERSION)[:4] == bytes.fromhex("0a000220")
        self.guid = re.findall(r'guid="(\w{32})"', self.ask("GetIFVersion", '<version value="1000000"/>'))[0]
        return self

    def ask(self, method: str, inner: str = "", **keys: Any) -> str:
        """The XML of the answer."""
        reply = self.send(command(inner, **({"method": method, "guid": self.guid} | keys)))
        length, number, total, offset = struct.unpack_from("<HHII", reply)
        assert (length, number, total, offset) == (len(reply), 0x2004, len(reply) - 12, 0)
        return reply[12:].decode()

    def result(self, method: str, inner: str = "", **keys: Any) -> str:
        found: list[str] = re.findall(r'result="(\w+)"', self.ask(method, inner, **keys))
        return found[0]


FONT = '<font name="SimSun" size="16" color="#00ff00" bold="false" italic="false" underline="false"/>'
EFFECT = '<effect in="0" inSpeed="4" out="0" outSpeed="4" duration="30"/>'
STYLE = '<style align="center" valign="middle"/>'


def programme(text: str = "A012", **parts: str) -> str:
    """A playlist; a part of it may be another."""
    own = {"x": "0", "w": "64", "single": "false", "style": STYLE, "font": FONT, "effect": EFFECT, "guid": "p", **parts}
    string = own.get("string", f"<string>{text}</string>")
    item = f'<text guid="t" singleLine="{own["single"]}">{own["style"]}{string}{own["font"]}{own["effect"]}</text>'
    place = f'<rectangle x="{own["x"]}" y="0" width="{own["w"]}" height="32"/>'
    area = f'<area guid="a" alpha="255">{place}<resources>{item}</resources></area>'
    control = own.get("control", '<playControl count="1" disabled="false"/>')
    program = f'<program guid="{own["guid"]}" type="normal">{control}{own.get("areas", area)}</program>'
    return f'<screen timeStamps="{own.get("stamp", "1700000000000")}">{program}</screen>'


def test_a_client_that_does_it_right_gets_its_text_onto_the_screen() -> None:
    client = Client(twin()).open()
    assert client.result("AddProgram", programme("请到三号窗口")) == "kSuccess"
    assert [(area["text"], area["colour"]) for area in client.card.seen()["areas"]] == [("请到三号窗口", "green")]
    assert client.result("UpdateProgram", programme("A013")) == "kSuccess"
    assert client.card.seen()["text"] == "A013"
    assert client.card.seen()["commands"] == {"obeyed": 3, "refused": 0}


def test_the_version_comes_first_then_the_guid() -> None:
    client = Client(twin())
    asked = command('<version value="1000000"/>', "GetIFVersion")
    assert client.send(asked) == PROCESS
    client.send(VERSION)
    assert client.result("GetDeviceInfo") == "kInvalidGUID"
    client.open()
    assert client.result("GetDeviceInfo") == "kSuccess"
    for guid in ("##GUID", "0" * 32, client.guid.upper() + "x", ""):
        assert client.result("GetDeviceInfo", guid=guid) == "kInvalidGUID"
    assert client.result("GetIFVersion", '<version value="1000000"/>') == "kInvalidGUID"
    other = Client(client.card).open()
    assert other.result("GetDeviceInfo", guid=client.guid) == "kInvalidGUID"


def test_a_heartbeat_is_answered_at_any_time() -> None:
    client = Client(twin())
    assert client.send(BEAT) == BEATEN
    assert client.open().send(BEAT, BEAT) == BEATEN * 2


@pytest.mark.parametrize("counts", ["characters", "two"])
def test_a_length_that_counts_characters_cuts_the_xml_off(counts: str) -> None:
    """Two for each hanzi is how another client counts: six hanzi cut exactly the last tag off."""
    client = Client(twin()).open()
    wrong = {"method": "AddProgram", "guid": client.guid, "counts": counts}
    assert client.send(command(programme("请到三号窗口"), **wrong)) == PARSE
    assert client.card.seen()["text"] == ""
    assert client.result("AddProgram", programme("A012"), counts=counts) == "kSuccess"


def test_a_long_command_comes_in_parts_and_only_in_their_order() -> None:
    client = Client(twin(width=1024, height=64)).open()
    long = programme("到3号窗口" * 1300, w="1024")
    whole = command(long, "AddProgram", client.guid)
    parts = [whole[:8012], whole[8012:16024], whole[16024:]]
    assert len(parts[2]) > 0
    assert client.send(parts[0], parts[1], parts[1]) == INDEX
    assert client.send(parts[2]) == INDEX
    assert client.send(parts[0], parts[2]) == INDEX
    assert client.card.seen()["areas"] == []
    assert b"kSuccess" in client.send(parts[0], BEAT, *parts)
    assert client.card.seen()["areas"][0]["text"] == "到3号窗口" * 1300


@pytest.mark.parametrize(
    ("wire", "answer"),
    [
        (b"\x02\x00", LENGTH),
        (b"GET / HTTP/1.1\r\n", LENGTH),
        (struct.pack("<HHB", 5, 0x2001, 1), LENGTH),
        (struct.pack("<HHI", 8, 0x2003, 1), LENGTH),
        (struct.pack("<HHII", 12, 0x2003, 2**31, 0), TOO_LONG),
        (struct.pack("<HHII", 12, 0x2003, 10, 4), INDEX),
        (struct.pack("<HHII", 12, 0x2003, 0, 0), PARSE),
        (struct.pack("<HH", 4, 0x8001), PROCESS),
        (command("<a>", "GetDeviceInfo"), PARSE),
        (command("<a/>" * 20_000, "GetDeviceInfo"), PARSE),
        (command("<a>" * 20 + "</a>" * 20, "GetDeviceInfo"), PARSE),
        (command("&nbsp;", "GetDeviceInfo"), PARSE),
        (struct.pack("<HHII", 28, 0x2003, 16, 0) + b"<!DOCTYPE a><a/>", PARSE),
        (struct.pack("<HHII", 18, 0x2003, 6, 0) + b"<sdk/>", PARSE),
    ],
)
def test_what_is_no_command_is_answered_with_an_error(wire: bytes, answer: bytes) -> None:
    client = Client(twin()).open()
    assert client.send(wire) == answer


def test_nothing_is_heard_behind_what_is_no_packet() -> None:
    client = Client(twin()).open()
    assert client.send(b"\x00\x00" + BEAT) == LENGTH
    assert client.send(BEAT) == b""
    assert Client(client.card).send(BEAT) == BEATEN


@pytest.mark.parametrize(
    ("inner", "error"),
    [
        ("", "kTagNotFound"),
        ("<screen timeStamps='1'/>", "kTagNotFound"),
        (programme(stamp="now"), "kInvalidParam"),
        (programme(guid=""), "kAttrNotFound"),
        (programme(control=""), "kTagNotFound"),
        (programme(areas='<area guid="a" alpha="255"/>'), "kTagNotFound"),
        (programme(x="1"), "kInvalidParam"),
        (programme(x="-1"), "kInvalidParam"),
        (programme(x="٣"), "kInvalidParam"),
        (programme(w="0"), "kInvalidParam"),
        (programme(single="yes"), "kInvalidParam"),
        (programme(style=""), "kTagNotFound"),
        (programme(style='<style align="middle" valign="middle"/>'), "kInvalidParam"),
        (programme(string=""), "kTagNotFound"),
        (programme(font=FONT.replace("SimSun", "Arial")), "kInvalidParam"),
        (programme(font=FONT.replace("16", "0")), "kInvalidParam"),
        (programme(font=FONT.replace("#00ff00", "green")), "kInvalidParam"),
        (programme(effect=EFFECT.replace('in="0"', 'in="30"')), "kInvalidParam"),
        (programme(effect=EFFECT.replace('inSpeed="4"', 'inSpeed="9"')), "kInvalidParam"),
        (programme(effect=EFFECT.replace('in="0"', 'in="26"')), "kInvalidParam"),
        (programme(effect=EFFECT.replace('"30"', '"0"')), "kInvalidParam"),
    ],
)
def test_a_programme_that_cannot_be_is_refused_whole(inner: str, error: str) -> None:
    client = Client(twin()).open()
    assert client.result("AddProgram", programme("OLD")) == "kSuccess"
    assert client.result("AddProgram", inner) == error
    assert client.card.seen()["text"] == "OLD"


@pytest.mark.parametrize(
    ("method", "inner", "error"),
    [
        ("Explode", "", "kInvalidMethod"),
        ("", "", "kInvalidMethod"),
        ("UpdateProgram", programme(guid="unknown"), "kNodeNotExist"),
        ("SetLuminancePloy", '<mode value="default"/><default value="50"/><ploy/>', "kParseXmlFailed"),
        ("SetTimeInfo", '<timezone value="(UTC+08:00)x"/><summer enable="false"/>', "kTagNotFound"),
    ],
)
def test_a_command_that_cannot_be_obeyed_names_its_error(method: str, inner: str, error: str) -> None:
    client = Client(twin()).open()
    assert client.result(method, inner) == error
    assert client.card.seen()["commands"] == {"obeyed": 1, "refused": 1}


LIGHT = '<mode value="default"/><default value="{}"/><ploy/><sensor min="1" max="100" time="5"/>'
TIME = '<timezone value="(UTC{})x"/><summer enable="false"/><sync value="{}"/><time value="{}"/>'


def test_brightness_and_time_have_bounds() -> None:
    client = Client(twin()).open()
    results = [client.result("SetLuminancePloy", LIGHT.format(percent)) for percent in ("0", "101", "x", "40")]
    assert results == ["kInvalidParam"] * 3 + ["kSuccess"]
    assert (client.card.seen()["brightness"], "40" in client.ask("GetLuminancePloy")) == (40, True)
    wrong = [("+09:00", "none", "2030-01-01 00:00:00"), ("+08:00", "network", "2030-01-01 00:00:00")]
    for zone, sync, told in [*wrong, ("+08:00", "none", "2030-01-01")]:
        assert client.result("SetTimeInfo", TIME.format(zone, sync, told)) == "kInvalidParam"
    assert client.result("SetTimeInfo", TIME.format("+08:00", "none", "2030-01-01 00:00:00")) == "kSuccess"
    assert "2030-01-01 00:00:0" in client.ask("GetTimeInfo")
    assert client.card.seen()["clock"].startswith("2030-01-01 00:00:0")


def test_a_restart_forgets_texts_and_guids() -> None:
    client = Client(twin()).open()
    client.result("AddProgram", programme("A012"))
    client.result("CloseScreen")
    assert (client.card.seen()["text"], client.card.seen()["on"]) == ("", False)
    client.card.levers()["silent_reboot"]({})
    assert (client.card.seen()["text"], client.card.seen()["on"], client.card.seen()["reboots"]) == ("", True, 1)
    assert client.result("GetDeviceInfo") == "kInvalidGUID"
    assert client.open().result("UpdateProgram", programme("A013")) == "kNodeNotExist"


def test_refuses_as_often_as_told() -> None:
    client = Client(twin()).open()
    client.card.levers()["nack"]({"count": 2, "name": "kSomethingNew"})
    assert [client.result("OpenScreen") for _ in range(3)] == ["kSomethingNew"] * 2 + ["kSuccess"]
    client.card.levers()["nack"]({"name": "kDeviceOccupa", "as_packet": True})
    assert client.send(command("", "OpenScreen", client.guid)) == error(4)
    with pytest.raises(ValueError, match="kSomethingNew has no number"):
        client.card.levers()["nack"]({"name": "kSomethingNew", "as_packet": True})


def test_several_commands_in_one_document_are_answered_in_their_order() -> None:
    client = Client(twin()).open()
    answer = client.ask("CloseScreen", '</in><in method="Explode"/><in method="OpenScreen">')
    assert re.findall(r'method="(\w+)" result="(\w+)"', answer) == [
        ("CloseScreen", "kSuccess"),
        ("Explode", "kInvalidMethod"),
        ("OpenScreen", "kSuccess"),
    ]


@given(st.lists(st.binary(max_size=60) | st.sampled_from([VERSION, BEAT, command("<a/>", "AddProgram")]), max_size=12))
def test_garbage_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes]) -> None:
    def replies(*given: bytes) -> bytes:
        return Client(twin()).send(*given)

    wire = b"".join(pieces)
    assert replies(wire) == replies(*pieces) == replies(*(bytes([byte]) for byte in wire))
