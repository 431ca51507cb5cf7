"""What is asked of a controller is done, and read back before it counts as done."""

from typing import Any

import msgspec
import pytest
from controllerhall import World

from drivers.access.uhppote.verbs import DEVICE, DOOR
from gateway.core.errors import CommandRejected
from gateway.core.model import Stage

CARD = 8165538
YEAR = {"begins": "2026-01-01", "ends": "2027-12-31"}
TASK = {"door": "door-2", "doing": "normally_open", "at": "08:30:00", **YEAR}
SCHEMES = pytest.mark.parametrize("scheme", ["udp", "tcp"])


@SCHEMES
async def test_cards_are_put_found_counted_and_deleted(world: World, scheme: str) -> None:
    controller = await world.controller(scheme)
    put = await controller.ask("put_card", card=CARD, **YEAR, doors={"door-1": True, "door-2": 29}, first=["door-2"])
    rights = {"known": True, **YEAR, "doors": {"door-1": True, "door-2": 29}, "first": ["door-2"], "has_pin": False}
    assert (put.status, put.detail) == (Stage.CONFIRMED, rights)
    assert (await controller.ask("find_card", card=CARD)).detail == rights
    assert (await controller.ask("find_card", card=CARD + 1)).detail == {"known": False}
    assert (await controller.ask("count_cards")).detail == {"cards": 1}
    assert (await controller.ask("delete_card", card=CARD)).detail == {"known": False}
    assert (await controller.ask("delete_card", card=CARD)).status is Stage.CONFIRMED
    await controller.ask("put_card", card=7, **YEAR, doors={"door-1": True})
    assert (await controller.ask("delete_cards")).detail == {"cards": 0}
    assert controller.twin.board.cards == {}


def test_every_verb_that_is_told_a_card_number_has_a_pseudonym_in_its_audit() -> None:
    told = {verb.name: verb.personal for verb in (*DOOR, *DEVICE) if "card" in verb.params.__struct_fields__}
    assert told == dict.fromkeys(("put_card", "delete_card", "find_card"), (("card", "card"),))


async def test_a_card_that_is_put_again_keeps_its_pin(world: World) -> None:
    controller = await world.controller()
    await controller.ask("put_card", card=CARD, **YEAR, doors={"door-1": True})
    cards = controller.twin.board.cards
    cards[CARD] = msgspec.structs.replace(cards[CARD], pin=7531)
    again = await controller.ask("put_card", card=CARD, **YEAR, doors={})
    assert (again.detail["has_pin"], cards[CARD].pin, cards[CARD].doors) == (True, 7531, (0, 0, 0, 0))


async def test_time_profiles_are_read_back(world: World) -> None:
    controller = await world.controller()
    hours = [{"begins": "08:30:00", "ends": "12:00:00"}, {"begins": "14:00:00", "ends": "17:30:00"}]
    missing = await controller.ask("set_profile", profile=29, **YEAR, hours=hours, linked=30)
    assert (missing.status, "no time profile 30" in missing.detail["reason"]) == (Stage.REJECTED, True)
    done = await controller.ask("set_profile", profile=29, **YEAR, hours=hours, days=[1, 5])
    told = {"known": True, **YEAR, "days": [1, 5], "hours": ["08:30-12:00", "14:00-17:30"], "linked": None}
    assert (done.status, done.detail) == (Stage.CONFIRMED, told)
    assert (await controller.ask("find_profile", profile=29)).detail == told
    assert (await controller.ask("clear_profiles")).status is Stage.CONFIRMED
    assert (await controller.ask("find_profile", profile=29)).detail == {"known": False}


async def test_modes_that_can_be_read_back_are_and_others_are_only_acknowledged(world: World) -> None:
    controller = await world.controller()
    board = controller.twin.board
    done = await controller.ask("set_anti_passback", mode="readers_1_23")
    assert (done.status, done.detail, board.anti_passback) == (Stage.CONFIRMED, {"mode": "readers_1_23"}, 3)
    done = await controller.ask("set_interlock", mode="doors_12")
    assert (done.status, board.interlock) == (Stage.ACKED, 1)
    done = await controller.ask("set_keypads", readers=[2, 3])
    assert (done.status, [door.keypad for door in board.doors.values()]) == (Stage.ACKED, [False, True, True, False])


