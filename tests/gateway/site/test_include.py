"""A site in several files: lists follow one another, and every mistake is told in the file that has it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.calls.config import SECTIONS
from gateway.site.load import SiteError, load

CARD = "driver: displays.onbon_k, model: 6K2, width: 64, height: 16"


def device(number: int, **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  - {{id: led-{number}, {CARD}, address: 'tcp://10.0.0.{number}:5005'{extra}}}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_all(main: str, **files: str) -> Path:
        for name, text in {"site": f"site: {{id: hall, name: A}}\n{main}", **files}.items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path / "site.yaml"

    return write_all


def complaints(path: Path) -> list[str]:
    with pytest.raises(SiteError) as caught:
        load(path, SECTIONS)
    return [str(mistake).replace(f"{path.parent}/", "") for mistake in caught.value.mistakes]


def test_lists_of_all_files_follow_one_another_by_name_of_the_file(write: Callable[..., Path]) -> None:
    path = write(
        f"include: devices/*.yaml\ndevices:\n{device(1)}",
        devices__b=f"devices:\n{device(3)}",
        devices__a=f"zones: [{{id: east, name: 东}}]\ncalls: {{ttl_s: 60}}\ndevices:\n{device(2, zone='east')}",
    )
    site = load(path, SECTIONS)
    assert [found.id for found in site.devices] == ["led-1", "led-2", "led-3"]
    assert [zone.id for zone in site.general.zones] == ["east"]
    assert site.sections["calls"].ttl_s == 60


def test_a_file_that_two_patterns_name_is_read_once(write: Callable[..., Path]) -> None:
    path = write("include: [a.yaml, '*.yaml']\n", a=f"devices:\n{device(1)}", b=f"devices:\n{device(2)}")
    assert [found.id for found in load(path, SECTIONS).devices] == ["led-1", "led-2"]


def test_a_mistake_is_told_in_the_file_and_at_the_entry_that_has_it(write: Callable[..., Path]) -> None:
    path = write(
        f"include: devices/*.yaml\ndevices:\n{device(1)}",
        devices__a=f"devices:\n{device(2)}{device(3, zone='west')}",
        devices__b=f"\ndevices:\n{device(1)}\nmqqt: {{}}\n",
    )
    assert complaints(path) == [
        "devices/a.yaml:3: devices[1].zone: there is no zone 'west'; there are: none",
        "devices/b.yaml:3: devices[0].id: 'led-1' is already used by devices[0] of site.yaml:4",
        "devices/b.yaml:3: devices[0].address: 'tcp://10.0.0.1:5005' is already used by devices[0] of site.yaml:4",
        "devices/b.yaml:5: mqqt: unknown key 'mqqt' (did you mean 'mqtt'?); "
        "allowed: calls, devices, http, include, lines, mqtt, people, screens, site, store, windows, zones",
    ]


ALLOWED = "a path or a pattern relative to this file, such as devices/*.yaml"
MISTAKES = {
    "a pattern that names nothing": (
        "include:\n  - lost/*.yaml",
        [f"site.yaml:3: include[0]: there is no file 'lost/*.yaml'; allowed: {ALLOWED}"],
    ),
    "an absolute path": (
        "include: /etc/passwd",
        [f"site.yaml:2: include: there is no file '/etc/passwd'; allowed: {ALLOWED}"],
    ),
    "itself": (
        "include: site.yaml",
        [f"site.yaml:2: include: names only files that are read already; allowed: {ALLOWED}"],
    ),
    "a number": ("include: [5]", [f"site.yaml:2: include[0]: must be {ALLOWED}"]),
    "a mapping": ("include: {a: b}", [f"site.yaml:2: include: must be {ALLOWED}"]),
    "a file that includes": (
        "include: more.yaml",
        ["more.yaml:1: include: a file that is included cannot include others"],
    ),
    "a file that is no YAML": ("include: tab.yaml", ["tab.yaml:2: not YAML: a tab; YAML is indented with spaces"]),
    "a section that cannot stand twice": (
        "include: calls.yaml\n\ncalls: {ttl_s: 5}",
        ["calls.yaml:1: calls: stands in site.yaml:4 already; only lists may stand in several files"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_says_what_is_wrong_with_an_inclusion(text: str, expected: list[str], write: Callable[..., Path]) -> None:
    path = write(text, more="include: other.yaml", tab="devices:\n\t- a", calls="calls: {ttl_s: 6}")
    assert complaints(path) == expected
