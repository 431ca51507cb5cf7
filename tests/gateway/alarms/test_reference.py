"""What is built in is written down: every alarm with its priority and delays, every state, an example that works."""

import re
from pathlib import Path

from gateway.alarms.condition import Priority
from gateway.alarms.lifecycle import ANNOUNCED, State
from gateway.alarms.watch import DEFAULTS
from gateway.alarms.words import BUILT_IN
from gateway.sections import SECTIONS
from gateway.site.load import load

PAGE = (Path(__file__).parents[3] / "docs/reference/alarms.md").read_text()
CARD = "{id: led-03, driver: displays.onbon_k, model: 6K2, width: 64, height: 16, address: 'tcp://10.0.0.1:5005'}"


def test_every_built_in_alarm_is_told_with_its_priority_and_its_delays() -> None:
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \| .+ \| (\w+) \| (\d+) s, (\d+) s \| (yes|no) \|$", PAGE)
    assert {name: tuple(rest) for name, *rest in rows} == {
        name: (
            str(usual.get("priority", Priority.MEDIUM)),
            f"{usual['on_delay_s']:g}",
            f"{usual['off_delay_s']:g}",
            "yes" if usual.get("outage") else "no",
        )
        for name, usual in DEFAULTS.items()
    }


def test_it_is_told_which_built_in_alarms_follow() -> None:
    (sentence,) = re.findall(r"explains follows: (.+?), and rules", PAGE)
    follow = {name for name, usual in DEFAULTS.items() if usual.get("follows")}
    assert set(re.findall(r"`([a-z-]+)`", sentence)) == follow


def test_every_built_in_alarm_has_words_in_both_languages() -> None:
    assert set(BUILT_IN) == set(DEFAULTS)
    for words in BUILT_IN.values():
        assert re.search("[一-鿿]", words.title.zh)
        assert re.search("先", words.guidance.zh)  # what to do first
        assert re.search(r"\bfirst\b", words.guidance.en, re.IGNORECASE)


def test_every_state_is_told_and_whether_it_is_announced() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \|[^|]*\| (yes|no) \|", PAGE)
    assert dict(rows) == {str(state): "yes" if state in ANNOUNCED else "no" for state in State}


def test_the_example_of_a_site_is_right(tmp_path: Path) -> None:
    (example,) = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)
    path = tmp_path / "site.yaml"
    path.write_text(f"site: {{id: hall, name: 大厅}}\ndevices: [{CARD}]\n{example}")
    assert load(path, SECTIONS).sections["alarms"].rules[0].equals is False
