"""One door: what is known of it, and what is found when something is heard of it. Pure: no clock, no I/O.

Times are seconds of one steady clock. What is heard is stepped through in its order, each with the time `at` at which
it happened; what was due before that is found first, so that a log that is read late is judged as if it had been live,
by the fires and releases of its own time.
"""

from typing import NamedTuple

import msgspec

from gateway.core.access import DURESS, FORCED, HELD, Finding
from gateway.doors.door import FOR_EVER, NEVER, Door, Held, Limits, Outcome, Span
from gateway.doors.heard import Alarmed, Authorised, Fire, Heard, Locked, Position, Released, Sensed, Tick

UNKNOWN_S = 10.0  # after a restart nobody may know so long how a door stands: its controller must answer first
LOCK_S = 5.0  # how long its lock has to say that it is released in a fire
APART = (
    *("unlocked", "unlocked_since", "authorised_since", "authorised_until", "burnt"),
    *("fire", "fire_since", "released", "released_since", "past"),
)  # what is known of a door, and not of an opening
PAST = 16  # fires and releases that are over, of which what is read late may be

Step = tuple[Door, list[Outcome]]


def step(door: Door, limits: Limits, heard: Heard, at: float) -> Step:
    """The door once it has heard something that happened `at`, and what is found by that."""
    door, found = _advance(door, limits, at)
    door, more = _hear(door, limits, heard, at)
    return door, found + more


class Next(NamedTuple):
    """What is found next of how it stands: `why` it may, or else that its time since `begun` is over."""

    at: float
    begun: float
    why: str | None


def due(door: Door, limits: Limits) -> float | None:
    """When something is found if nothing is heard; None if nothing ever is."""
    burnt = None if door.burnt is None else door.burnt + LOCK_S
    before = None if door.before is None else door.since + UNKNOWN_S
    stands = _next(door, limits)
    times = (burnt, before, None if stands is None else stands.at)
    return min((time for time in times if time is not None), default=None)


def _next(door: Door, limits: Limits) -> Next | None:
    """While it may stand open it is not held; afterwards it has its whole time again."""
    counts = door.position is Position.OPEN and door.opened is not None
    if door.held is Held.NO and not counts:
        return None
    wait_s = {Held.NO: limits.warn_s, Held.WARNED: limits.held_s, Held.HELD: FOR_EVER}[door.held]
    begun, wait_s = max(door.excused, NEVER if door.opened is None else door.opened), wait_s if counts else FOR_EVER
    for span in door.spans(limits):
        if span.begin >= begun + wait_s and span.begin > door.since:
            break
        if span.end > begun and door.held is not Held.NO:
            return Next(max(span.begin, begun), begun, span.why)
        begun = max(begun, span.end)
    return Next(begun + wait_s, begun, None) if begun + wait_s < FOR_EVER else None


def restarted(door: Door, at: float) -> Door:
    """The door as it was kept, before anybody has looked: its opening, and what is wrong, are still so."""
    before = door.before if door.position is Position.UNKNOWN else door.position
    burnt = None if door.burnt is None else at
    return msgspec.structs.replace(door, position=Position.UNKNOWN, since=at, unlocked=None, before=before, burnt=burnt)


def _hear(door: Door, limits: Limits, heard: Heard, at: float) -> Step:
    begun = at if door.opened is None else max(at, door.opened)  # a clock of whole seconds may tell less than nothing
    match heard:
        case Sensed(position, seen):
            return _sense(door, limits, position, begun, seen=seen)
        case Locked(unlocked):
            return _turn(door, limits, unlocked, at)
        case Authorised():
            return _authorise(door, at, at + limits.authorised_s), []
        case Fire(active):
            return _burn(door, limits, active, begun)
        case Released(on):
            return _release(door, limits, begun, on=on)
        case Alarmed(reason):
            return _alarm(door, limits, reason, begun)
        case Tick():
            return door, []


def _advance(door: Door, limits: Limits, now: float) -> Step:
    found: list[Outcome] = []
    while (then := due(door, limits)) is not None and then <= now:
        if door.burnt is not None and then == door.burnt + LOCK_S:
            door, more = _lock(door, then)
        elif (stands := _next(door, limits)) is not None and then == stands.at:
            door, more = _overdue(door, stands)
        else:
            was = () if door.before is None else (door.before.value,)
            more = [Outcome(kind=Finding.UNKNOWN, at=door.since, opened=door.opened, was=was)]
            door = msgspec.structs.replace(door, before=None, lost=True)
        found += more
    return door, found


