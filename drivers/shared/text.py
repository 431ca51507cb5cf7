"""Text for devices: made harmless, encoded in GB2312 or GBK, measured in half-width cells."""

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
SUBSTITUTE = "□".encode("gb2312")
FULL_WIDTH_BACKSLASH = "＼".encode("gb2312")


class Encoded(NamedTuple):
    """A text in GB2312 or GBK: the bytes, what they show, and how many characters had to be replaced."""

    data: bytes
    shown: str
    substituted: int


def printable(text: str, limit: int) -> str:
    """The text without control, format and line-breaking characters, cut to `limit` characters."""
    return "".join(character for character in text if unicodedata.category(character) not in UNPRINTABLE)[:limit]


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """The text if it fits, else a beginning of it, as long as it can be, and … behind that. Of … itself all is held."""
    if fits(text):
        return text
    fitting, most = 0, len(text)
    while most - fitting > 1:
        middle = (fitting + most) // 2
        fitting, most = (middle, most) if fits(text[:middle] + "…") else (fitting, middle)
    return text[:fitting] + "…"


def encode_gb(text: str, *, escapes: bool = True) -> Encoded:
    """Encode for a card that draws GB2312 and GBK; `escapes`: it takes a backslash for an escape. Never raises.

    GB2312 first, because every card has it, then GBK, then a visible □. Where there are escapes no byte of the result
    is a backslash: `\\` becomes the full-width ＼, and characters whose GBK trail byte is 5C (乗 = 81 5C)
    become □; both count as substituted.
    """
    parts = [_encode(character, escapes=escapes) for character in text]
    data = b"".join(SUBSTITUTE if part is None else part for part in parts)
    return Encoded(data, data.decode("gbk"), parts.count(None) + (text.count("\\") if escapes else 0))


def _encode(character: str, *, escapes: bool) -> bytes | None:
    if escapes and character == "\\":
        return FULL_WIDTH_BACKSLASH
    for codec in ("gb2312", "gbk"):
        try:
            data = character.encode(codec)
        except UnicodeEncodeError:
            continue
        return None if escapes and b"\\" in data else data
    return None


def cells(character: str) -> int:
    """The half-width cells that a character takes: ASCII one, all others two."""
    return 1 if character.isascii() else 2


def cells_used(text: str, columns: int) -> int:
    """The half-width cells that a text takes on rows of `columns`, at least 2, gaps at the row ends included."""
    used = 0
    for character in text:
        if used % columns + cells(character) > columns:
            used += columns - used % columns
        used += cells(character)
    return used
