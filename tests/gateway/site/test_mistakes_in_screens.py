"""Mistakes in the section `screens`."""

from pathlib import Path

import pytest

from gateway.calls import config
from gateway.site.load import SiteError, load

GOOD = """site: {id: a, name: a}
zones: [{id: reception, name: 接待}]
devices:
  - {id: tv, driver: displays.web_screen}
  - {id: led, driver: displays.onbon_k, address: tcp://h:5005, model: 6K2, width: 64, height: 16}
  - {id: door, driver: displays.web_screen}
windows: [{id: w1, label: 1, function: a, screens: [door]}]
"""


def mistakes(tmp_path: Path, screens: str) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text(GOOD.replace("label: 1", "label: '1'") + screens)
    try:
        load(path, config.SECTIONS)
    except SiteError as error:
        return [f"{mistake}".removeprefix(f"{path}:") for mistake in error.mistakes]
    return []


def test_a_good_section_is_taken(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "screens: [{id: main, device: tv, zones: [reception], rows: 20, names: true}]") == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{id: a, device: tw}",
            "screens[0].device: there is no device 'tw'; there are: door, led, tv",
        ),
        ("{id: a, device: led}", "screens[0].device: the driver displays.onbon_k shows no board of calls"),
        (
            "{id: a, device: door}",
            "screens[0].device: 'door' shows what is called to one window, and cannot list calls too",
        ),
        ("{id: a, device: tv, zones: [x]}", "screens[0].zones[0]: there is no zone 'x'; there are: reception"),
        ("{id: a, device: tv, roster: [x]}", "screens[0].roster[0]: there is no roster 'x'; there are: none"),
        ("{id: a, device: tv, map: no.png}", "8: screens[0].map: cannot be read: No such file or directory"),
        ("{id: a, device: tv, map: site.yaml}", "screens[0].map: must be a picture in PNG, JPEG or WebP"),
        ("{id: a, device: tv, map: [x]}", "screens[0].map: must be the path of a picture, relative to this file"),
        ("{id: a, device: tv, rows: 21}", "screens[0].rows: must be at most 20; given: 21"),
        ("{id: a}", "screens[0].device: is missing"),
        ("{id: a, device: tv, colour: red}", "screens[0].colour: unknown key 'colour'"),
        ("{id: a, device: tv}, {id: a, device: door}", "screens[1].id: 'a' is already used by screens[0]"),
        ("{id: a, device: tv}, {id: b, device: tv}", "screens[1].device: 'tv' is already used by screens[0]"),
        ("{id: a, device: a b}", "screens[0].device: must be DEVICE or DEVICE/PART"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, entry: str, said: str) -> None:
    found = mistakes(tmp_path, f"screens: [{entry}]")
    assert any(said in line for line in found), found
