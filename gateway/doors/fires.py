"""Whether it burns, and how a fire ends of which only an event has told."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from gateway.core.model import Event
from gateway.doors.config import DoorConfig
from gateway.doors.entrance import Entrance
from gateway.doors.heard import Fire
from gateway.doors.inputs import Inputs, active, has_input
from gateway.doors.told import Level
from gateway.journal.rows import Desired, Row
from gateway.supervisor.context import House

Take = Callable[[Entrance, Sequence[Event]], None]


class Fires:
    """The fires of the hall. `take` records what was found of a door; `kept` are the rows of the last run."""

    def __init__(
        self, house: House, entrances: Callable[[], Mapping[str, Entrance]], take: Take, kept: Iterable[Desired] = ()
    ) -> None:
        self._hub, self._entrances, self._take = house.hub, entrances, take
        self._inputs = Inputs(house, kept)

    def burning(self, device: str) -> bool:
        """Whether no door of this controller must be locked.

        An input that says no may be one that nobody has wired: any that says yes counts for all, and so does the log
        of a controller that is asked for it.
        """
        fires = (each.config for each in self._entrances().values() if each.door.fire)
        return bool(self._inputs.active()) or any(each.device == device or self._everywhere(each) for each in fires)

    def _everywhere(self, door: DoorConfig) -> bool:
        """What comes to our listener may come from anybody: it counts for its own doors, or as the site file says."""
        if door.fire_everywhere is not None:
            return door.fire_everywhere
        view = self._hub.devices.get(door.device)
        return view is not None and not view.surface.passive

    def seen(self, levels: Mapping[str, Level]) -> None:
        """The inputs are heard of before the openings that their devices tell: who runs out forces no door."""
        self._inputs.active()
        for id_, read in levels.items():
            entrance = self._entrances()[id_]
            if events := entrance.burns(read):
                self._take(entrance, events)

    def told_of(self, row: Row, told: Fire) -> list[Entrance]:
        """The doors that the log of a device has told a fire of, or its end: all of its own where it names none.

        Where it has an input, all of its own burn, for the log tells before which openings that began; whether that is
        over is said by the input, which is read next.
        """
        every = [each for each in self._entrances().values() if each.config.device == row.device]
        if has_input(self._hub.devices.get(row.device or "")):
            return every if told.active else []
        return [each for each in every if row.part in (None, each.config.part)]

    def over(self, entrance: Entrance) -> str | None:
        """Somebody says that it burns no longer at a door; gives why that is not so. An input knows better."""
        device = entrance.config.device
        if active(self._hub.devices.get(device)):
            return f"{entrance.config.id}: the fire input of {device} is active"
        self._take(entrance, entrance.fire_over())
        if not any(each.door.fire for each in self._entrances().values() if each.config.device == device):
            self._inputs.over({device})
        return None

    def over_elsewhere(self) -> None:
        """Somebody says so of the hall: it holds of controllers as well that are lost, and have no watched door."""
        watched = {each.config.device for each in self._entrances().values()}
        self._inputs.over(self._inputs.active() - watched)
