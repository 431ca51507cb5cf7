"""What an ESC/POS printer tells of its state in real time: four questions, one byte each. Pure.

    DLE EOT n    10 04 n     n: 1 printer, 2 cause of being offline, 3 cause of an error, 4 roll paper
    answer       0xx1xx10    the bits x are below

Source: Epson's ESC/POS command reference, DLE EOT, as the public crate escpos (0.17, src/domain/status.rs) and the
command sets of other makers (Rongta RP325, POS-80) repeat it. The printer answers also while it is offline or prints.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

QUESTION = b"".join(bytes([0x10, 0x04, n]) for n in range(1, 5))
"""All four at once: a printer takes up to four in a row."""
FIXED, PATTERN = 0x93, 0x12
"""The bits of an answer that are always the same. A byte of an automatic status (ASB) never has them so."""

OFFLINE, FEED_BUTTON = 0x08, 0x40
COVER_OPEN, FEEDING, PAPER_STOP, ERROR = 0x04, 0x08, 0x20, 0x40
MECHANICAL, CUTTER, FATAL, PASSING = 0x04, 0x08, 0x20, 0x40
NEAR_END, PAPER_END = 0x0C, 0x60


class Paper(StrEnum):
    """How much paper there is."""

    OK = "ok"
    LOW = "low"
    OUT = "out"


class Fault(StrEnum):
    """Why a printer cannot print: the worst of what it tells."""

    NONE = "none"
    PASSING = "passing"
    """It goes away by itself: the head is too hot."""
    MECHANICAL = "mechanical"
    CUTTER = "cutter"
    FATAL = "unrecoverable"
    OTHER = "other"
    """There is an error, of none of these kinds."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a printer."""

    online: bool
    cover_open: bool
    paper: Paper
    feed_button: bool
    error: Fault


def read_status(answers: bytes) -> Status:
    """The state in the four answers, in the order of the questions. Raises ValueError for other than four."""
    printer, offline, error, paper = answers
    return Status(
        online=not printer & OFFLINE,
        cover_open=bool(offline & COVER_OPEN),
        paper=_paper(offline, paper),
        feed_button=bool(printer & FEED_BUTTON or offline & FEEDING),
        error=_fault(offline, error),
    )


class Decoder:
    """Finds the answers in what a printer says, cut anywhere. Never raises; keeps at most four bytes."""

    def __init__(self) -> None:
        self._answers = b""

    def feed(self, data: bytes) -> Iterator[Status]:
        """Take more bytes; gives a status for every four answers that are complete with them."""
        answers = self._answers + bytes(byte for byte in data if byte & FIXED == PATTERN)
        whole = len(answers) // 4 * 4
        self._answers = answers[whole:]
        return (read_status(answers[at : at + 4]) for at in range(0, whole, 4))


def _paper(offline: int, paper: int) -> Paper:
    if paper & PAPER_END or offline & PAPER_STOP:
        return Paper.OUT
    return Paper.LOW if paper & NEAR_END else Paper.OK


def _fault(offline: int, error: int) -> Fault:
    for bit, fault in ((FATAL, Fault.FATAL), (CUTTER, Fault.CUTTER), (MECHANICAL, Fault.MECHANICAL)):
        if error & bit:
            return fault
    if error & PASSING:
        return Fault.PASSING
    return Fault.OTHER if offline & ERROR else Fault.NONE
