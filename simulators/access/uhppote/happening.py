"""What happens at the doors of a controller: people, buttons, fire, its own schedule."""

from datetime import datetime

from drivers.access.uhppote.codec.doors import Control
from drivers.access.uhppote.codec.log import Kind
from drivers.access.uhppote.codec.schedules import AddTask, Doing
from simulators.access.uhppote.judgement import SUPERVISOR, SWIPE, interlocked, judge
from simulators.access.uhppote.state import Board

BUTTON, OPENED, CLOSED, POWER_ON = 20, 23, 24, 28
BUTTON_LOCKED, BUTTON_INTERLOCKED = 31, 33
HELD, FORCED, FIRE, FORCED_CLOSED, REMOTE = 37, 38, 39, 40, 44
"""Reasons of events."""


def swipe(board: Board, card: int, door: int, *, out: bool = False, pin: int | None = None) -> bool:
    """Somebody shows a card; says whether they may pass."""
    reason = judge(board, card, door, pin)
    if reason == SWIPE:
        board.unlock(door)
    board.write(reason, door, kind=Kind.CARD, granted=reason == SWIPE, card=card, direction=2 if out else 1)
    return reason == SWIPE


def type_code(board: Board, code: int, door: int) -> bool:
    """Somebody types a supervisor's code; says whether the door may be opened."""
    if not code or code not in board.doors[door].codes:
        return False
    board.unlock(door)
    board.write(SUPERVISOR, door, granted=True, direction=1)
    return True


def press(board: Board, door: int) -> None:
    """Somebody inside presses the button."""
    state = board.doors[door]
    if state.mode == Control.NORMALLY_CLOSED or not state.button_works or board.force_lock:
        _special(board, BUTTON_LOCKED, door)
    elif interlocked(board, door):
        _special(board, BUTTON_INTERLOCKED, door)
    else:
        board.unlock(door)
        _special(board, BUTTON, door, granted=True)


def push_open(board: Board, door: int) -> None:
    """Somebody opens the door. Raises ValueError while it is locked: then it does not move."""
    if not board.unlocked(door):
        raise ValueError(f"door {door} is locked: it stays shut")
    _move(board, door, opened=True)


def force(board: Board, door: int) -> None:
    """Somebody breaks the door open, whether it is locked or not."""
    locked = not board.unlocked(door)
    _move(board, door, opened=True)
    if locked:
        board.write(FORCED, door, kind=Kind.ALARM)


def shut(board: Board, door: int) -> None:
    """Somebody closes the door."""
    _move(board, door, opened=False)


def held(board: Board, door: int) -> None:
    """The door has stood open for too long."""
    if board.doors[door].open:
        board.write(HELD, door, kind=Kind.ALARM)


def burn(board: Board, *, on: bool) -> None:
    """The fire input changes; an event says that it has become active."""
    news = on and not board.fire
    board.fire = on
    if news:
        board.write(FIRE, kind=Kind.ALARM)


def lock_all(board: Board, *, on: bool) -> None:
    """The input changes that keeps all doors locked."""
    news = on and not board.force_lock
    board.force_lock = on
    if news:
        board.write(FORCED_CLOSED, kind=Kind.ALARM)


def open_remotely(board: Board, door: int) -> bool:
    """Release a lock from afar; a door that is normally closed stays locked."""
    state = board.doors.get(door)
    if state is None or state.mode == Control.NORMALLY_CLOSED or board.force_lock or interlocked(board, door):
        return False
    board.unlock(door)
    state.released += 1
    board.write(REMOTE, door, granted=True, direction=1)
    return True


def restart(board: Board) -> None:
    """It was without power for a moment."""
    board.write(POWER_ON, granted=True)


def run_tasks(board: Board, since: datetime, now: datetime) -> None:
    """Do what its own schedule wants done between two moments, in order of time."""
    due = [task for task in board.tasks if _due(task, since, now)]
    for task in sorted(due, key=lambda task: task.at or now.time()):
        _do(board, task)


def _due(task: AddTask, since: datetime, now: datetime) -> bool:
    if task.at is None or task.begins is None or task.ends is None or not task.begins <= now.date() <= task.ends:
        return False
    return task.days[now.weekday()] and since < datetime.combine(now.date(), task.at) <= now


def _do(board: Board, task: AddTask) -> None:
    door = board.doors[task.door]
    modes = {
        Doing.CONTROLLED: Control.CONTROLLED,
        Doing.NORMALLY_OPEN: Control.NORMALLY_OPEN,
        Doing.NORMALLY_CLOSED: Control.NORMALLY_CLOSED,
    }
    doing = Doing(task.doing)
    if doing in modes:
        door.mode = modes[doing]
    elif doing in (Doing.CARD_ONLY, Doing.CARD_AND_PIN, Doing.CARD_AND_PIN_IN):
        door.keypad = doing is not Doing.CARD_ONLY
    elif doing in (Doing.BUTTON_OFF, Doing.BUTTON_ON):
        door.button_works = doing is Doing.BUTTON_ON
    elif doing is Doing.OPEN_ONCE:
        board.unlock(task.door)


def _move(board: Board, door: int, *, opened: bool) -> None:
    if board.doors[door].open != opened:
        board.doors[door].open = opened
        _special(board, OPENED if opened else CLOSED, door, granted=True)


def _special(board: Board, reason: int, door: int, *, granted: bool = False) -> None:
    """An event that is only written where special events are."""
    if board.special_events:
        board.write(reason, door, granted=granted, direction=1)
