"""How a call is said: the words of a sentence, and how long they take. Pure.

Digits one by one, 1 as 幺; letters as letters; the number of a window as a number (十二号窗口). What cannot be said is
left out, and so is whatever a speech program could take for a command.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import pairwise

LONGEST = 200  # characters of a sentence
ONE_BY_ONE = "零幺二三四五六七八九"
NUMERALS = "零一二三四五六七八九"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
UNITS = ("", "十", "百", "千")
MARKS = "，。、！？；：,.!?;:"  # pauses; brackets and angles are the commands of speech programs
PIECE = re.compile(r"[0-9]+|[A-Z]|[^\W\d_A-Z]+")
FIRST_S, HAN_S, OTHER_S = 1.5, 0.3, 0.15  # slower than any voice speaks: who cannot say when it ended is waited for


class Language(StrEnum):
    """What a sentence is said in."""

    ZH = "zh"
    EN = "en"


def sentence(template: str, fields: Mapping[str, str | None]) -> str | None:
    """A template with its fields filled in; None where one that it names has nothing that can be said."""
    if any(value is None and f"{{{name}}}" in template for name, value in fields.items()):
        return None
    return plain(template.format(**fields))[:LONGEST] or None


def seconds(text: str) -> float:
    """How long a sentence takes at most, in seconds: for who does not tell when it has ended."""
    return FIRST_S + sum(HAN_S if letter > "⺀" else OTHER_S for letter in text)


def fields_zh(
    *, ticket: str, label: str, function: str = "", name: str | None = None, priority: str = ""
) -> dict[str, str | None]:
    """The fields of a Chinese sentence. A ticket ends in 号; the stars of a masked name are said as 某."""
    pieces = [_zh(piece, ONE_BY_ONE) for piece in _pieces(ticket)]
    ending = [] if pieces and pieces[-1].endswith("号") else ["号"]
    return {
        "ticket": _joined([*pieces, *ending]) if pieces else None,
        "label": _joined(_number(piece) for piece in _pieces(label)),
        "function": plain(function),
        "name": plain((name or "").replace("*", "某")),
        "priority": plain(priority),
    }


def fields_en(*, ticket: str, label: str) -> dict[str, str | None]:
    """The fields of an English sentence; None for what has nothing that can be said in English."""
    latin = [piece for piece in _pieces(label) if piece.isascii()]
    where = " ".join(str(int(piece)) if piece.isdigit() and len(piece) <= len(UNITS) else piece for piece in latin)
    own = plain(label) if label.isascii() else f"window {where}" if where else None
    pieces = _pieces(plain(ticket).removesuffix("号"))
    said = " ".join(" ".join(WORDS[int(digit)] for digit in piece) if piece.isdigit() else piece for piece in pieces)
    return {"ticket": said if said and said.isascii() else None, "label": own}


def plain(text: str) -> str:
    """Letters, digits and pauses; all else is a space."""
    kept = (letter if letter.isalnum() or letter in MARKS else " " for letter in _normal(text))
    return " ".join("".join(kept).split())


def _normal(text: str) -> str:
    """Characters of full width and digits of other scripts as the plain ones."""
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in unicodedata.normalize("NFKC", text))


def _pieces(text: str) -> list[str]:
    """Runs of digits, single Latin letters, and runs of other letters."""
    return PIECE.findall(_normal(text).upper())


def _zh(piece: str, digits: str) -> str:
    return "".join(digits[int(letter)] for letter in piece) if piece.isdigit() else piece


def _number(piece: str) -> str:
    """A number up to 9999 as a number, longer ones digit by digit."""
    if not piece.isdigit() or len(piece) > len(UNITS):
        return _zh(piece, ONE_BY_ONE)
    digits = str(int(piece))
    if digits == "0":
        return "零"
    places = zip(digits, reversed(UNITS[: len(digits)]), strict=True)
    said = "".join(NUMERALS[int(digit)] + (unit if digit != "0" else "") for digit, unit in places)
    said = re.sub("零+", "零", said).removesuffix("零")
    return said.removeprefix("一") if said.startswith("一十") else said


def _joined(pieces: Iterable[str]) -> str | None:
    """Pieces with spaces around Latin letters: what stands apart is said letter by letter."""
    said = list(pieces)
    behind = [" " if one.isascii() or other.isascii() else "" for one, other in pairwise([*said, "。"])]
    return "".join(one + space for one, space in zip(said, behind, strict=True)).strip() or None
