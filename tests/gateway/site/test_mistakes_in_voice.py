"""Mistakes in the section `voice`, and what it warns of."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.calls import voice_config
from gateway.sections import SECTIONS
from gateway.site.load import load

Complaints = Callable[..., list[str]]
GOOD = """site: {id: a, name: a}
zones: [{id: reception, name: 接待}]
devices:
  - {id: tv, driver: displays.web_screen}
  - {id: led, driver: displays.onbon_k, address: "tcp://h:5005", model: 6K2, width: 64, height: 16}
  - {id: box, driver: displays.onbon_k, address: "tcp://i:5005", model: 6K1-YY, width: 64, height: 16}
voice:
"""
ALLOWED = "{ticket} {label} {function} {name} {priority}"
MISTAKES = [
    ("{id: a, speakers: [tw]}", "8: voice[0].speakers[0]: there is no device 'tw'"),
    ("{id: a, speakers: [led]}", "8: voice[0].speakers[0]: 'led' cannot speak: it lacks the verb 'speak'"),
    ("{id: a, speakers: [tv/x]}", "8: voice[0].speakers[0]: 'tv/x' cannot speak: no part of it has the verb 'speak'"),
    ("{id: a, speakers: [a b]}", "8: voice[0].speakers[0]: must be DEVICE or DEVICE/PART, by their ids"),
    ("{id: a, speakers: []}", "8: voice[0].speakers: must have 1 or more entries"),
    ("{id: a}", "8: voice[0].speakers: is missing"),
    ("{id: a, speakers: [tv, tv/x]}", "8: voice[0].speakers[1]: 'tv/x' cannot speak"),
    ("{id: a, speakers: [tv], zones: [x]}", "8: voice[0].zones[0]: there is no zone 'x'; there are: reception"),
    ("{id: a, speakers: [tv], repeat: 4}", "8: voice[0].repeat: must be at most 3; given: 4"),
    ("{id: a, speakers: [tv], gap_s: 11}", "8: voice[0].gap_s: must be at most 10; given: 11"),
    ("{id: a, speakers: [tv], volume: 0}", "8: voice[0].volume: must be at least 1; given: 0"),
    ("{id: a, speakers: [tv], most_waiting: 0}", "8: voice[0].most_waiting: must be at least 1; given: 0"),
    ("{id: a, speakers: [tv], quiet: ['12-13']}", '8: voice[0].quiet[0]: must be hours such as "12:30-14:00"'),
    ("{id: a, speakers: [tv], quiet: ['08:00-08:00']}", "8: voice[0].quiet[0]: begins and ends at the same time"),
    ("{id: a, speakers: [tv], say: '到{label}'}", "8: voice[0].say: must have the field {ticket}"),
    ("{id: a, speakers: [tv], say: '{ticket}{x}'}", f"8: voice[0].say: must use no other fields than {ALLOWED}"),
    ("{id: a, speakers: [tv], say: '{ticket'}", "8: voice[0].say: must be text with fields in braces"),
    (
        "{id: a, speakers: [tv], say_en: '{ticket} {name}'}",
        "8: voice[0].say_en: must use no other fields than {ticket} {label}",
    ),
    ("{id: a, speakers: [tv], say: '{name}{ticket}'}", "8: voice[0]: say has the field {name}: names are spoken with"),
    ("{id: a, speakers: [tv], voice: x}", "8: voice[0].voice: unknown key 'voice'"),
    ("{id: a, speakers: [tv]}\n  - {id: a, speakers: [box]}", "9: voice[1].id: 'a' is already used by voice[0]"),
    (
        "{id: a, speakers: [tv]}\n  - {id: b, speakers: [tv]}",
        "9: voice[1].speakers[0]: two areas cannot share 'tv': it belongs to voice[0]",
    ),
]


@pytest.mark.parametrize(("entry", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_line(entry: str, said: str, complaints: Complaints) -> None:
    found = complaints(f"{GOOD}  - {entry}\n")
    assert [line for line in found if line.startswith(f"site:{said}")], found


def warnings(folder: Path, text: str) -> list[str]:
    path = folder / "site.yaml"
    path.write_text(GOOD + text)
    return [str(warning).replace(f"{path}:", "") for warning in load(path, SECTIONS).warnings]


AREAS = """  - {id: a, speakers: [tv], zones: [reception], repeat: 3, gap_s: 2, volume: 100, quiet: ["22:00-06:00"],
     say: "请{name}，{ticket}到{label}", names: true, say_en: "Ticket {ticket}, {label}", most_waiting: 100}
  - {id: b, speakers: [box]}
"""


def test_a_good_section_is_taken_without_a_warning_where_espeak_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_config, "installed", lambda: "/usr/bin/espeak-ng")
    assert warnings(tmp_path, AREAS) == []


def test_where_nothing_could_speak_for_a_page_it_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_config, "installed", lambda: None)
    text = "espeak-ng is not installed: tv stays silent where its browser has no Chinese voice"
    assert warnings(tmp_path, AREAS) == [f"8: voice[0].speakers[0]: {text}"]
