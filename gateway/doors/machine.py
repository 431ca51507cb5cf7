"""One door: what is known of it, and what is found when something is heard of it. Pure: no clock, no I/O.

Times are seconds of one steady clock. What is heard is stepped through in its order, each with the time `at` at which
it happened; what was due before that is found first, so that a log that is read late is judged as if it had been live.
"""

import msgspec

from gateway.core.access import DURESS, FORCED, HELD, Finding
from gateway.doors.door import NEVER, Door, Held, Limits, Outcome
from gateway.doors.heard import Alarmed, Authorised, Fire, Heard, Locked, Position, Released, Sensed, Tick

UNKNOWN_S = 10.0  # after a restart nobody may know so long how a door stands: its controller must answer first
LOCK_S = 5.0  # how long its lock has to say that it is released in a fire

Step = tuple[Door, list[Outcome]]


def step(door: Door, limits: Limits, heard: Heard, at: float) -> Step:
    """The door once it has heard something that happened `at`, and what is found by that."""
    door, found = _advance(door, limits, at)
    door, more = _hear(door, limits, heard, at)
    return door, found + more


def due(door: Door, limits: Limits) -> float | None:
    """When something is found if nothing is heard; None if nothing ever is."""
    times = (None if door.burnt is None else door.burnt + LOCK_S, _due(door, limits))
    return min((time for time in times if time is not None), default=None)


def _due(door: Door, limits: Limits) -> float | None:
    """When something is found of how it stands."""
    if door.before is not None:
        return door.since + UNKNOWN_S
    begun = _counted(door)
    if begun is None or door.held is Held.HELD:
        return None
    return begun + (limits.warn_s if door.held is Held.NO else limits.held_s)


def restarted(door: Door, at: float) -> Door:
    """The door as it was kept, before anybody has looked: its opening, and what is wrong, are still so."""
    before = door.before if door.position is Position.UNKNOWN else door.position
    burnt = None if door.burnt is None else at
    return msgspec.structs.replace(door, position=Position.UNKNOWN, since=at, unlocked=None, before=before, burnt=burnt)


def _hear(door: Door, limits: Limits, heard: Heard, at: float) -> Step:
    begun = at if door.opened is None else max(at, door.opened)  # a clock of whole seconds may tell less than nothing
    match heard:
        case Sensed(position, seen):
            return _sense(door, position, begun, seen=seen)
        case Locked(unlocked):
            until = at + limits.authorised_s if door.unlocked and not unlocked else NEVER
            door = msgspec.structs.replace(_authorise(door, until), unlocked=unlocked)
            return _lock(door, at) if unlocked else (door, [])
        case Authorised():
            return _authorise(door, at + limits.authorised_s), []
        case Fire(active):
            return _burn(door, limits, active, begun)
        case Released(on):
            return _suspend(door, limits, begun, released=on, fire=door.fire, why="released")
        case Alarmed(reason):
            return _alarm(door, limits, reason, begun)
        case Tick():
            return door, []


def _counted(door: Door) -> float | None:
    """Since when it stands open and should not."""
    if door.position is not Position.OPEN or door.opened is None or door.suspended:
        return None
    return max(door.opened, door.excused)


def _advance(door: Door, limits: Limits, now: float) -> Step:
    found: list[Outcome] = []
    while (then := due(door, limits)) is not None and then <= now:
        if door.burnt is not None and then == door.burnt + LOCK_S:
            door, more = _lock(door, then)
            found += more
            continue
        if door.before is not None:
            found.append(Outcome(kind=Finding.UNKNOWN, at=door.since, opened=door.opened, was=(door.before.value,)))
            door = msgspec.structs.replace(door, before=None, lost=True)
            continue
        warned = door.held is Held.NO
        kind, held = (Finding.HELD_WARNING, Held.WARNED) if warned else (Finding.HELD, Held.HELD)
        found.append(Outcome(kind=kind, at=max(then, door.since), opened=door.opened, by="gateway"))
        door = msgspec.structs.replace(door, held=held, late=door.late or not warned)
    return door, found


def _authorise(door: Door, until: float) -> Door:
    return msgspec.structs.replace(door, authorised_until=max(door.authorised_until, until))


