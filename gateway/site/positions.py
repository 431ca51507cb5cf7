"""YAML with the line of every value, so that a mistake can be pointed at."""

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gateway.core.errors import WrongFile

Loc = tuple[str | int, ...]
MOST_BYTES = 4_000_000  # a site file of 10 000 devices has about 2 MB
MOST_VALUES = 2_000_000  # more than so many bytes can hold, but for aliases of aliases
WORDS = {
    "found character '\\t' that cannot start any token": "a tab; YAML is indented with spaces",
    "mapping values are not allowed here": "a second ': ' in one value; put the value in quotes",
}


class Mistake(WrongFile):
    """One mistake of a file that a person wrote: `file:line: devices[3].port: what is wrong, what is allowed`.

    Line 0 is none: that of a file that cannot be read at all.
    """

    def __init__(self, path: Path, line: int, loc: Loc, text: str) -> None:
        self.path, self.line, self.text = path, line, text
        self.where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {self.where + ': ' if self.where else ''}{text}", [self.told()])

    def warning(self) -> str:
        """The line that warns of it, where it is no mistake but a weak choice."""
        return f"{self.path}:{self.line}: warning: {self.where}: {self.text}"

    def told(self) -> dict[str, str | int | None]:
        """The mistake for JSON."""
        return {"file": str(self.path), "line": self.line or None, "where": self.where, "text": self.text}


class Source(NamedTuple):
    """One YAML file: `data` is of built-in types, `tree` knows the lines."""

    path: Path
    tree: Any
    data: dict[str, Any]

    def mistake(self, loc: Loc, text: str) -> Mistake:
        """A mistake at the line of the value at `loc`, or of the last step on the way there that exists."""
        return Mistake(self.path, _line(self.tree, loc), loc, text)


def read_yaml(path: Path) -> Source:
    """Read a YAML mapping. Raises Mistake."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise Mistake(path, 1, (), f"the file has {len(raw)} bytes, at most {MOST_BYTES} are allowed")
        loader: Any = YAML(typ="rt")
        tree: Any = loader.load(StringIO(raw.decode()))
        data = _plain(tree, count(1), {})
    except OSError as error:
        raise Mistake(path, 0, (), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = bytes(error.object)[: error.start].count(b"\n") + 1
        raise Mistake(path, line, (), "is not UTF-8 text: save the file as UTF-8") from error
    except MarkedYAMLError as error:
        marked: Any = error
        line = marked.problem_mark.line + 1 if marked.problem_mark else 1
        raise Mistake(path, line, (), f"not YAML: {_words(marked.problem)}") from error
    except TypeError as error:  # ruamel hashes what stands before a colon
        raise Mistake(path, 1, (), "not YAML: a list or a mapping stands before a colon") from error
    except (YAMLError, ValueError) as error:
        raise Mistake(path, 1, (), f"not YAML: {_words(str(error))}") from error
    except RecursionError as error:
        raise Mistake(path, 1, (), "is nested too deep, or contains itself") from error
    if not is_mapping(data):
        raise Mistake(path, 1, (), "must be a mapping with the keys site, devices, …")
    return Source(path, tree, data)


def is_mapping(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether this is a mapping, as YAML makes it."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether this is a list, as YAML makes it."""
    return isinstance(value, list)


def _line(tree: Any, loc: Sequence[str | int]) -> int:
    line = 0
    for step in loc:
        try:
            line = tree.lc.key(step)[0] if isinstance(step, str) else tree.lc.item(step)[0]
            tree = tree[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return int(line) + 1


def _plain(node: Any, values: Iterator[int], texts: dict[int, str]) -> Any:
    """The same tree of built-in types. Raises ValueError for one of too many values.

    `texts` has those that are there already: many aliases of one long text are one text.
    """
    if next(values) > MOST_VALUES:
        raise ValueError(f"its aliases unfold into more than {MOST_VALUES} values")
    if is_mapping(node):
        return {str(key): _plain(value, values, texts) for key, value in node.items()}
    if is_list(node):
        return [_plain(value, values, texts) for value in node]
    if isinstance(node, str):
        if id(node) not in texts:
            texts[id(node)] = str(node)
        return texts[id(node)]
    return next((built_in(node) for built_in in (bool, int, float) if isinstance(node, built_in)), node)


def _words(problem: str | None) -> str:
    """What the parser says, in one line and without the values of the file."""
    first = (problem or "it cannot be parsed").partition("\n")[0].partition(" with value ")[0]
    return WORDS.get(first, first)
