"""What is asked of a door: open it, run its lock otherwise."""

from typing import Any

from drivers.access.uhppote import verbs
from drivers.access.uhppote.asking import Asking
from drivers.access.uhppote.codec.doors import Control, Door, DoorOpened, GetDoor, OpenDoor, SetDoor
from drivers.access.uhppote.codec.log import EventRecord
from drivers.access.uhppote.codec.schedules import FirstCardSet, RefreshTasks, SetFirstCard, TasksRefreshed
from drivers.access.uhppote.happenings import meaning
from drivers.access.uhppote.points import MODES
from drivers.access.uhppote.reader import ControllerLog
from gateway.core.access import Happening, SetMode
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected, DeviceOffline

CONTROLS = {mode: control for control, mode in MODES.items()}


TRIES = 3


async def open_door(asking: Asking) -> dict[str, Any]:
    """Release a lock once. It is only asked again where the log shows that it was not released: who asks twice may
    open twice.
    """
    door = asking.number(asking.command.part)
    before = (await asking.wire.status()).index
    for left in reversed(range(TRIES)):
        try:
            await asking.do(OpenDoor(door=door), DoorOpened, again=False, timeout_s=asking.config.timeout_s / TRIES)
            break
        except DeviceOffline:
            if await _was_opened(asking, door, before):
                break
            if not left:
                raise
    return {"opened": True}


async def _was_opened(asking: Asking, door: int, before: int) -> bool:
    """Whether the log says that a door was opened from afar, behind an index."""
    log = ControllerLog(asking.wire)
    for index in range(before + 1, await log.newest() + 1):
        record = await log.read(index)
        if isinstance(record, EventRecord) and record.door == door and meaning(record).type is Happening.REMOTE:
            return True
    return False


async def set_mode(asking: Asking) -> dict[str, Any]:
    """Run a lock otherwise."""
    mode = convert(SetMode, asking.command.params).mode
    door = await _door(asking)
    await _set_door(asking, door.door, CONTROLS[mode], door.delay)
    return {"mode": mode.value, "delay_s": door.delay}


async def set_delay(asking: Asking) -> dict[str, Any]:
    """Release it for another time."""
    seconds = convert(verbs.SetDelay, asking.command.params).seconds
    door = await _door(asking)
    await _set_door(asking, door.door, door.mode, seconds)
    return {"delay_s": seconds}


async def set_first_card(asking: Asking) -> dict[str, Any]:
    """What holds once a first card has passed. It cannot be asked for."""
    given = convert(verbs.SetFirstCard, asking.command.params)
    order = SetFirstCard(
        door=asking.number(asking.command.part),
        begins=given.hours.begins,
        ends=given.hours.ends,
        active=verbs.number(given, "active"),
        inactive=verbs.number(given, "inactive"),
        days=verbs.week(given.days),
    )
    await asking.do(order, FirstCardSet)
    await asking.do(RefreshTasks(), TasksRefreshed)
    return {}


async def _door(asking: Asking) -> Door:
    number = asking.number(asking.command.part)
    return await asking.get(GetDoor(door=number), Door, lambda door: door.door == number)


async def _set_door(asking: Asking, number: int, mode: int, delay: int) -> None:
    wanted = SetDoor(door=number, mode=Control(mode), delay=delay)
    answer = await asking.wire.ask(wanted, SetDoor, fits=lambda door: door.door == number, sent=asking.sent)
    if (answer.mode, answer.delay) != (mode, delay):
        raise CommandRejected(f"{asking.config.id} refused: {asking.command.verb}")
    kept = await _door(asking)
    asking.same((kept.mode, kept.delay), (mode, delay))
