"""XML of devices, written and read: no document types, no entities of its own, bounded in size, depth and number. Pure.

Read by expat with its traps shut: a document type is refused where it begins, so that nothing can be declared, fetched
or blown up. Comments and processing instructions are passed over. Prefixes of namespaces are part of the names.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from xml.parsers.expat import ExpatError, ParserCreate

import msgspec

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
DEEPEST = 16
MOST_ELEMENTS = 10_000
NOT_XML = {ord(character): None for character in "\ufffe\uffff"}
"""What `str.translate` must drop of a printable text: XML 1.0 has no way to write it (section 2.2)."""


class Element(msgspec.Struct, frozen=True):
    """An element: its name, attributes, elements, and its own text, as one."""

    name: str
    attributes: Mapping[str, str] = {}
    children: Sequence["Element"] = ()
    text: str = ""

    def find(self, *names: str) -> Iterator["Element"]:
        """All elements on this way down."""
        for child in self.children:
            if child.name == names[0]:
                yield from child.find(*names[1:]) if names[1:] else (child,)

    def attribute(self, way: str, name: str) -> str | None:
        """An attribute of the first element on a way like `out/time`; None where there is none."""
        found = next(self.find(*way.split("/")), None)
        return found.attributes.get(name) if found else None

    def written(self) -> str:
        """The element as XML. Characters that are not printable are the caller's mistake."""
        head = "".join([self.name, *(f' {name}="{escape(value)}"' for name, value in self.attributes.items())])
        inner = escape(self.text, quote=False) + "".join(child.written() for child in self.children)
        return f"<{head}>{inner}</{self.name}>" if inner else f"<{head}/>"


def document(root: Element) -> bytes:
    """A whole document, in UTF-8."""
    return (DECLARATION + root.written()).encode()


def parse(data: bytes, most: int) -> Element:
    """The root of a document in UTF-8, whatever it declares, of at most `most` bytes. Raises ValueError."""
    if len(data) > most:
        raise ValueError(f"{len(data)} bytes of XML, {most} are allowed")
    builder = _Builder()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.StartElementHandler = builder.begin
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.texts.append
    try:
        parser.Parse(data.decode("utf-8"), True)
    except (ExpatError, UnicodeDecodeError) as error:
        raise ValueError(f"broken XML: {error}") from error
    return builder.root


class _Builder:
    """Makes a tree of what the parser tells. `texts` holds what came since the last tag."""

    root: Element

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._open: list[tuple[str, Mapping[str, str], list[Element], list[str]]] = []
        self._count = 0

    def refuse(self, name: str, *_: object) -> None:
        raise ValueError(f"XML with a document type, {name[:20]}")

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise ValueError(f"XML deeper than {DEEPEST}, or with more than {MOST_ELEMENTS} elements")
        self._keep_text()
        self._open.append((name, attributes, [], []))

    def end(self, _: str) -> None:
        self._keep_text()
        name, attributes, children, texts = self._open.pop()
        element = Element(name, attributes, children, "".join(texts))
        if self._open:
            self._open[-1][2].append(element)
        else:
            self.root = element

    def _keep_text(self) -> None:
        if self._open:
            self._open[-1][3].extend(self.texts)
        self.texts.clear()
