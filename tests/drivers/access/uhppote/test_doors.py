"""What is told of doors, and what is done with them."""

import asyncio
from typing import Any

import pytest
from controllerhall import Controller, World

from drivers.access.uhppote.reader import ControllerLog
from drivers.shared.log_walk import Missing
from gateway.core.access import Happening
from gateway.core.errors import CommandRejected, JournalError
from gateway.core.model import Stage
from simulators.access.uhppote.server import UhppoteTwin

CARD = 8165538
DOORS = [
    {"number": 1, "id": "main", "name": "东门"},
    {"number": 3, "id": "store", "sensor": False},
]


async def happened(controller: Controller, *types: Happening) -> list[tuple[str | None, str, object]]:
    """What is recorded of doors: part, type, reason."""
    rows = await controller.rows(*types)
    return [(row.part, row.type, (row.payload or {}).get("reason")) for row in rows]


async def test_a_person_passes_a_door(world: World) -> None:
    controller = await world.controller()
    await controller.ask("put_card", card=CARD, begins="2026-01-01", ends="2027-12-31", doors={"door-1": True})
    await controller.until(lambda: controller.twin.board.special_events)
    controller.pull("swipe", card=CARD, door=1)
    controller.pull("open", door=1)
    await controller.caught_up()
    await controller.until(lambda: controller.point("open", "door-1") is True)
    assert controller.point("unlocked", "door-1") is True
    controller.pull("close", door=1)
    controller.pull("swipe", card=CARD, door=2)
    await controller.caught_up()
    await controller.until(lambda: controller.point("open", "door-1") is False)
    assert await happened(controller, *Happening) == [
        (None, "log.epoch", None),
        ("door-1", "access.granted", "card"),
        ("door-1", "door.opened", "opened"),
        ("door-1", "door.closed", "closed"),
        ("door-2", "access.denied", "no right"),
    ]
    (granted,) = await controller.rows(Happening.GRANTED)
    assert granted.payload is not None
    assert (granted.payload["direction"], granted.payload["code"]) == ("in", 1)
    assert granted.device_at is not None
    assert granted.clock_offset_s is not None
    assert abs(granted.clock_offset_s) < 2


async def unread(*_: object) -> Missing:
    return Missing.NONE


async def test_the_points_of_a_door_are_told_behind_the_events_that_led_to_them(world: World) -> None:
    controller = await world.controller(poll_s=0.1)
    await controller.until(lambda: controller.twin.board.special_events)
    for times in range(1, 6):
        controller.pull("force", door=1)
        await controller.until(lambda: controller.point("open", "door-1") is True)
        opened = await controller.rows(Happening.OPENED)
        controller.pull("close", door=1)
        await controller.until(lambda: controller.point("open", "door-1") is False)
        closed = await controller.rows(Happening.CLOSED)
        assert (len(opened), len(closed)) == (times, times)


