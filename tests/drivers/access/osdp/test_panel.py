"""What is made good of libosdp: its unseeded challenges, the events that it keeps, and what it might say in clear."""

import gc
import subprocess
import sys

import pytest

from drivers.access.osdp import codec
from drivers.access.osdp.library import osdp_sys
from drivers.access.osdp.panel import Panel, Unsafe
from simulators.access.osdp.device import Device

KEY = bytes(range(16))
CARD = {"event": 1, "reader_no": 0, "format": 1, "direction": 0, "length": 26, "data": bytes.fromhex("bdd93740")}


def device(key: bytes | None = KEY) -> Device:
    return Device(5, key, lambda _: True, clear=key is None, numbers={}, serial=1)


def panel(key: bytes | None = KEY) -> Panel:
    return Panel(codec.Wire(), 5, key, enforce=key is not None)


def exchange(own: Panel, reader: Device) -> bytes:
    """One question and its answer; gives the question, empty where there is none."""
    question = own.question()
    if question:
        own.hear(reader.hear(question))
    return question


def shaken(own: Panel, reader: Device) -> list[codec.Frame]:
    """Shake hands; gives what was asked."""
    asked: list[codec.Frame] = []
    while not own.online:
        found = codec.read(exchange(own, reader).removeprefix(b"\xff"))
        assert found is not None
        asked.append(found)
    return asked


def asks(own: Panel, reader: Device) -> None:
    """Go on until something is asked."""
    while not exchange(own, reader):
        pass


def test_shakes_hands_and_hears_a_card() -> None:
    own, reader = panel(), device()
    assert [frame.code for frame in shaken(own, reader)] == [codec.ID, codec.CAP, codec.CHLNG, codec.SCRYPT]
    assert own.secure
    reader.say(CARD)
    while not own.events():
        exchange(own, reader)
    assert own.events()[0] == {**CARD}


def test_challenges_are_never_the_same_twice() -> None:
    """libosdp alone begins every process with the same ones: a recorded conversation could be played to it again."""
    code = (
        "from drivers.access.osdp.codec import Wire\n"
        "from drivers.access.osdp.panel import Panel\n"
        "from simulators.access.osdp.device import Device\n"
        "own = Panel(Wire(), 5, bytes(16), enforce=True)\n"
        "reader = Device(5, bytes(16), bool, clear=False, numbers={}, serial=1)\n"
        "while own.asked != 0x76:\n"
        "    question = own.question()\n"
        "    own.hear(reader.hear(question))\n"
        "print(question[-10:-2].hex())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=30).stdout
        for _ in range(2)
    ]
    assert runs[0] != runs[1]
    assert len(runs[0].strip()) == 16


def test_what_a_reader_says_leaves_nothing_behind() -> None:
    """libosdp's Python module never frees the events that it hands out: two of them for every handshake."""
    wire, reader = codec.Wire(), device()

    def shake(times: int) -> int:
        for _ in range(times):
            shaken(Panel(wire, 5, KEY, enforce=True), reader)
        gc.collect()
        return sys.getallocatedblocks()

    before = shake(50)
    assert shake(1500) - before < 1500


def test_would_rather_fail_than_say_a_word_in_clear_to_a_reader_that_has_a_key() -> None:
    own, reader = panel(None), device(None)
    shaken(own, reader)
    own._enforce = True
    with pytest.raises(Unsafe, match="command 60"):
        asks(own, reader)


def test_a_question_that_cannot_be_read_is_not_sent_to_a_reader_that_has_a_key() -> None:
    own, reader = panel(), device()
    shaken(own, reader)
    own._wire.said = b"\xff\x53\x05\x09\x00\x04\x60\x00\x00"  # a command in clear, and its CRC is wrong
    with pytest.raises(Unsafe, match="a question that cannot be read"):
        own.question()


def test_a_reader_that_restarts_is_given_up_at_once_and_not_after_five_minutes() -> None:
    own, reader = panel(), device()
    shaken(own, reader)
    restarted = device()
    while not own.offline:
        exchange(own, restarted)
    assert not own.online
    again = panel()
    shaken(again, restarted)
    assert again.secure


def test_says_whether_a_command_was_obeyed() -> None:
    own, reader = panel(), Device(5, KEY, lambda command: command["rep_count"] < 3, clear=False, numbers={}, serial=1)
    shaken(own, reader)
    for times, obeyed in ((1, True), (3, False)):
        tone = {"reader": 0, "control_code": 2, "on_count": 1, "off_count": 1, "rep_count": times}
        assert own.submit({"command": osdp_sys.CMD_BUZZER, **tone})
        while not own.obeyed():
            exchange(own, reader)
        assert own.obeyed().popleft() == obeyed
    assert own.offline
