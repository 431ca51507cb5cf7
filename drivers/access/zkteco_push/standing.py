"""How the doors of a device stand, by its newest state, and whether that may be told."""

from collections.abc import Iterator, Mapping, Sequence

from drivers.access.zkteco_push.codec import State
from gateway.core.access import Happening
from gateway.core.model import Event, Quality, Reading

SENSED = (Happening.OPENED, Happening.CLOSED, Happening.ALARM)


class Standing:
    """The sensors. `owes`: a row is not recorded yet; a door that it opened would look forced, so none is told."""

    def __init__(self, doors: Mapping[int, str]) -> None:
        self._doors = doors
        self._stands: dict[str, bool | None] = {}
        self.owes = False

    def begin(self) -> None:
        """The device is being connected: nobody knows."""
        self._stands = {}

    def see(self, state: State) -> None:
        """The device tells how they stand."""
        self._stands = {self._doors[number]: stands for number, stands in state.open.items() if number in self._doors}

    def outdate(self, events: Sequence[Event]) -> None:
        """Tell no more how a door stood before what is recorded of its sensor now: the next state says that."""
        for event in events:
            if event.type in SENSED and event.part is not None:
                self._stands.pop(event.part, None)

    def readings(self) -> Iterator[Reading]:
        """What may be told."""
        for part, stands in self._stands.items():
            told = None if self.owes else stands
            yield Reading(part, "open", told, Quality.BAD if told is None else Quality.GOOD)
