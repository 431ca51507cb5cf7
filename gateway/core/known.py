"""What is said of things by their names: how many, which there are, and what may have been meant. Pure."""

import difflib
from collections.abc import Collection, Iterable, Sequence


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """The sentence for a reference to something that does not exist."""
    return f"there is no {what} {name!r:.100}{maybe(name, known)}; there are: {listed(known)}"


def lacks(owner: str, what: str, name: str, known: Collection[str]) -> str:
    """The sentence for something that its owner does not have."""
    return f"{owner} has no {what} {name!r:.100}{maybe(name, known)}; it has: {listed(known, 64)}"


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """The sentence for a key that a section does not have."""
    return f"unknown key {key!r:.100}{maybe(key, allowed)}; allowed: {listed(allowed)}"


def listed(known: Iterable[str], most: int = 20) -> str:
    """Names in order, the first ones of many."""
    ordered = sorted(known)
    return ", ".join([*ordered[:most], "…"] if len(ordered) > most else ordered) or "none"


def counted(count: int, noun: str) -> str:
    """`1 device`, `2 devices`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def maybe(name: str, known: Iterable[str]) -> str:
    """The name that may have been meant, as the end of a sentence; nothing where none is near."""
    close: Sequence[str] = difflib.get_close_matches(name[:100], list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
