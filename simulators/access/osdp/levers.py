"""The parameters of the levers of a simulated reader."""

from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=0, le=1)]
WIEGAND = (26, 34, 37)


class Swipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card is held before the reader: its `number`, with parity in the formats of 26, 34 and 37 `bits`."""

    number: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    bits: Annotated[int, msgspec.Meta(ge=1, le=63)] = 26


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody types these digits."""

    digits: Annotated[str, msgspec.Meta(pattern="^[0-9*#]{1,16}$")]


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It is so from now on while `on`, and no longer without."""

    on: bool = True


class WrongKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It is exchanged for one with another key; without `on` for one with the key of the site file."""

    on: bool = True


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The input `input` is active while `on`: what a door's sensor does."""

    on: bool = True
    input: Number = 0


class RefuseNext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` commands are refused."""

    count: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 1


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reader restarts, and answers nobody for `down_s` seconds."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


def wiegand(number: int, bits: int) -> bytes:
    """A card as the reader has it: most significant bit first, with its parity bits where the format has them.

    Raises ValueError when the number does not fit.
    """
    if bits not in WIEGAND:
        return _left(number, bits)
    value, half = _fitting(number, bits - 2) << 1, (bits + 1) // 2
    value |= ((value >> bits - half).bit_count() % 2) << bits - 1
    value |= 1 - (value & (1 << half) - 1).bit_count() % 2
    return _left(value, bits)


def _left(value: int, bits: int) -> bytes:
    size = (bits + 7) // 8
    return (_fitting(value, bits) << 8 * size - bits).to_bytes(size, "big")


def _fitting(number: int, bits: int) -> int:
    if number >> bits:
        raise ValueError(f"number: {bits} bits hold at most {2**bits - 1}")
    return number
