"""Carries out what is asked of doors and of the controller; what it can tell is read back before it counts as done."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from drivers.access.uhppote import card_orders, door_orders, verbs
from drivers.access.uhppote.asking import Asking
from drivers.access.uhppote.box_clock import BoxClock
from drivers.access.uhppote.codec.box import (
    NOWHERE,
    DefaultsRestored,
    GetListener,
    KeypadsSet,
    Listener,
    RestoreDefaults,
    SetKeypads,
)
from drivers.access.uhppote.codec.doors import (
    AntiPassbackMode,
    AntiPassbackSet,
    GetAntiPassback,
    InterlockSet,
    SetAntiPassback,
    SetInterlock,
)
from drivers.access.uhppote.codec.schedules import (
    AddTask,
    ClearTasks,
    RefreshTasks,
    TaskAdded,
    TasksCleared,
    TasksRefreshed,
)
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected

Order = Callable[[Asking], Awaitable[dict[str, Any]]]


async def set_tasks(asking: Asking) -> dict[str, Any]:
    """Replace all tasks. What it has cannot be asked for: where it refuses one, it is left with none."""
    given = convert(verbs.SetTasks, asking.command.params)
    orders = [_task(asking, task) for task in given.tasks]
    await asking.do(ClearTasks(), TasksCleared)
    for number, order in enumerate(orders, 1):
        try:
            await asking.do(order, TaskAdded)  # what is there twice is done once
        except CommandRejected as error:
            await asking.do(ClearTasks(), TasksCleared)
            await asking.do(RefreshTasks(), TasksRefreshed)
            raise CommandRejected(f"task {number} of {len(orders)}: {error}; it has no tasks now") from error
    await asking.do(RefreshTasks(), TasksRefreshed)
    return {"tasks": len(orders)}


def _task(asking: Asking, task: verbs.Task) -> AddTask:
    return AddTask(
        begins=task.begins,
        ends=task.ends,
        days=verbs.week(task.days),
        at=task.at,
        door=asking.number(task.door),
        doing=verbs.number(task, "doing"),
        cards=task.cards,
    )


async def set_anti_passback(asking: Asking) -> dict[str, Any]:
    given = convert(verbs.SetAntiPassback, asking.command.params)
    mode = verbs.number(given, "mode")
    await asking.do(SetAntiPassback(mode=mode), AntiPassbackSet)
    asking.same((await asking.get(GetAntiPassback(), AntiPassbackMode)).mode, mode)
    return {"mode": given.mode}


async def set_interlock(asking: Asking) -> dict[str, Any]:
    given = convert(verbs.SetInterlock, asking.command.params)
    await asking.do(SetInterlock(mode=verbs.number(given, "mode")), InterlockSet)
    return {"mode": given.mode}


async def set_keypads(asking: Asking) -> dict[str, Any]:
    readers = convert(verbs.SetKeypads, asking.command.params).readers
    await asking.do(SetKeypads(readers=tuple(number in readers for number in range(1, 5))), KeypadsSet)
    return {"readers": sorted(set(readers))}


async def restore_defaults(asking: Asking) -> dict[str, Any]:
    """Have it forget everything. That it did, its listener shows."""
    await asking.do(RestoreDefaults(), DefaultsRestored, again=False)
    asking.same((await asking.get(GetListener(), Listener)).address, NOWHERE)
    return {}


ORDERS: Mapping[str, Order] = {
    "open": door_orders.open_door,
    "set_mode": door_orders.set_mode,
    "set_delay": door_orders.set_delay,
    "set_first_card": door_orders.set_first_card,
    "put_card": card_orders.put_card,
    "delete_card": card_orders.delete_card,
    "delete_cards": card_orders.delete_cards,
    "count_cards": card_orders.count_cards,
    "find_card": card_orders.find_card,
    "set_profile": card_orders.set_profile,
    "find_profile": card_orders.find_profile,
    "clear_profiles": card_orders.clear_profiles,
    "set_tasks": set_tasks,
    "set_anti_passback": set_anti_passback,
    "set_interlock": set_interlock,
    "set_keypads": set_keypads,
    "restore_defaults": restore_defaults,
}


async def set_clock(asking: Asking, clock: BoxClock) -> dict[str, Any]:
    """Set its clock now."""
    told = await clock.set()
    if told is None:
        raise CommandRejected(f"{asking.config.id} has not taken the time")
    return {"clock": told.isoformat()}
