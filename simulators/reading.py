"""What a person reads off an LED screen: the text whose picture it shows. Pure."""

from collections.abc import Sequence

from drivers.shared.font import HEIGHT, character
from drivers.shared.image import Bits


def read(bits: Bits, *, moving: bool = False) -> str | None:
    """The text that `drivers.shared.layout.drawn` draws like this: rows in the middle, or `moving` from the left.

    Empty where nothing is lit; None where it is no text.
    """
    if not any(bits.rows):
        return ""
    for scale in range(bits.height // HEIGHT, 0, -1):
        face = HEIGHT * scale
        for count in range(1, bits.height // face + 1):
            top = (bits.height - face * count) // 2
            if any(bits.rows[:top]) or any(bits.rows[top + face * count :]):
                continue
            bands = [bits.rows[top + face * index :][:face] for index in range(count)]
            rows = [_row(band, bits.width, scale, moving=moving) for band in bands]
            found = [row for row in rows if row is not None]
            if len(found) == count:
                return "".join(found)
    return None


def _row(band: Sequence[int], width: int, scale: int, *, moving: bool) -> str | None:
    lines = [f"{line:0{width}b}" for line in band[::scale]]
    if any(line != band[index // scale * scale] for index, line in enumerate(band)):
        return None
    ends = [line.rfind("1") for line in lines]
    if max(ends) < 0:
        return ""
    first = min(line.find("1") for line, end in zip(lines, ends, strict=True) if end >= 0)
    for wide in range(8 * scale, width + 1, 8 * scale):
        left = 0 if moving else (width - wide) // 2
        if left <= first and max(ends) < left + wide:
            text = _text([line[left : left + wide] for line in lines], scale)
            if text is not None:
                return text
    return None


def _text(lines: Sequence[str], scale: int) -> str | None:
    small = [line[::scale] for line in lines]
    if any("".join(bit * scale for bit in thin) != line for thin, line in zip(small, lines, strict=True)):
        return None
    text = ""
    while small[0]:
        found = _character(small)
        if found is None:
            return None
        text += found
        small = [line[8 if found.isascii() else 16 :] for line in small]
    return text


def _character(small: Sequence[str]) -> str | None:
    """The first character of a row: ASCII where two stand side by side, for nothing else looks like that."""
    half, next_half = (_at(small, 0, 8), _at(small, 8, 8)) if len(small[0]) > 8 else (_at(small, 0, 8), " ")
    whole = _at(small, 0, 16) if len(small[0]) > 8 else None
    return half if half is not None and (next_half is not None or whole is None) else whole


def _at(small: Sequence[str], start: int, width: int) -> str | None:
    return character([int(line[start : start + width], 2) for line in small], width)
