"""Keeps what a box has in its flash when its simulator is killed: a file of what has happened, a line of JSON each."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from gateway.core.errors import WrongInput

FOLDER = "HALL_SIMULATORS_KEEP"
"""The environment variable that names the folder; without it a simulated box is new at every start."""
RecordT = TypeVar("RecordT")


class Keep(Generic[RecordT]):
    """The file `ID.jsonl` of one box, of records of one type; where no folder is named nothing is kept.

    Raises OSError for a folder that cannot be written.
    """

    def __init__(self, id_: str, record: type[RecordT]) -> None:
        folder = os.environ.get(FOLDER)
        self._path = Path(folder or "", f"{id_}.jsonl")
        self._decoder = msgspec.json.Decoder(record)
        opened = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, opened, 0o600) if folder else None

    @property
    def on(self) -> bool:
        """Whether anything is kept."""
        return self._file is not None

    def records(self) -> Iterator[RecordT]:
        """What was kept, oldest first; what a kill has cut off is dropped. Raises WrongInput for another box's file."""
        if self._file is None:
            return
        data = self._path.read_bytes()
        os.ftruncate(self._file, data.rfind(b"\n") + 1)
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            try:
                yield self._decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise WrongInput(f"{self._path}, line {number}: not written by such a box: {error}") from error

    def write(self, record: RecordT) -> None:
        """Keep something that has happened."""
        if self._file is not None:
            os.write(self._file, msgspec.json.encode(record) + b"\n")

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
