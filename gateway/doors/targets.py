"""Doors as targets of commands: each door, the doors of each zone, and all of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from gateway.commands import Target
from gateway.core.access import OPEN, SET_MODE, Mode
from gateway.core.contract import convert
from gateway.core.errors import NotSupported
from gateway.core.model import Command, Result, Verb
from gateway.doors import verbs
from gateway.doors.drills import Drills
from gateway.doors.entrance import Entrance
from gateway.doors.locks import Locks
from gateway.doors.verbs import ALL, MODES, Drill, Hold

PREFIX = "doors/"
ZONES = f"{PREFIX}zones/"
MINUTE_S = 60.0


class Entrances(Protocol):
    """The doors of the site, as far as targets need them."""

    @property
    def locks(self) -> Locks: ...

    @property
    def drills(self) -> Drills: ...

    @property
    def entrances(self) -> Mapping[str, Entrance]: ...

    def zone(self, entrance: Entrance) -> str | None:
        """The zone of a door."""
        ...


class DoorTargets(Mapping[str, Target]):
    """`doors/ID` for each door, `doors/zones/ZONE` for each zone that has doors, and `doors/zones/hall`."""

    def __init__(self, doors: Entrances) -> None:
        self._doors = doors

    def __getitem__(self, target: str) -> Target:
        place = target.removeprefix(ZONES)
        if target.startswith(ZONES) and place in self._places():
            return PlaceTarget(place, self._doors)
        entrance = self._doors.entrances.get(target.removeprefix(PREFIX))
        if entrance is None or not target.startswith(PREFIX):
            raise KeyError(target)
        return DoorTarget(entrance, self._doors)

    def __iter__(self) -> Iterator[str]:
        yield from (f"{PREFIX}{id_}" for id_ in self._doors.entrances)
        yield from (f"{ZONES}{place}" for place in self._places())

    def __len__(self) -> int:
        return len(self._doors.entrances) + len(self._places())

    def decides(self, device: str, part: str | None, verb: str) -> str | None:
        """Which target alone decides about a verb of a part: how the lock of a watched door is run, so that whoever
        asks meets what holds for all of them, fire above all.
        """
        found = (
            id_
            for id_, each in self._doors.entrances.items()
            if (each.config.device, each.config.part) == (device, part)
        )
        return next((f"{PREFIX}{id_}" for id_ in found if verb == SET_MODE.name), None)

    def _places(self) -> list[str]:
        zones = {self._doors.zone(entrance) for entrance in self._doors.entrances.values()}
        return [ALL, *sorted(zone for zone in zones if zone)] if self._doors.entrances else []


class DoorTarget:
    """One door."""

    def __init__(self, entrance: Entrance, doors: Entrances) -> None:
        self.id, self._entrance, self._doors = f"{PREFIX}{entrance.config.id}", entrance, doors
        self.zone = doors.zone(entrance)

    def verb(self, name: str, part: str | None) -> Verb:
        """See Target."""
        return _verb(self.id, verbs.DOOR, name, part)

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """See Target."""
        convert(self.verb(verb, part).params, params)
        if verb == "open":
            self._doors.locks.check(self._entrance, OPEN.name, {})
        else:
            mode = MODES.get(verb, Mode.NORMALLY_OPEN)
            self._doors.locks.check(self._entrance, SET_MODE.name, {"mode": mode.value})

    async def execute(self, command: Command) -> Result:
        """See Target."""
        if command.verb == "open":
            return await self._doors.locks.open(self._entrance, command)
        if command.verb == "release":
            return await self._doors.locks.run(self._entrance, Mode.CONTROLLED, command)
        minutes = convert(Hold, command.params).minutes
        for_s = None if minutes is None else minutes * MINUTE_S
        return await self._doors.locks.run(self._entrance, Mode.NORMALLY_OPEN, command, for_s=for_s)


class PlaceTarget:
    """The doors of a zone, or all doors."""

    def __init__(self, place: str, doors: Entrances) -> None:
        self.id, self._place, self._doors = f"{ZONES}{place}", place, doors
        self.zone = None if place == ALL else place

    def verb(self, name: str, part: str | None) -> Verb:
        """See Target."""
        return _verb(self.id, verbs.HALL if self._place == ALL else verbs.ZONE, name, part)

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """See Target."""
        convert(self.verb(verb, part).params, params)

    async def execute(self, command: Command) -> Result:
        """See Target."""
        if command.verb == verbs.DRILL.name:
            kind = convert(Drill, command.params).kind
            return await self._doors.drills.run(kind, self._place, self._entrances(), command)
        return await self._doors.locks.run_all(self._entrances(), MODES[command.verb], command)

    def _entrances(self) -> Sequence[Entrance]:
        every = self._doors.entrances.values()
        return [each for each in every if self._place == ALL or self._doors.zone(each) == self._place]


def _verb(target: str, known: Mapping[str, Verb], name: str, part: str | None) -> Verb:
    if part is not None:
        raise NotSupported(f"{target} has no parts")
    if name not in known:
        raise NotSupported(f"{target} has no verb {name!r}; it has: {', '.join(sorted(known))}")
    return known[name]
