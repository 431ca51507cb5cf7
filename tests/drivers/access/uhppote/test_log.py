"""The log of a controller comes into the journal: all of it, once, in order, whatever the wire does."""

import asyncio
import socket
from typing import Any

import pytest
from controllerhall import SERIAL, World

from gateway.core.access import Happening

SCHEMES = pytest.mark.parametrize("scheme", ["udp", "tcp"])
CARD = 8165538


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@SCHEMES
async def test_what_it_has_logged_before_and_what_happens_after_is_recorded_once(world: World, scheme: str) -> None:
    twin, config = await world.plug(scheme)
    twin.levers()["fill"]({"count": 150})
    controller = world.drive(twin, config)
    await controller.caught_up()
    for door in (1, 2, 1):
        controller.pull("swipe", card=CARD, door=door)
    await controller.caught_up()
    assert await controller.log() == controller.kept()
    assert controller.failures == []


async def test_of_the_first_events_already_it_is_told_how_far_the_clock_is_off(world: World) -> None:
    """Else what happened long ago would be judged as if it happened now."""
    twin, config = await world.plug()
    twin.levers()["fill"]({"count": 5})
    controller = world.drive(twin, config)
    await controller.caught_up()
    assert [row.clock_offset_s is None for row in await controller.rows()] == [False] * 5


@pytest.mark.parametrize(
    ("fault", "often"),
    [
        (("loss", {"percent": 20, "seed": 7}), False),
        (("duplicate", {"count": 3}), True),
        (("reorder", {"seconds": 0.04, "count": 2}), True),
        (("late", {"seconds": 0.05, "count": 3}), True),
        (("slow", {"seconds": 0.04}), False),
        (("wrong_id", {"count": 2}), True),
        (("cut", {"after": 40, "count": 1}), True),
        (("garbage", {"size": 5, "count": 2}), True),
        (("corrupt", {"bits": 3, "count": 1, "seed": 1}), False),
    ],
    ids=["loss", "duplicate", "reorder", "late", "slow", "wrong_id", "cut", "garbage", "corrupt"],
)
async def test_no_fault_of_the_wire_loses_an_event_or_tells_another(
    world: World, fault: tuple[str, dict[str, Any]], often: bool
) -> None:
    controller = await world.controller()
    for number in range(60):
        if often or not number:
            controller.pull(fault[0], **fault[1])
        controller.pull("swipe", card=CARD, door=1 + number % 2)
        await asyncio.sleep(0.01)
    await controller.caught_up(within_s=30)
    controller.pull("heal")
    await controller.caught_up()
    log = await controller.log()
    assert log == controller.kept()
    assert len(await controller.rows(Happening.GAP)) == 0
    if fault[0] in ("wrong_id", "garbage", "cut"):
        assert controller.point("strays") > 0


async def test_with_every_push_lost_an_event_is_recorded_within_two_seconds(world: World) -> None:
    controller = await world.controller(listener=f"udp:127.0.0.1:{free_udp_port()}", poll_s=1.0)
    await controller.bound()
    controller.pull("push_loss", percent=100)
    controller.pull("swipe", card=CARD)
    await controller.until(lambda: controller.point("log_newest") == 1, within_s=2.0)
    await controller.caught_up(within_s=1.0)
    assert controller.twin.seen()["pushed"] == 1
    assert await controller.log() == controller.kept()


async def test_a_push_wakes_it_long_before_the_next_poll(world: World) -> None:
    controller = await world.controller(listener=f"udp:127.0.0.1:{free_udp_port()}", poll_s=30, care_s=0.2)
    await controller.bound()
    controller.pull("swipe", card=CARD)
    await controller.caught_up(within_s=1.0)
    assert await controller.log() == controller.kept()


