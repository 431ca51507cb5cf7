"""What somebody waits to see: `text==A012`, `runs.0.colour==red`, `parts.Front-Door==open`. Pure."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from gateway.site.positions import is_list, is_mapping


class Condition(NamedTuple):
    """A value inside of JSON, by the names and list positions on the way there, must be what `wanted` says."""

    path: str
    wanted: str

    def holds(self, seen: Any) -> bool:
        """Whether it is so. Text is compared as it stands; everything else as JSON, so `on==true`."""
        found = self._found(seen)
        return found == self.wanted if isinstance(found, str) else found is not None and _json(found) == self.wanted

    def said(self, seen: Any) -> str:
        """What is found instead."""
        return f"{self.path} is {_json(self._found(seen))}, not {self.wanted}"

    def _found(self, seen: Any) -> Any:
        """The value at the path; None where nothing is."""
        for step in self.path.split("."):
            if is_mapping(seen):
                seen = seen.get(step)
            elif is_list(seen) and step.isdecimal() and int(step) < len(seen):
                seen = seen[int(step)]
            else:
                return None
        return seen


def conditions(texts: Iterable[str]) -> list[Condition]:
    """Read conditions. Raises ValueError with one sentence."""
    found: list[Condition] = []
    for text in texts:
        path, equal, wanted = text.partition("==")
        if not (path and equal):
            raise ValueError(f"until: {text!r} must be PATH==VALUE, such as text==A012 or runs.0.colour==red")
        found.append(Condition(path, wanted))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
