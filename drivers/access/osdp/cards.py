"""What a reader has read of a card: bits, most significant first. Pure.

The Wiegand formats of 26 (H10301), 34 and 37 bits (H10302) have a parity bit at either end: the first makes the first
half even, the last the second half odd; of 37 bits the middle one is in both halves. Source: HID, "Understanding card
data formats", 2006.
"""

from typing import NamedTuple

WIEGAND = (26, 34, 37)


class Misread(NamedTuple):
    """What cannot be a card: why."""

    why: str


def person(bits: int, data: bytes, *, wiegand: bool) -> str | Misread:
    """What the card is known by: `card:NUMBER`, or `card:BITS:HEX` for a format without parity. Never raises.

    The number is that of all bits between the parity bits. Only where the reader says that it is `wiegand` wrong
    parity is a misread card; without that it is another format of the same length.
    """
    if not 0 < bits <= 8 * len(data):
        return Misread("the reader sent no bits, or fewer than it said")
    value = int.from_bytes(data, "big") >> 8 * len(data) - bits
    if bits in WIEGAND:
        if _even(value, bits):
            return f"card:{value >> 1 & (1 << bits - 2) - 1}"
        if wiegand:
            return Misread("its parity is wrong")
    return f"card:{bits}:{value:0{(bits + 3) // 4}x}"


def _even(value: int, bits: int) -> bool:
    """Whether the first half has an even number of ones, and the second an odd one."""
    half = (bits + 1) // 2
    first, second = value >> bits - half, value & (1 << half) - 1
    return first.bit_count() % 2 == 0 and second.bit_count() % 2 == 1
