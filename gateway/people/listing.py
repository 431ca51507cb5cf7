"""The tokens of a site as the command line lists them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.people.token_file import Entry


def plain(entry: Entry) -> dict[str, Any]:
    """A token for JSON, every field told; its hash is not."""
    told = {name: value for name, value in msgspec.structs.asdict(entry).items() if name != "sha256"}
    return told | {"zones": None if entry.zones is None else sorted(entry.zones)}


def lines(entries: Sequence[Entry]) -> str:
    """A line for each: what it is good for, until when, and when it was used last."""
    return "\n".join(_line(entry) for entry in entries)


def _line(entry: Entry) -> str:
    zones = "every zone" if entry.zones is None else ",".join(sorted(entry.zones))
    where = f"screen {entry.screen}" if entry.screen else zones
    expires = f"until {entry.until:%Y-%m-%d %H:%MZ}" if entry.until else "for ever"
    used = f"used {entry.last_used_at:%Y-%m-%d %H:%MZ}" if entry.last_used_at else "never used"
    return f"{entry.name:24} {entry.role:10} {where:24} {expires:23} {used}"
