"""Whether it burns, and how a fire ends of which only an event has told."""

from collections.abc import Callable, Mapping, Sequence

from gateway.core.access import FIRE
from gateway.core.model import Event
from gateway.doors.entrance import Entrance
from gateway.doors.heard import Fire
from gateway.doors.told import Level
from gateway.hub import DeviceView, Hub
from gateway.journal.rows import Row

Take = Callable[[Entrance, Sequence[Event]], None]


class Fires:
    """The fires of the hall. `take` records what was found of a door."""

    def __init__(self, hub: Hub, entrances: Callable[[], Mapping[str, Entrance]], take: Take) -> None:
        self._hub, self._entrances, self._take = hub, entrances, take

    def burning(self) -> bool:
        """Whether no door must be locked. An input that says no may be one that nobody has wired: any that says yes
        counts for all.
        """
        return any(map(_active, self._hub.devices.values())) or any(
            each.door.fire for each in self._entrances().values()
        )

    def seen(self, levels: Mapping[str, Level]) -> None:
        """The inputs are heard of before the openings that their devices tell: who runs out forces no door."""
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
        view = self._hub.devices.get(device)
        if view is not None and _active(view):
            return f"{entrance.config.id}: the fire input of {device} is active"
        self._take(entrance, entrance.fire_over())
        return None


def has_input(view: DeviceView | None) -> bool:
    """Whether a device has a fire input that it tells of."""
    return view is not None and any(point.name == FIRE.name for point in view.surface.device.points)


def _active(view: DeviceView) -> bool:
    """Whether the fire input of a device is known to be active."""
    held = view.points.get(None, {}).get(FIRE.name)
    return held is not None and held.now.value is True
