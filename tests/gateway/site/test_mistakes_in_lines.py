"""Seeded mistakes in lines and in what hangs on them: found at their lines, in words for the field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.calls.config import SECTIONS
from gateway.site.load import load

CARD = "driver: displays.onbon_k, model: 6K2, width: 64, height: 16"
SERIAL = "must be serial:///dev/NAME?baud=9600&parity=N|E|O&stop=1|2&bits=7|8"
PICTURES = "driver: displays.onbon_dynamic, model: BX-6E1, width: 128, height: 32"
SECONDS = (
    "must be tcp://HOST:PORT: at {baud} baud the 2048 bytes of a called number's pictures, blinking and steady, would "
    "take {seconds} s, and all others on the wire would wait"
)
OWN = "must be the card's own number on a shared line: to 65534 they all answer"
BUS = "lines:\n  - {id: bus-1, address: 'serial:///dev/ttyUSB0?baud=9600'}\n"  # two lines


def led(number: int, **keys: object) -> str:
    """A device on bus-1, one line of the file."""
    given = {"address": "'line:bus-1'", "screen": number} | keys
    return f"  - {{id: led-{number}, {CARD}, {', '.join(f'{key}: {value}' for key, value in given.items())}}}\n"


MISTAKES = {
    "lines that are no list": ("lines: {bus-1: {}}", ["2: lines: must be a list"]),
    "a line without an address": ("lines:\n  - {id: bus-1}", ["3: lines[0].address: is missing"]),
    "an unknown key of a line": (
        "lines:\n  - {id: bus-1, address: 'tcp://10.0.0.5:4001', turnaround: 20}",
        [
            "3: lines[0].turnaround: unknown key 'turnaround' (did you mean 'turnaround_ms'?); "
            "allowed: address, id, turnaround_ms"
        ],
    ),
    "a line twice": (
        BUS + "  - {id: bus-1, address: 'tcp://10.0.0.5:4001'}",
        ["4: lines[1].id: 'bus-1' is already used by lines[0]"],
    ),
    "a rest without end": (
        "lines:\n  - {id: bus-1, address: 'tcp://10.0.0.5:4001', turnaround_ms: 60000}",
        ["3: lines[0].turnaround_ms: must be at most 1000; given: 60000"],
    ),
    "a line on a line": (
        "lines:\n  - {id: bus-1, address: 'line:bus-2'}",
        [
            "3: lines[0].address: must be tcp://HOST:PORT or serial:///dev/NAME or rfc2217://HOST:PORT; "
            'given: "line:bus-2"'
        ],
    ),
    "a speed that no port has": (
        "lines:\n  - {id: bus-1, address: 'serial:///dev/ttyS0?baud=12'}",
        [f'3: lines[0].address: {SERIAL}; given: "serial:///dev/ttyS0?baud=12"'],
    ),
    "a setting that no port has": (
        "lines:\n  - {id: bus-1, address: 'serial:///dev/ttyS0?speed=9600'}",
        [f'3: lines[0].address: {SERIAL}; given: "serial:///dev/ttyS0?speed=9600"'],
    ),
    "a setting twice": (
        "lines:\n  - {id: bus-1, address: 'serial:///dev/ttyS0?baud=9600&baud=19200'}",
        [f'3: lines[0].address: {SERIAL}; given: "serial:///dev/ttyS0?baud=9600&baud=19200"'],
    ),
    "a port that is no path": (
        "lines:\n  - {id: bus-1, address: 'serial://ttyS0'}",
        [f'3: lines[0].address: {SERIAL}; given: "serial://ttyS0"'],
    ),
    "two lines on one port": (
        BUS + "  - {id: bus-2, address: 'serial:///dev/ttyUSB0?baud=19200'}",
        ["4: lines[1].address: 'serial:///dev/ttyUSB0?baud=19200' is already used by lines[0]"],
    ),
    "a device on the port of a line": (
        BUS + "devices:\n" + led(1, address="'serial:///dev/ttyUSB0'"),
        ["5: devices[0].address: 'serial:///dev/ttyUSB0' is already used by lines[0]"],
    ),
    "two cards with one number on a line": (
        BUS + "devices:\n" + led(1) + led(2, screen=1),
        ["6: devices[1].screen: 1 on line 'bus-1' is already used by devices[0]"],
    ),
    "a card on a line that answers to all": (
        BUS + "devices:\n" + led(1, screen=65534),
        [
            f"5: devices[0].screen: {OWN}; given: 65534",
        ],
    ),
    "pictures over a line": (
        BUS + f"devices:\n  - {{id: led-1, {PICTURES}, address: 'line:bus-1'}}",
        [f'5: devices[0].address: {SECONDS.format(baud=9600, seconds=2.1)}; given: "line:bus-1"'],
    ),
    "pictures over a port of their own": (
        f"devices:\n  - {{id: led-1, {PICTURES}, address: 'serial:///dev/ttyS0?baud=57600'}}",
        [f'3: devices[0].address: {SECONDS.format(baud=57600, seconds=0.4)}; given: "serial:///dev/ttyS0?baud=57600"'],
    ),
    "pictures over a line whose serial server does not tell its speed": (
        f"lines: [{{id: far, address: 'tcp://h:4001'}}]\ndevices:\n  - {{id: led-1, {PICTURES}, address: 'line:far'}}",
        [f'4: devices[0].address: {SECONDS.format(baud=9600, seconds=2.1)}; given: "line:far"'],
    ),
    "a card on a line without a number": (
        BUS + f"devices:\n  - {{id: led-1, {CARD}, address: 'line:bus-1'}}",
        [
            f"5: devices[0].screen: {OWN}; given: 65534",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_says_where_the_mistake_is_and_what_is_allowed(
    text: str, expected: list[str], complaints: Callable[..., list[str]]
) -> None:
    assert complaints("site: {id: hall, name: 大厅}\n" + text) == [f"site:{line}" for line in expected]


def test_a_line_that_nobody_is_on_is_no_mistake_and_one_number_on_two_lines_neither(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    others = (
        "  - {id: bus-2, address: 'rfc2217://10.0.0.5:4001?baud=19200&parity=E'}\n  - {id: bus-3, address: tcp://h:1}\n"
    )
    text = (
        "site: {id: hall, name: A}\n" + BUS + others + "devices:\n" + led(1) + led(2, screen=1, address="'line:bus-2'")
    )
    path.write_text(text)
    site = load(path, SECTIONS)
    assert [device.line for device in site.devices] == ["bus-1", "bus-2"]


def test_an_overlay_lays_lines_by_their_ids(tmp_path: Path) -> None:
    path, over = tmp_path / "site.yaml", tmp_path / "over.yaml"
    path.write_text("site: {id: hall, name: A}\n" + BUS)
    over.write_text("lines:\n  bus-1: {address: 'serial:///dev/pts/7'}\n")
    assert load(path, SECTIONS, overlays=[over]).general.lines[0].address == "serial:///dev/pts/7"


def test_a_mistake_in_a_line_of_an_overlay_is_told_with_the_overlays_line(complaints: Callable[..., list[str]]) -> None:
    found = complaints("site: {id: hall, name: A}\n" + BUS, over="lines:\n  bus-1: {address: tcp}\n  bus-2: {}")
    assert found == [
        'over:2: lines.bus-1.address: must be tcp://HOST:PORT with a port from 1 to 65535; given: "tcp"',
        "over:3: lines.bus-2: there is no line 'bus-2' (did you mean 'bus-1'?); there are: bus-1",
    ]
