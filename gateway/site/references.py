"""Names and the references to them: looked up in the file as it is written, so that one mistake hides no other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.core.known import unknown
from gateway.site.positions import Loc, is_list, is_mapping


class Complaint(NamedTuple):
    """What is wrong at a place of the site file. `see` is another place, which the text ends with."""

    loc: Loc
    text: str
    see: Loc | None = None


def rows(data: Mapping[str, Any], section: str) -> list[Mapping[str, Any]]:
    """The entries of a list section; an entry that is no mapping counts as an empty one."""
    entries: Any = data.get(section)
    return [entry if is_mapping(entry) else {} for entry in entries] if is_list(entries) else []


def texts(data: Mapping[str, Any], section: str, key: str) -> list[str | None]:
    """What every entry of a list section has under a key; None where that is no text."""
    return [value if isinstance(value := row.get(key), str) else None for row in rows(data, section)]


def names(data: Mapping[str, Any], section: str) -> set[str]:
    """The ids that a list section declares."""
    return {name for name in texts(data, section, "id") if name is not None}


def twice(data: Mapping[str, Any], section: str, key: str) -> Iterable[Complaint]:
    """Complain of every value that a list section has more than once under a key."""
    first: dict[str, int] = {}
    for index, value in enumerate(texts(data, section, key)):
        if value is not None and first.setdefault(value.lower(), index) != index:
            yield Complaint((section, index, key), f"{value!r} is already used by", (section, first[value.lower()]))


def dangling(data: Mapping[str, Any], section: str, key: str, target: str) -> Iterable[Complaint]:
    """Complain of every entry whose key names something that the section `target` does not declare."""
    known = names(data, target)
    for index, name in enumerate(texts(data, section, key)):
        if name is not None and name not in known:
            yield Complaint((section, index, key), unknown(name, known, target.removesuffix("s")))


def dependencies(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of every device that depends on one that does not exist, or in the end on itself."""
    known, needs = names(data, "devices"), _needs(data)
    for index, device in enumerate(rows(data, "devices")):
        parents: Any = device.get("depends_on")
        for place, parent in enumerate(parents if is_list(parents) else []):
            loc = ("devices", index, "depends_on", place)
            if isinstance(parent, str) and parent not in known:
                yield Complaint(loc, unknown(parent, known, "device"))
            elif isinstance(parent, str) and (circle := _way(needs, parent, str(device.get("id")))):
                yield Complaint(loc, f"a device cannot depend on itself: {' → '.join([circle[-1], *circle])}")


def _needs(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """What every device depends on, as far as it is written as ids."""
    found: dict[str, list[str]] = {}
    for device in rows(data, "devices"):
        parents: Any = device.get("depends_on")
        found[str(device.get("id"))] = [name for name in parents if isinstance(name, str)] if is_list(parents) else []
    return found


def _way(needs: Mapping[str, Sequence[str]], start: str, end: str) -> list[str]:
    """The shortest way from one device to another along what they depend on; empty where there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == end:
            return way
        further = [name for name in needs.get(way[-1], ()) if name not in seen]
        seen.update(further)
        ways += [[*way, name] for name in further]
    return []