def _overdue(door: Door, stands: Next) -> Step:
    """It stands open too long, or may from now on."""
    if stands.why is not None:
        allowed = msgspec.structs.replace(door, held=Held.NO, excused=stands.at)
        return allowed, _restored(door, stands.at, stands.why, door.held.value)
    warned = door.held is Held.NO
    kind, held = (Finding.HELD_WARNING, Held.WARNED) if warned else (Finding.HELD, Held.HELD)
    found = [Outcome(kind=kind, at=max(stands.at, door.since), opened=door.opened, by="gateway")]
    return msgspec.structs.replace(door, held=held, late=door.late or not warned, excused=stands.begun), found


def _authorise(door: Door, since: float, until: float) -> Door:
    if since <= door.authorised_until and until >= door.authorised_since:
        since, until = min(since, door.authorised_since), max(until, door.authorised_until)
    return msgspec.structs.replace(door, authorised_since=since, authorised_until=until)


def _turn(door: Door, limits: Limits, unlocked: bool | None, at: float) -> Step:
    """Its lock: once it has locked it authorises as long as a card does."""
    if door.unlocked and not unlocked:
        door = _authorise(door, door.unlocked_since, at + limits.authorised_s)
    since = door.unlocked_since if door.unlocked else at
    door = msgspec.structs.replace(door, unlocked=unlocked, unlocked_since=since)
    return _lock(door, at) if unlocked else (door, [])


def _sense(door: Door, limits: Limits, position: Position, at: float, *, seen: bool) -> Step:
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
    door, found = _open(door, limits, at, judged=seen or door.position is Position.CLOSED)
    return door, missed + found


def _open(door: Door, limits: Limits, at: float, *, judged: bool) -> Step:
    """A new opening. It is not judged where nobody can tell when it was: what allowed it may be long ago."""
    right = door.may_open(limits, at)
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
    known = {name: getattr(door, name) for name in APART}
    return Door(position=Position.CLOSED, since=since, **known), found


def _burn(door: Door, limits: Limits, active: bool | None, at: float) -> Step:
    if active is None or active is door.fire:
        since = min(at, door.fire_since) if active else door.fire_since  # a log may know better since when it burns
        return _advance(msgspec.structs.replace(door, fire_since=since), limits, at)
    kind = Finding.FIRE if active else Finding.FIRE_OVER
    waits = active and not door.unlocked  # what it said before the fire says nothing of the fire
    told = Outcome(kind=kind, at=at, unlocked=None if waits else door.unlocked)
    past = door.past if active else _past(door, Span(door.fire_since, max(at, door.fire_since), "fire"))
    door = msgspec.structs.replace(
        door, fire=active, fire_since=at if active else NEVER, past=past, burnt=at if waits else None
    )
    door, found = _advance(door, limits, at)
    return door, [told, *found]


def _release(door: Door, limits: Limits, at: float, *, on: bool) -> Step:
    if on is door.released:
        return door, []
    past = door.past if on else _past(door, Span(door.released_since, max(at, door.released_since), "released"))
    door = msgspec.structs.replace(door, released=on, released_since=at if on else NEVER, past=past)
    return _advance(door, limits, at)


def _past(door: Door, span: Span) -> tuple[Span, ...]:
    return (*door.past, span)[-PAST:]


def _lock(door: Door, at: float) -> Step:
    """What its lock does in a fire, once it is released or has had its time."""
    burnt = [] if door.burnt is None else [max(at, door.burnt)]
    told = [Outcome(kind=Finding.FIRE_LOCK, at=then, unlocked=door.unlocked) for then in burnt]
    return msgspec.structs.replace(door, burnt=None), told


def _alarm(door: Door, limits: Limits, reason: str, at: float) -> Step:
    if reason == DURESS:  # the code for duress opens as any other: nothing about the door may show that it was used
        return _authorise(door, at, at + limits.authorised_s), []
    if reason == FORCED and not door.allowed(limits, at, "fire") and not door.forced:
        forced = Outcome(kind=Finding.FORCED, at=at, opened=door.opened, by="device")
        return msgspec.structs.replace(door, forced=True), [forced]
    allowed = door.allowed(limits, at, "fire", "released")
    if reason == HELD and not allowed and door.held is not Held.HELD:
        held = Outcome(kind=Finding.HELD, at=at, opened=door.opened, by="device")
        return msgspec.structs.replace(door, held=Held.HELD, late=True, excused=max(door.excused, at)), [held]
    return door, []


def _restored(door: Door, at: float, why: str, *was: str) -> list[Outcome]:
    return [Outcome(kind=Finding.RESTORED, at=at, opened=door.opened, was=was, why=why)] if was else []