async def test_who_only_pretends_to_be_the_controller_wakes_nobody(world: World) -> None:
    port = free_udp_port()
    controller = await world.controller(listener=f"udp:127.0.0.1:{port}", poll_s=30, care_s=30)
    await controller.bound()
    pushed = controller.twin.board.status().wire(SERIAL)
    answered = controller.twin.seen()["packets"]["answered"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(pushed, ("127.0.0.1", port))
        await controller.until(lambda: controller.driver._wire.strays == 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:  # its address can be forged too
        begun = asyncio.get_running_loop().time()
        while controller.twin.seen()["packets"]["answered"] < answered + 20:
            forger.sendto(pushed, ("127.0.0.1", port))
            await asyncio.sleep(0.001)
    assert asyncio.get_running_loop().time() - begun > 0.8


async def test_two_controllers_share_the_port_of_the_listener(world: World) -> None:
    listener = f"udp:127.0.0.1:{free_udp_port()}"
    first = await world.controller(listener=listener, poll_s=30, care_s=0.2)
    other_twin, other_config = await world.plug(
        listener=listener, poll_s=30, care_s=0.2, serial=201020304, id="doors-2"
    )
    other = world.drive(other_twin, other_config)
    await other.caught_up()
    for each in (first, other):
        await each.bound()
        each.pull("swipe", card=CARD)
    await first.caught_up(within_s=1.0)
    await other.caught_up(within_s=1.0)
    keys = [row.source_key for row in await first.rows()]
    assert sorted(keys) == ["doors-1/405419896-1-1", "doors-2/201020304-1-1"]


async def test_where_the_port_of_the_listener_is_taken_polling_goes_on_and_it_is_bound_later(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        controller = await world.controller(listener=f"udp:127.0.0.1:{taken.getsockname()[1]}", poll_s=0.5)
        assert controller.point("listener_bound") is False
        controller.pull("swipe", card=CARD)
        await controller.until(lambda: controller.point("log_newest") == 1, within_s=5.0)
        await controller.caught_up(within_s=5.0)
    await controller.until(lambda: controller.point("listener_bound") is True, within_s=5.0)
    assert await controller.log() == controller.kept()
    assert controller.failures == []


async def test_events_that_were_overwritten_while_it_was_away_are_one_gap_with_its_bounds(world: World) -> None:
    twin, config = await world.plug()
    twin.levers()["capacity"]({"events": 100, "block": 20})
    twin.levers()["fill"]({"count": 10})
    controller = world.drive(twin, config)
    await controller.caught_up()
    await controller.stop()
    twin.levers()["fill"]({"count": 300})
    again = world.drive(twin, config)
    await again.caught_up()
    (gap,) = await again.rows(Happening.GAP)
    assert gap.payload == {"from": 11, "to": twin.board.ring.oldest - 1, "epoch": 1}
    assert [index for _, index, _ in await again.log()] == [*range(1, 11), *range(twin.board.ring.oldest, 311)]


@pytest.mark.parametrize("more", [3, 20, 40], ids=["fewer", "as many", "more"])
async def test_a_log_that_began_anew_is_another_epoch_and_nothing_of_it_is_lost(world: World, more: int) -> None:
    twin, config = await world.plug()
    twin.levers()["fill"]({"count": 20})
    controller = world.drive(twin, config)
    await controller.caught_up()
    before = controller.kept()
    await controller.stop()
    twin.levers()["restore_defaults"]({})
    await asyncio.sleep(0)
    twin.levers()["fill"]({"count": more, "door": 2})
    again = world.drive(twin, config)
    await again.caught_up()
    assert await again.log() == [*before, *again.kept(epoch=2)]
    first, anew = [row.payload for row in await again.rows(Happening.EPOCH)]
    assert first == {"epoch": 1, "why": "it is read for the first time, from oldest", "left": 0}
    assert anew is not None
    assert (anew["epoch"], anew["left"]) == (2, 20)


async def test_after_its_defaults_are_restored_it_is_armed_again_at_once(world: World) -> None:
    listener = f"udp:127.0.0.1:{free_udp_port()}"
    controller = await world.controller(listener=listener, care_s=60)
    await controller.bound()
    controller.pull("swipe", card=CARD)
    await controller.caught_up()
    controller.pull("restore_defaults")
    await controller.until(lambda: controller.twin.seen()["special_events"], within_s=3.0)
    await controller.until(lambda: controller.twin.seen()["listener"] == listener.removeprefix("udp:"), within_s=3.0)


async def test_a_controller_that_forgot_where_to_push_is_armed_again(world: World) -> None:
    controller = await world.controller(listener=f"udp:127.0.0.1:{free_udp_port()}", care_s=0.2)
    await controller.bound()
    controller.pull("restore_defaults")  # its log was empty before: no event tells of it
    await controller.until(lambda: controller.twin.seen()["special_events"], within_s=3.0)
    await controller.bound()


@SCHEMES
async def test_a_backlog_of_days_is_read_in_seconds(world: World, scheme: str) -> None:
    twin, config = await world.plug(scheme, poll_s=1.0, care_s=15)
    twin.levers()["fill"]({"count": 2000})
    controller = world.drive(twin, config)
    await controller.caught_up(within_s=12.0)  # 500 a second, three times over
    assert await controller.log() == controller.kept()


async def test_a_door_that_moves_without_an_event_has_door_events_switched_on_again(world: World) -> None:
    controller = await world.controller(care_s=0.2)
    board, door = controller.twin.board, controller.twin.board.doors[1]
    board.special_events = False
    async with asyncio.timeout(10):
        while not board.special_events:
            door.open = not door.open
            await controller.until(lambda: controller.point("open", "door-1") is door.open)


async def test_a_controller_that_refuses_to_log_its_doors_says_so_and_is_asked_again_until_it_does(
    world: World,
) -> None:
    twin, config = await world.plug(care_s=0.2)
    twin.levers()["no_door_events"]({})
    controller = world.drive(twin, config)
    await controller.until(lambda: controller.point("door_events") is False)
    controller.pull("no_door_events", on=False)
    await controller.until(lambda: controller.point("door_events") is True)
    assert twin.board.special_events


async def test_the_fault_that_a_controller_reports_is_a_point(world: World) -> None:
    controller = await world.controller()
    await controller.until(lambda: controller.point("system_error") == 0)
    controller.pull("fault", number=7)
    await controller.until(lambda: controller.point("system_error") == 7)


@pytest.mark.parametrize(("start", "first"), [("oldest", 1), ("newest", 31)])
async def test_where_the_first_contact_begins_is_recorded(world: World, start: str, first: int) -> None:
    twin, config = await world.plug(start=start)
    twin.levers()["fill"]({"count": 30})
    controller = world.drive(twin, config)
    await controller.caught_up()
    controller.pull("swipe", card=CARD)
    await controller.caught_up()
    assert [index for _, index, _ in await controller.log()] == list(range(first, 32))
    (begun,) = await controller.rows(Happening.EPOCH)
    assert begun.payload == {
        "epoch": 1,
        "why": f"it is read for the first time, from {start}",
        "left": first - 1,
    }


async def test_the_log_can_be_begun_at_a_time(world: World) -> None:
    twin, config = await world.plug(start="2026-06-01T00:00:00")
    for at, count in (("2026-05-31 23:59:59", 5), ("2026-06-01 00:00:00", 4)):
        twin.board.set_time(type(twin.board.time).fromisoformat(at))
        twin.levers()["fill"]({"count": count})
    controller = world.drive(twin, config)
    await controller.caught_up()
    assert [index for _, index, _ in await controller.log()] == [6, 7, 8, 9]


async def test_a_life_that_begins_again_goes_on_where_it_was(world: World) -> None:
    controller = await world.controller()
    controller.pull("fill", count=5)
    await controller.caught_up()
    controller.pull("reboot", down_s=0.7)
    await controller.until(lambda: bool(controller.failures))
    controller.twin.levers()["fill"]({"count": 5})
    await controller.caught_up()
    assert await controller.log() == controller.kept()
    assert len(await controller.rows(Happening.EPOCH)) == 1
    (restarted,) = await controller.rows(Happening.RESTARTED)
    assert restarted.payload is not None
    assert restarted.payload["reason"] == "power on"


async def test_no_card_number_is_told_to_anybody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    controller = await world.controller()
    controller.pull("swipe", card=CARD)
    await controller.caught_up()
    found = await controller.ask("put_card", card=CARD, begins="2026-01-01", ends="2027-12-31", doors={"door-1": True})
    rows = [repr(row) for row in await controller.rows(*Happening)]
    cursor = await world.house.journal.cursor("device/doors-1/log")
    points = repr(controller.life.view.points)
    assert str(CARD) not in "".join([*rows, cursor or "", points, repr(found), caplog.text])
    assert f"{CARD:08x}" not in (cursor or "")
