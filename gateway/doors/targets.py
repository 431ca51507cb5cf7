"""Doors as targets of commands: each door, the doors of each zone, and all of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from gateway.core.access import SET_MODE, Mode, may_lock
from gateway.core.contract import convert
from gateway.core.errors import NotSupported
from gateway.core.known import lacks
from gateway.core.model import Command, Result, Verb
from gateway.core.rights import Right
from gateway.doors import verbs
from gateway.doors.drills import Drills
from gateway.doors.entrance import Entrance
from gateway.doors.locks import BURNS, Locks
from gateway.doors.verbs import ALL, MODES, Drill, Hold
from gateway.target import Target

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

    def guard(self, device: str, part: str | None, verb: Verb, params: Mapping[str, Any]) -> str | None:
        """Why something is not to be asked of a device: whatever opens or locks a watched door is asked of that door,
        whose zone it may be; and nothing locks while a fire is on.
        """
        for id_, each in self._doors.entrances.items():
            if verb.right is Right.UNLOCK and (each.config.device, each.config.part) == (device, part):
                return f"what {verb.name!r} does there is decided by {PREFIX}{id_}: ask that"
        return BURNS if may_lock(verb, params) and self._doors.locks.fires.burning(device) else None

    def _places(self) -> list[str]:
        zones = {self._doors.zone(entrance) for entrance in self._doors.entrances.values()}
        return [ALL, *sorted(zone for zone in zones if zone)] if self._doors.entrances else []


class DoorTarget:
    """One door: its own verbs, and of its controller's those that want the right `unlock` too."""

    def __init__(self, entrance: Entrance, doors: Entrances) -> None:
        self.id, self._entrance, self._doors = f"{PREFIX}{entrance.config.id}", entrance, doors
        self.zone = doors.zone(entrance)

    def verb(self, name: str, part: str | None) -> Verb:
        """See Target."""
        return _verb(self.id, {**self._doors.locks.others(self._entrance), **verbs.DOOR}, name, part)

    def filed(self, part: str | None) -> tuple[str, str]:
        """See Target."""
        return self._entrance.config.device, self._entrance.config.part

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """See Target."""
        convert(self.verb(verb, part).params, params)
        if verb == verbs.FIRE_OVER.name:
            return
        if verb == "open" or verb not in verbs.DOOR:
            self._doors.locks.check(self._entrance, verb, params)
        else:
            mode = MODES.get(verb, Mode.NORMALLY_OPEN)
            self._doors.locks.check(self._entrance, SET_MODE.name, {"mode": mode.value})

    async def execute(self, command: Command) -> Result:
        """See Target."""
        if command.verb == "open" or command.verb not in verbs.DOOR:
            return await self._doors.locks.ask(self._entrance, command.verb, command.params, command)
        if command.verb == verbs.FIRE_OVER.name:
            return self._doors.locks.fire_over(self._entrance, command)
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
        """See Target. A zone that has all doors is the hall: what is dangerous there is so by another name too."""
        everywhere = len(self._entrances()) == len(self._doors.entrances)
        return _verb(self.id, verbs.HALL if everywhere else verbs.ZONE, name, part)

    def filed(self, part: str | None) -> tuple[None, None]:
        """See Target."""
        return None, None

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """See Target."""
        convert(self.verb(verb, part).params, params)

    async def execute(self, command: Command) -> Result:
        """See Target."""
        if command.verb == verbs.DRILL.name:
            kind = convert(Drill, command.params).kind
            return await self._doors.drills.run(kind, self._place, self._entrances(), command)
        if command.verb == verbs.FIRE_OVER.name:
            if self._place == ALL:
                self._doors.locks.fires.over_elsewhere()
            return self._doors.locks.fires_over(self._entrances(), command, place=self.id)
        return await self._doors.locks.run_all(self._entrances(), MODES[command.verb], command, place=self.id)

    def _entrances(self) -> Sequence[Entrance]:
        every = self._doors.entrances.values()
        return [each for each in every if self._place == ALL or self._doors.zone(each) == self._place]


def _verb(target: str, known: Mapping[str, Verb], name: str, part: str | None) -> Verb:
    if part is not None:
        raise NotSupported(f"{target} has no parts")
    if name not in known:
        raise NotSupported(lacks(target, "verb", name, known))
    return known[name]