async def test_tasks_and_first_cards_hold_at_once(world: World) -> None:
    controller = await world.controller()
    for _ in range(2):
        done = await controller.ask("set_tasks", tasks=[TASK, {**TASK, "doing": "controlled", "at": "17:30:00"}])
        assert (done.status, done.detail) == (Stage.ACKED, {"tasks": 2})
    assert [(task.door, task.doing) for task in controller.twin.board.tasks] == [(2, 1), (2, 0)]
    hours = {"begins": "08:00:00", "ends": "09:00:00"}
    done = await controller.ask("set_first_card", "door-1", hours=hours, active="normally_open", inactive="controlled")
    assert done.status is Stage.ACKED
    first = controller.twin.board.doors[1].first
    assert first is not None
    assert (first.active, first.inactive, first.days) == (1, 0, (True,) * 7)


async def test_a_task_that_is_refused_leaves_none_of_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list may open a door and never lock it."""
    controller = await world.controller()
    assert (await controller.ask("set_tasks", tasks=[TASK])).status is Stage.ACKED

    class OfOne(list[Any]):
        def append(self, task: Any) -> None:
            super().append(task)
            controller.pull("refuse_next")

    monkeypatch.setattr(controller.twin.board, "new_tasks", OfOne())
    done = await controller.ask("set_tasks", tasks=[TASK] * 3)
    why = "task 2 of 3: doors-1 refused: set_tasks; it has no tasks now"
    assert (done.status, done.detail) == (Stage.REJECTED, {"reason": why})
    assert (controller.twin.board.tasks, controller.twin.board.new_tasks) == ([], [])


async def test_defaults_are_restored_and_what_must_hold_is_set_again(world: World) -> None:
    controller = await world.controller()
    await controller.ask("put_card", card=CARD, **YEAR, doors={"door-1": True})
    controller.pull("swipe", card=CARD)
    await controller.caught_up()
    assert (await controller.ask("restore_defaults")).status is Stage.CONFIRMED
    assert controller.twin.board.cards == {}
    await controller.until(lambda: controller.twin.board.special_events)
    controller.pull("swipe", card=CARD)
    await controller.caught_up()
    assert [(epoch, index) for epoch, index, _ in await controller.log()] == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("verb", "params"),
    [
        ("put_card", {"card": CARD, **YEAR}),
        ("set_anti_passback", {"mode": "off"}),
        ("set_interlock", {"mode": "off"}),
        ("set_keypads", {"readers": []}),
        ("set_tasks", {"tasks": []}),
        ("clear_profiles", {}),
        ("delete_cards", {}),
    ],
)
async def test_what_the_controller_refuses_is_rejected(world: World, verb: str, params: dict[str, Any]) -> None:
    controller = await world.controller()
    controller.pull("refuse_next")
    done = await controller.ask(verb, **params)
    assert (done.status, done.detail["reason"]) == (Stage.REJECTED, f"doors-1 refused: {verb}")


async def test_what_it_has_kept_otherwise_is_rejected_without_saying_what(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = await world.controller()
    monkeypatch.setattr(controller.twin.board, "cards", Forgetful())
    done = await controller.ask("put_card", card=CARD, **YEAR, doors={"door-1": True})
    assert done.status is Stage.REJECTED
    assert done.detail["reason"] == "doors-1 agreed to put_card, and has kept something else"


class Forgetful(dict[int, Any]):
    """A list of cards that takes everything and keeps nothing."""

    def __setitem__(self, key: int, value: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("verb", "params", "why"),
    [
        ("put_card", {"card": 0, **YEAR}, "card"),
        ("put_card", {"card": 1, "begins": "2026-02-01", "ends": "2026-01-31"}, "ends must not be before begins"),
        ("put_card", {"card": 1, **YEAR, "doors": {"door-1": 1}}, "doors"),
        ("put_card", {"card": 1, **YEAR, "first": ["hatch"]}, "has no door 'hatch'"),
        ("set_profile", {"profile": 1, **YEAR, "hours": []}, "profile"),
        ("set_profile", {"profile": 2, **YEAR, "hours": []}, "hours"),
        ("set_anti_passback", {"mode": "sometimes"}, "mode must be one of off, readers_12_34"),
        ("set_interlock", {"mode": "doors_14"}, "mode must be one of off, doors_12"),
        ("set_tasks", {"tasks": [{**TASK, "doing": "dance"}]}, "doing must be one of controlled"),
        ("set_tasks", {"tasks": [{**TASK, "door": "hatch"}]}, "has no door 'hatch'"),
        ("set_keypads", {"readers": [5]}, "readers"),
    ],
)
async def test_nonsense_is_refused_before_the_controller_is_asked(
    world: World, verb: str, params: dict[str, Any], why: str
) -> None:
    controller = await world.controller()
    with pytest.raises(CommandRejected, match=why):
        await controller.ask(verb, **params)
