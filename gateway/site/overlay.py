"""Overlays: files that change a site file, for example its addresses to those of simulators."""

from collections.abc import Iterable
from typing import Any

from gateway.core.known import unknown
from gateway.site.files import Files
from gateway.site.positions import Loc, Mistake, Source, is_list, is_mapping
from gateway.site.references import rows

BY_ID = ("lines", "devices")
"""The lists whose entries an overlay changes one by one."""


def lay(data: dict[str, Any], overlay: Source) -> Iterable[Mistake]:
    """Lay an overlay over a site file's data: BY_ID by id, everything else key by key; gives what does not fit."""
    for key, value in overlay.data.items():
        own = data.get(key)
        if key in BY_ID:
            yield from _lay_entries(data, overlay, key)
        elif is_mapping(value) and is_mapping(own):
            own.update(value)
        else:
            data[key] = value


def origin(data: dict[str, Any], loc: Loc, overlays: Iterable[Source], files: Files) -> tuple[Source, Loc]:
    """The file that gave the value at `loc`, and where it stands there."""
    for overlay in overlays:
        inside = loc
        if loc and loc[0] in BY_ID and len(loc) > 2 and isinstance(loc[1], int):
            inside = (loc[0], str(rows(data, str(loc[0]))[loc[1]].get("id")), *loc[2:])
        if _has(overlay.data, inside):
            return overlay, inside
    return files.place(loc)


def _lay_entries(data: dict[str, Any], overlay: Source, section: str) -> Iterable[Mistake]:
    changes: Any = overlay.data[section]
    if not is_mapping(changes):
        yield overlay.mistake((section,), f"must be a mapping from the ids of {section} to what changes")
        return
    entries: Any = data.get(section)
    known = {str(entry.get("id")): entry for entry in entries if is_mapping(entry)} if is_list(entries) else {}
    for name, change in changes.items():
        if name not in known:
            yield overlay.mistake((section, name), unknown(name, known, section.removesuffix("s")))
        elif not is_mapping(change):
            yield overlay.mistake((section, name), "must be a mapping of what changes")
        else:
            known[name].update(change)


def _has(data: Any, loc: Loc) -> bool:
    try:
        for step in loc:
            data = data[step]
    except (KeyError, IndexError, TypeError):
        return False
    return bool(loc)
