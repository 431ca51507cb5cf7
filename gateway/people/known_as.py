"""What devices know somebody by, in the one form of it: `card:9896534`, `card:32:8c3a11f0`, `employee:17`.

The same card is told with leading zeros by one device and without by another, and must be the same person. A reader
that knows no format of a card tells its bits, `card:BITS:HEX`.
"""

import re

from gateway.core.errors import WrongInput

NUMBER, EMPLOYEE = re.compile(r"[0-9]{1,20}"), re.compile(r"[0-9A-Za-z_-]{1,32}")
BITS = re.compile(r"([0-9]{1,3}):([0-9a-f]{1,64})")


def canonical(text: str) -> str:
    """The one form of what a device knows somebody by; all else as it is. Never raises."""
    kind, _, value = text.partition(":")
    card = _card(value) if kind == "card" else None
    return text if card is None else f"card:{card}"


def known_as(kind: str, value: str) -> str:
    """The one form of a card (NUMBER, or BITS:HEX) or an employee number that a person has given. Raises WrongInput."""
    if kind == "card":
        if (card := _card(value)) is None:
            raise WrongInput("card must be 1 to 20 digits, or BITS:HEX as a reader tells it")
        return f"card:{card}"
    if not EMPLOYEE.fullmatch(value):
        raise WrongInput("employee must be 1 to 32 letters, digits, _ or -")
    return f"employee:{value}"


def _card(value: str) -> str | None:
    if NUMBER.fullmatch(value):
        return str(int(value))
    found = BITS.fullmatch(value.lower())
    if found is None or int(found[2], 16) >> int(found[1]):
        return None
    bits = int(found[1])
    return f"{bits}:{int(found[2], 16):0{(bits + 3) // 4}x}"
