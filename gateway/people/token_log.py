"""What becomes of tokens, told from one look at their file to the next. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.core.model import Event
from gateway.people.audit import happened
from gateway.people.token_file import Entry

Known = dict[str, dict[str, Any]]
SECRET = ("sha256", "last_used_at")


def known(entries: Iterable[Entry]) -> Known:
    """What of each token makes it the one it is, by name."""
    plain = (msgspec.to_builtins(entry, order="deterministic") for entry in entries)
    return {entry["name"]: {key: value for key, value in entry.items() if key not in SECRET} for entry in plain}


def changes(before: Known, now: Known, doers: Mapping[str, str]) -> list[Event]:
    """What has been made, changed and revoked. `doers` did it by name; of others it is known that they made it."""
    found: list[Event] = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        same = old is not None and new is not None and old["created_at"] == new["created_at"]
        if old is not None and not same:
            found.append(happened(doers.get(name, "cli"), "token.revoked", old))
        if new is not None and not same:
            found.append(happened(str(new.get("by") or "cli"), "token.made", new))
        if same and old != new:
            found.append(happened("cli", "token.changed", new or {}))
    return found
