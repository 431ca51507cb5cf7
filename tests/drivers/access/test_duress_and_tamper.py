"""What the access drivers take for duress and tampering is what the reference says, and in the words of the gateway."""

import re
from collections.abc import Mapping
from pathlib import Path

from drivers.access.hikvision.events import ALARMS
from drivers.access.hikvision.events import meaning as hikvision
from drivers.access.osdp.surface import POINTS
from drivers.access.uhppote.happenings import REASONS
from drivers.access.zkteco_push.events import meaning as zkteco
from gateway.core.access import DURESS, TAMPER, Happening

PAGE = (Path(__file__).parents[3] / "docs/reference/alarms.md").read_text()
CODES: dict[str, Mapping[int, tuple[Happening, str]]] = {
    "hikvision": {code: hikvision(ALARMS, code) for code in range(0x800)},
    "uhppote": REASONS,
    "zkteco_push": {code: zkteco(code) for code in range(300)},
}


def test_every_code_of_duress_and_tampering_is_told() -> None:
    rows = re.findall(r"(?m)^\| \[access\.(\w+)\].+?\) \| (.*?)\| (.*?)\|$", PAGE)
    said = {
        driver: [[int(code, 0) for code in re.findall(r"`(\w+)`", cell)] for cell in cells]
        for driver, *cells in rows
        if driver != "osdp"
    }
    assert said == {
        driver: [[code for code, (_, reason) in codes.items() if reason == name] for name in (DURESS, TAMPER)]
        for driver, codes in CODES.items()
    }
    assert {point.name for point in POINTS} >= {TAMPER}


def test_they_are_events_that_the_alarms_hear() -> None:
    found = {type_ for codes in CODES.values() for type_, reason in codes.values() if reason in (DURESS, TAMPER)}
    assert found == {Happening.ALARM, Happening.BUTTON_REFUSED}