def _sense(door: Door, position: Position, at: float, *, seen: bool) -> Step:
    if position is Position.CLOSED:
        return _close(door, at, seen=seen)
    if position is door.position:
        return door, []
    if position is Position.UNKNOWN:
        unknown = Outcome(kind=Finding.UNKNOWN, at=at, opened=door.opened, was=(door.position.value,))
        return msgspec.structs.replace(door, position=position, since=at, lost=True), [unknown]
    if door.opened is not None and not seen:  # as nobody saw it closed, it is the same opening
        back = msgspec.structs.replace(door, position=position, since=at, lost=False, before=None)
        return back, _restored(door, at, "seen", *(["unknown"] if door.lost else []))
    missed: list[Outcome] = []
    if door.opened is not None:
        door, missed = _close(door, at, seen=False)
    door, found = _open(door, at, judged=seen or door.position is Position.CLOSED)
    return door, missed + found


def _open(door: Door, at: float, *, judged: bool) -> Step:
    """A new opening. It is not judged where nobody can tell when it was: what allowed it may be long ago."""
    right = door.suspended or bool(door.unlocked) or at <= door.authorised_until
    known = door.forced or door.held is Held.HELD  # the device said so before
    forced = judged and not right and not known
    found = _restored(door, at, "seen", *(["unknown"] if door.lost else []))
    if forced:
        found.append(Outcome(kind=Finding.FORCED, at=at, opened=at, by="gateway"))
    opened = msgspec.structs.replace(door, position=Position.OPEN, since=at, opened=at, lost=False, before=None)
    return msgspec.structs.replace(opened, forced=door.forced or forced), found


def _close(door: Door, at: float, *, seen: bool) -> Step:
    """It is closed. Where nobody saw it close, nobody can tell whether that was in time."""
    found = _restored(door, at, "closed", *door.wrong)
    if door.opened is not None:
        sure = seen or door.position is Position.OPEN
        in_time = False if door.late else True if sure else None
        found.append(Outcome(kind=Finding.CYCLE, at=at, opened=door.opened, forced=door.forced, in_time=in_time))
    since = door.since if door.position is Position.CLOSED else at
    known = {name: getattr(door, name) for name in ("unlocked", "authorised_until", "fire", "released", "burnt")}
    return Door(position=Position.CLOSED, since=since, **known), found


def _burn(door: Door, limits: Limits, active: bool | None, at: float) -> Step:
    if active is None or active is door.fire:
        return door, []
    kind = Finding.FIRE if active else Finding.FIRE_OVER
    waits = active and not door.unlocked  # what it said before the fire says nothing of the fire
    told = Outcome(kind=kind, at=at, unlocked=None if waits else door.unlocked)
    door, found = _suspend(door, limits, at, released=door.released, fire=active, why="fire")
    return msgspec.structs.replace(door, burnt=at if waits else None), [told, *found]


def _lock(door: Door, at: float) -> Step:
    """What its lock does in a fire, once it is released or has had its time."""
    burnt = [] if door.burnt is None else [max(at, door.burnt)]
    told = [Outcome(kind=Finding.FIRE_LOCK, at=then, unlocked=door.unlocked) for then in burnt]
    return msgspec.structs.replace(door, burnt=None), told


def _suspend(door: Door, limits: Limits, at: float, *, released: bool, fire: bool, why: str) -> Step:
    """While it may stand open it is not held; afterwards it has its whole time again."""
    after = msgspec.structs.replace(door, released=released, fire=fire)
    if after.suspended and door.held is not Held.NO:
        return msgspec.structs.replace(after, held=Held.NO), _restored(door, at, why, door.held.value)
    if door.suspended and not after.suspended:
        return msgspec.structs.replace(_authorise(after, at + limits.authorised_s), excused=at), []
    return after, []


def _alarm(door: Door, limits: Limits, reason: str, at: float) -> Step:
    if reason == DURESS:  # the code for duress opens as any other: nothing about the door may show that it was used
        return _authorise(door, at + limits.authorised_s), []
    if reason == FORCED and not door.fire and not door.forced:
        forced = Outcome(kind=Finding.FORCED, at=at, opened=door.opened, by="device")
        return msgspec.structs.replace(door, forced=True), [forced]
    if reason == HELD and not door.suspended and door.held is not Held.HELD:
        held = Outcome(kind=Finding.HELD, at=at, opened=door.opened, by="device")
        return msgspec.structs.replace(door, held=Held.HELD, late=True), [held]
    return door, []


def _restored(door: Door, at: float, why: str, *was: str) -> list[Outcome]:
    return [Outcome(kind=Finding.RESTORED, at=at, opened=door.opened, was=was, why=why)] if was else []
