"""What a ticket printer is: paper, a cover, a button, what is broken. What is no question of its state is printed."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.escpos_printer import codec
from drivers.displays.escpos_printer.codec import Fault, Paper

ANSWER = 0x12
FAULTS = {
    Fault.PASSING: codec.PASSING,
    Fault.MECHANICAL: codec.MECHANICAL,
    Fault.CUTTER: codec.CUTTER,
    Fault.FATAL: codec.FATAL,
}
"""The bits of the third answer; an error of another kind has none."""


class Printer:
    """A printer. It keeps what it printed, to its last byte: nobody who only asks may leave anything there."""

    def __init__(self) -> None:
        self.paper, self.cover_open, self.feeding, self.fault = Paper.OK, False, False, Fault.NONE
        self.printed = bytearray()
        self.reboots = 0
        self._held = b""

    def forget(self) -> None:
        """As after power-up: what passes has passed."""
        self.feeding, self._held = False, b""
        if self.fault is Fault.PASSING:
            self.fault = Fault.NONE

    @property
    def online(self) -> bool:
        return not (self.cover_open or self.feeding) and self.fault is Fault.NONE and self.paper is not Paper.OUT

    def hear(self, data: bytes) -> bytes:
        """Take bytes, cut anywhere; gives the answers to the questions in them."""
        answers = b""
        for byte in data:
            self._held += bytes([byte])
            if self._held[:2] == b"\x10\x04" and len(self._held) == 3 and 1 <= byte <= 4:
                answers, self._held = answers + self._answer(byte), b""
            elif not b"\x10\x04".startswith(self._held):
                self.printed += self._held
                self._held = b""
        return answers

    def seen(self) -> Mapping[str, Any]:
        return {
            "online": self.online,
            "cover_open": self.cover_open,
            "paper": self.paper.value,
            "feed_button": self.feeding,
            "error": self.fault.value,
            "printed": len(self.printed),
            "reboots": self.reboots,
        }

    def _answer(self, question: int) -> bytes:
        bits = (self._printer, self._offline, self._error, self._roll)[question - 1]()
        return bytes([ANSWER | bits])

    def _printer(self) -> int:
        return (0 if self.online else codec.OFFLINE) | (codec.FEED_BUTTON if self.feeding else 0)

    def _offline(self) -> int:
        return (
            (codec.COVER_OPEN if self.cover_open else 0)
            | (codec.FEEDING if self.feeding else 0)
            | (codec.PAPER_STOP if self.paper is Paper.OUT else 0)
            | (codec.ERROR if self.fault is not Fault.NONE else 0)
        )

    def _error(self) -> int:
        return FAULTS.get(self.fault, 0)

    def _roll(self) -> int:
        """A roll that has ended is near its end as well."""
        low = 0 if self.paper is Paper.OK else codec.NEAR_END
        return low | (codec.PAPER_END if self.paper is Paper.OUT else 0)
