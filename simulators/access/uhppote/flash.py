"""What a real controller has in its flash: the log that goes on where it was, cards, settings.

It is kept packet by packet: every event as it is answered, every order that was obeyed.
"""

from collections.abc import Iterable

from drivers.access.uhppote.codec import box, doors
from drivers.access.uhppote.codec.log import EventRecord
from drivers.access.uhppote.codec.packet import Noise, whole
from simulators.access.uhppote.answers import FUNCTIONS
from simulators.access.uhppote.state import Board

PASSING = {doors.OpenDoor.function, box.SetTime.function, box.SetPcControl.function}
"""Orders that leave nothing behind."""


def replay(board: Board, packets: Iterable[bytes]) -> None:
    """Make a new controller what it was."""
    for data in packets:
        found = whole(data)
        if isinstance(found, Noise):
            continue
        record = EventRecord.read(found)
        if record is not None:
            board.ring.add(record)
        elif question := FUNCTIONS[found.function].question.read(found):
            FUNCTIONS[found.function].do(board, question)
