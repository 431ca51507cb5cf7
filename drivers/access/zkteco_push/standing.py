"""How the doors of a device stand, by its newest state, and whether that may be told."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from drivers.access.zkteco_push.codec import State
from gateway.core.model import Quality, Reading


class Standing:
    """The sensors. `owes`: a row is not recorded yet; a door that it opened would look forced, so none is told."""

    def __init__(self, doors: Mapping[int, str]) -> None:
        self._doors = doors
        self.owes = False
        self.lose()

    def lose(self) -> None:
        """Nobody knows how they stand."""
        self._stands: Mapping[int, bool | None] = {}
        self._at: datetime | None = None

    def see(self, state: State, at: datetime) -> None:
        """The device tells how they stand, just now: what is recorded after that is newer."""
        self._stands, self._at = state.open, at

    def readings(self) -> Iterator[Reading]:
        """What may be told."""
        for number, part in self._doors.items():
            if self.owes or (stands := self._stands.get(number)) is None:
                yield Reading(part, "open", None, Quality.BAD)
            else:
                yield Reading(part, "open", stands, at=self._at)
