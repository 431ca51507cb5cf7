"""The list of types is what the program records, and what its reference tells."""

import re
from pathlib import Path

from gateway.alarms.watched import What
from gateway.core.event_types import EVERYWHERE, OWN

HOUSE = Path(__file__).parents[3]
GROUPS = {name.partition(".")[0] for name in OWN}
NO_EVENTS = {"events.csv", "person.enrol", "person.forget", "token.new", "token.revoke"}  # a file, and stems of types
STEMS = {"calls/record.py": "call", "calls/notices.py": "notice", "doors/holds.py": "door", "trail.py": "command"}


def told(page: str, heading: str) -> set[str]:
    """The types in the first cells of a table of the reference."""
    text = (HOUSE / "docs/reference" / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+|gap)`", cell)}


def test_the_reference_tells_every_type() -> None:
    told_all = told("http.md", "Events") | told("people.md", "What is recorded")
    assert told_all == EVERYWHERE


def test_every_type_that_the_gateway_records_is_in_the_list() -> None:
    written = {f"alarm.{what}" for what in What}
    for path in (HOUSE / "gateway").rglob("*.py"):
        text = path.read_text()
        written |= {name for name in re.findall(r'"([a-z]+(?:\.[a-z_]+)+)"', text) if name.partition(".")[0] in GROUPS}
    for name, stem in STEMS.items():
        written |= {
            f"{stem}.{what}"
            for what in re.findall(r'_(?:event|record)\(\s*"(\w+)"', (HOUSE / "gateway" / name).read_text())
        }
    stems = re.findall(
        r'audit\.change\([\w.]+, "([a-z.]+)"', "".join(p.read_text() for p in (HOUSE / "gateway/people").glob("*.py"))
    )
    written |= {f"{stem}.{end}" for stem in stems for end in ("requested", "ended")}
    assert written - NO_EVENTS - (EVERYWHERE - OWN) == OWN - {"gap"}
