"""A site file and the files it includes, as one mapping that still knows which file gave what."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gateway.site.positions import Loc, Mistake, Source, is_list, read_yaml

INCLUDE = "include"
ALLOWED = "a path or a pattern relative to this file, such as devices/*.yaml"
MOST_FILES = 1000  # a prefecture has fewer cabinets


class Files:
    """`data` is everything together: lists one after the other, every other section from the one file that has it.

    `paths` are all files, the site file first; `mistakes` those of the inclusion itself.

    Raises Mistake when the site file cannot be read at all.
    """

    def __init__(self, path: Path) -> None:
        self._main = read_yaml(path)
        self.data: dict[str, Any] = {}
        self.mistakes: list[Mistake] = []
        self._entries: dict[str, list[tuple[Source, int]]] = {}
        self._sections: dict[str, Source] = {}
        self.paths = [path]
        self._add(self._main)
        for included in self._included(path):
            self._read(included)

    def place(self, loc: Loc) -> tuple[Source, Loc]:
        """The file that gave the value at `loc`, and where it stands there."""
        section, *inside = loc or ("",)
        entries = self._entries.get(str(section), [])
        if inside and isinstance(inside[0], int) and inside[0] < len(entries):
            source, index = entries[inside[0]]
            return source, (section, index, *inside[1:])
        return self._sections.get(str(section), self._main), loc

    def _included(self, path: Path) -> Iterable[Path]:
        """The files that the patterns of `include` name, in their order, each pattern's by name."""
        known = {path.resolve()}
        for loc, pattern in self._patterns():
            found = _matching(path.parent, pattern)
            new = [file for file in found if file.resolve() not in known]
            known |= {file.resolve() for file in new}
            if not new:
                what = "names only files that are read already" if found else f"there is no file {pattern!r}"
                self.mistakes.append(self._main.mistake(loc, f"{what}; allowed: {ALLOWED}"))
            if len(known) > MOST_FILES:
                self.mistakes.append(self._main.mistake(loc, f"names more than {MOST_FILES} files"))
                return
            yield from new

    def _patterns(self) -> Iterable[tuple[Loc, str]]:
        asked = self.data.pop(INCLUDE, [])
        listed: Sequence[Any] = asked if is_list(asked) else [asked]
        for index, pattern in enumerate(listed):
            loc: Loc = (INCLUDE, index) if is_list(asked) else (INCLUDE,)
            if isinstance(pattern, str) and pattern:
                yield loc, pattern
            else:
                self.mistakes.append(self._main.mistake(loc, f"must be {ALLOWED}"))

    def _read(self, path: Path) -> None:
        self.paths.append(path)
        try:
            self._add(read_yaml(path))
        except Mistake as mistake:
            self.mistakes.append(mistake)

    def _add(self, source: Source) -> None:
        for section, value in source.data.items():
            if section == INCLUDE and source is not self._main:
                self.mistakes.append(source.mistake((INCLUDE,), "a file that is included cannot include others"))
            elif is_list(value) and is_list(self.data.get(section, [])):
                self.data[section] = [*self.data.get(section, []), *value]
                entries = self._entries.setdefault(section, [])
                entries += [(source, index) for index in range(len(value))]
                self._sections.setdefault(section, source)
            elif section in self.data:
                self.mistakes.append(source.mistake((section,), self._twice(section)))
            else:
                self.data[section], self._sections[section] = value, source

    def _twice(self, section: str) -> str:
        first = self._sections[section]
        where = first.mistake((section,), "").line
        return f"stands in {first.path.name}:{where} already; only lists may stand in several files"


def _matching(folder: Path, pattern: str) -> list[Path]:
    """Files by name; none for a pattern that cannot be one, such as an absolute path."""
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError):
        return []