async def test_what_is_not_recorded_is_not_told_but_a_fire_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log cannot be read on: the doors are unknown, and not as they were before."""
    controller = await world.controller()
    await controller.until(lambda: controller.point("open", "door-1") is False)
    monkeypatch.setattr(ControllerLog, "read", unread)
    controller.pull("force", door=1)
    controller.pull("fire")
    await controller.until(lambda: controller.point("fire") is True)
    await controller.until(lambda: controller.point("open", "door-1") == "unknown")
    monkeypatch.undo()
    await controller.until(lambda: controller.point("open", "door-1") is True)


async def test_a_forced_and_a_held_door_and_fire_are_alarms_of_the_device(world: World) -> None:
    controller = await world.controller()
    controller.pull("force", door=2)
    controller.pull("fire")
    controller.pull("hold", door=1, after_s=0.0)
    await controller.until(lambda: controller.twin.board.ring.newest >= 3)
    await controller.caught_up()
    told = await happened(controller, Happening.ALARM)
    assert sorted(told, key=str) == sorted(
        [
            ("door-2", "door.device_alarm", "forced"),
            (None, "door.device_alarm", "fire"),
            ("door-1", "door.device_alarm", "held"),
        ],
        key=str,
    )
    await controller.until(lambda: controller.point("fire") is True)
    controller.pull("fire", on=False)
    await controller.until(lambda: controller.point("fire") is False)


async def test_a_button_releases_a_lock_or_is_pressed_in_vain(world: World) -> None:
    controller = await world.controller()
    await controller.until(lambda: controller.twin.board.special_events)
    controller.pull("button", door=1)
    await controller.ask("set_mode", "door-2", mode="normally_closed")
    controller.pull("button", door=2)
    await controller.caught_up()
    assert await happened(controller, Happening.BUTTON, Happening.BUTTON_REFUSED) == [
        ("door-1", "door.button", "button"),
        ("door-2", "door.button_refused", "locked"),
    ]


async def test_doors_have_the_names_of_the_site_and_one_without_a_sensor_is_unknown(world: World) -> None:
    controller = await world.controller(doors=DOORS)
    await controller.until(lambda: controller.point("open", "main") is False)
    assert {part.id: part.name for part in controller.life.view.parts.values()} == {"main": "东门", "store": "store"}
    assert controller.point("open", "store") == "unknown"
    controller.pull("swipe", card=CARD, door=3)
    controller.pull("swipe", card=CARD, door=4)
    await controller.caught_up()
    one, other = await controller.rows(Happening.DENIED)
    assert (one.part, other.part, (other.payload or {})["door"]) == ("store", None, 4)


async def test_a_door_is_opened_from_afar_and_that_is_in_the_log(world: World) -> None:
    controller = await world.controller()
    done = await controller.ask("open", "door-2")
    assert (done.status, done.detail) == (Stage.CONFIRMED, {"opened": True})
    await controller.caught_up()
    assert await happened(controller, Happening.REMOTE) == [("door-2", "door.remote_open", "remote")]
    await controller.until(lambda: controller.point("unlocked", "door-2") is True)


@pytest.mark.parametrize("fault", ["question", "answer"])
async def test_a_door_is_opened_once_also_where_the_question_or_its_answer_is_lost(world: World, fault: str) -> None:
    controller = await world.controller(poll_s=30, care_s=30)
    if fault == "answer":
        controller.pull("cut", after=10, count=2)  # that to the status before may be asked again
    else:
        controller.pull("loss", percent=50, seed=3)
    done = await controller.ask("open", "door-1")
    assert done.status is Stage.CONFIRMED
    assert controller.twin.board.doors[1].released == 1


async def test_how_a_lock_is_run_is_read_back(world: World) -> None:
    controller = await world.controller()
    await controller.until(lambda: controller.point("mode", "door-1") == "controlled")
    done = await controller.ask("set_mode", "door-1", mode="normally_open")
    assert (done.status, done.detail) == (Stage.CONFIRMED, {"mode": "normally_open", "delay_s": 3})
    assert controller.point("mode", "door-1") == "normally_open"
    done = await controller.ask("set_delay", "door-1", seconds=12)
    assert (done.status, controller.point("delay_s", "door-1")) == (Stage.CONFIRMED, 12)
    assert (controller.twin.board.doors[1].mode, controller.twin.board.doors[1].delay) == (1, 12)


class LastWords(dict[int, Any]):
    """The doors of a box that is cut off once it has answered for them so often."""

    def __init__(self, twin: UhppoteTwin, answers: int) -> None:
        super().__init__(twin.board.doors)
        self.twin, self.left = twin, answers

    def get(self, number: int, default: Any = None) -> Any:
        self.left -= 1
        if self.left == 0:
            self.twin.hang_up(60.0)
        return super().get(number, default)


async def test_what_was_confirmed_is_told_so_though_nothing_is_heard_after_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = await world.controller(poll_s=30, care_s=30)
    await controller.until(lambda: controller.point("mode", "door-1") == "controlled")
    read, set_, kept = 1, 2, 1
    monkeypatch.setattr(controller.twin.board, "doors", LastWords(controller.twin, read + set_ + kept))
    done = await controller.ask("set_mode", "door-1", mode="normally_open")
    assert (done.status, controller.twin.down) == (Stage.CONFIRMED, True)
    assert controller.point("mode", "door-1") == "normally_open"


async def test_a_door_that_is_normally_closed_refuses_to_open(world: World) -> None:
    controller = await world.controller()
    await controller.ask("set_mode", "door-1", mode="normally_closed")
    done = await controller.ask("open", "door-1")
    assert (done.status, done.detail) == (Stage.REJECTED, {"reason": "doors-1 refused: open"})


async def test_nothing_locks_a_door_while_it_burns(world: World) -> None:
    controller = await world.controller()
    await controller.ask("set_mode", "door-1", mode="normally_open")
    controller.pull("fire")
    for mode in ("controlled", "normally_closed"):
        done = await controller.ask("set_mode", "door-1", mode=mode)
        assert (done.status, controller.twin.board.doors[1].mode) == (Stage.REJECTED, 1)
        assert "the fire input is active" in done.detail["reason"]
    assert (await controller.ask("set_mode", "door-2", mode="normally_open")).status is Stage.CONFIRMED


HOURS = {"begins": "00:00:00", "ends": "23:59:00"}


@pytest.mark.parametrize(
    ("verb", "part", "params"),
    [
        ("set_first_card", "door-1", {"hours": HOURS, "active": "normally_closed", "inactive": "controlled"}),
        ("set_tasks", None, {"tasks": []}),
        ("set_interlock", None, {"mode": "doors_12"}),
        ("restore_defaults", None, {}),
    ],
)
async def test_nothing_else_locks_a_door_while_it_burns(
    world: World, verb: str, part: str | None, params: dict[str, Any]
) -> None:
    controller = await world.controller()
    await controller.ask("set_mode", "door-1", mode="normally_open")
    controller.pull("fire")
    done = await controller.ask(verb, part, **params)
    assert (done.status, controller.twin.board.doors[1].mode) == (Stage.REJECTED, 1)
    assert "the fire input is active" in done.detail["reason"]
    assert (await controller.ask("set_delay", "door-1", seconds=9)).status is Stage.CONFIRMED
    assert (controller.twin.board.doors[1].mode, controller.twin.board.doors[1].delay) == (1, 9)


async def test_a_delay_that_is_set_beside_an_evacuation_does_not_take_it_back(world: World) -> None:
    controller = await world.controller(timeout_s=2.0, again_s=1.0)
    controller.pull("slow", seconds=0.005)

    async def delayed(after_s: float) -> None:
        await asyncio.sleep(after_s)
        assert (await controller.ask("set_delay", "door-1", seconds=4)).status is Stage.CONFIRMED

    for number in range(8):
        await controller.ask("set_mode", "door-1", mode="controlled")
        asked = asyncio.create_task(delayed(0.002 * number))
        assert (await controller.ask("set_mode", "door-1", mode="normally_open")).status is Stage.CONFIRMED
        await asked
        assert controller.twin.board.doors[1].mode == 1


async def test_a_door_that_there_is_not_is_refused(world: World) -> None:
    controller = await world.controller()
    with pytest.raises(
        CommandRejected, match=r"has no door 'door-9' \(did you mean 'door-2'\?\); it has: door-1, door-2"
    ):
        await controller.ask("put_card", card=1, begins="2026-01-01", ends="2026-12-31", doors={"door-9": True})


async def test_while_nothing_can_be_recorded_doors_are_unknown_and_fire_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = await world.controller()
    await controller.until(lambda: controller.point("open", "door-1") is False)
    record = controller.life.context.record

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(controller.life.context, "record", full)
    controller.pull("fire")
    await controller.until(lambda: controller.point("fire") is True)
    await controller.until(lambda: controller.point("open", "door-1") == "unknown")
    monkeypatch.setattr(controller.life.context, "record", record)
    await controller.caught_up()
    await controller.until(lambda: controller.point("open", "door-1") is False)
    assert await controller.log() == controller.kept()
    assert controller.failures == []
