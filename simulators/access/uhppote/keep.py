"""Keeps what a real controller has in its flash: the log that goes on where it was, cards, settings.

The file is what has happened, packet by packet: every event as it is answered, every order that it has obeyed.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from drivers.access.uhppote.codec import box, doors
from drivers.access.uhppote.codec.log import EventRecord
from drivers.access.uhppote.codec.packet import SIZE, Noise, whole
from simulators.access.uhppote.answers import FUNCTIONS
from simulators.access.uhppote.state import Board

FOLDER = "HALL_SIMULATORS_KEEP"
"""The environment variable that names the folder; without it a simulated controller is new at every start."""
PASSING = {doors.OpenDoor.function, box.SetTime.function, box.SetPcControl.function}
"""Orders that leave nothing behind."""


def kept_at(name: str, environment: Mapping[str, str]) -> Path | None:
    """The file of a controller, if it is to have one."""
    folder = environment.get(FOLDER)
    return Path(folder) / f"{name}.uhppote" if folder else None


class Keep:
    """The file of one controller."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def replay(self, board: Board) -> None:
        """Make a new controller what it was. What a kill has cut off is dropped."""
        size = os.fstat(self._file).st_size
        os.ftruncate(self._file, size - size % SIZE)
        data = os.pread(self._file, size, 0)
        for at in range(0, size - size % SIZE, SIZE):
            found = whole(data[at : at + SIZE])
            if isinstance(found, Noise):
                continue
            record = EventRecord.read(found)
            if record is not None:
                board.ring.add(record)
            elif question := FUNCTIONS[found.function].question.read(found):
                FUNCTIONS[found.function].do(board, question)

    def write(self, packet: bytes) -> None:
        """Keep an event, or an order."""
        if packet[1] not in PASSING:
            os.write(self._file, packet)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)
