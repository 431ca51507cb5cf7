"""Why a command or a person is refused: the lists in docs/reference/drivers.md are those of the code."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from drivers.access.hikvision import events as hikvision
from drivers.access.osdp.cards import Misread, person
from drivers.access.uhppote import happenings as uhppote
from drivers.access.uhppote.codec.log import EventRecord, Kind
from drivers.access.zkteco_push import events as zkteco
from drivers.access.zkteco_push.orders import SENTENCES
from gateway.core.access import Happening

HOUSE = Path(__file__).parents[3]
PAGE = (HOUSE / "docs/reference/drivers.md").read_text("utf-8")
DRIVERS = ["uhppote", "osdp", "zkteco_push", "hikvision"]
REFUSED = {Happening.DENIED, Happening.BUTTON_REFUSED}
REFUSALS = {"CommandRejected", "NotSupported"}
Reasons = set[tuple[str, str, str]]


def table(driver: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading of a driver's section."""
    section = PAGE.partition(f"\n## access.{driver}\n")[2].partition("\n## ")[0]
    text = section.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]


def told(driver: str) -> Reasons:
    """Every reason, event and code of the table of those who may not pass."""
    rows = table(driver, f"Why access.{driver} refuses a person")
    return {(reason, event.strip("`"), code) for reason, event, codes in rows for code in codes.split(", ")}


def shape(given: ast.expr, module: ast.Module) -> str:
    """A sentence with an ellipsis for all that is filled in."""
    match given:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(value.value) if isinstance(value, ast.Constant) else "…" for value in values)
        case ast.Call(func=ast.Name(id="lacks"), args=[_, ast.Constant(value=str(what)), *_]):
            return f"… has no {what} …; it has: …"
        case ast.Name(id=name):
            (made,) = [
                each.value
                for each in ast.walk(module)
                if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == name
            ]
            return shape(made, module)
        case _:
            raise AssertionError(ast.unparse(given))


def refusals(driver: str) -> Iterator[str]:
    """The shape of every sentence with which a driver refuses a command."""
    for path in sorted((HOUSE / "drivers/access" / driver).rglob("*.py")):
        module = ast.parse(path.read_text())
        for call in ast.walk(module):
            if not isinstance(call, ast.Call) or isinstance(call.func, ast.Attribute):
                continue
            if REFUSALS & {*re.findall(r"\w+", ast.unparse(call.func))}:  # `{404: NotSupported}.get(…)(why)` as well
                yield shape(call.args[0], module)


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_reason_why_a_command_is_refused_is_told(driver: str) -> None:
    assert {row[0] for row in table(driver, f"Why access.{driver} refuses a command")} == set(refusals(driver))


def test_the_numbers_with_which_a_zkteco_device_refuses_are_told() -> None:
    whole = " ".join(cell for row in table("zkteco_push", "Why access.zkteco_push refuses a command") for cell in row)
    assert [f"{code} {why}" for code, why in SENTENCES.items() if f"{code} {why}" not in whole] == []


def test_every_reason_why_a_uhppote_controller_refuses_somebody_is_told() -> None:
    found: Reasons = set()
    for code, granted, kind in product(range(256), (False, True), Kind):
        meaning = uhppote.meaning(EventRecord(index=1, kind=kind, granted=granted, reason=code))
        if meaning.type in REFUSED:
            found.add((meaning.reason, meaning.type, "any other" if meaning.reason == "other" else str(code)))
    assert told("uhppote") == found


def test_every_reason_why_a_zkteco_device_refuses_somebody_is_told() -> None:
    assert told("zkteco_push") == {
        (meaning.reason, meaning.type, "null" if code in zkteco.HIDDEN else str(code))
        for code, meaning in zkteco.MEANINGS.items()
        if meaning.type in REFUSED
    }


def test_every_reason_why_a_hikvision_device_refuses_somebody_is_told() -> None:
    assert told("hikvision") == {
        (meaning.reason, meaning.type, f"{major}/{minor}")
        for (major, minor), meaning in hikvision.MEANINGS.items()
        if meaning.type in REFUSED
    }


def test_every_reason_why_a_reader_has_read_no_card_is_told() -> None:
    wrong = [person(0, b"", wiegand=True), person(26, bytes([0x80, 0, 0, 0]), wiegand=True)]
    found = {each.why for each in wrong if isinstance(each, Misread)}
    assert {row[0] for row in table("osdp", "Why access.osdp refuses a person")} == found
