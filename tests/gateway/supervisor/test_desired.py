"""Desired state: the newest wish of each part and verb is kept on the device, and each is told how it went."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hall_contract.scripted import Device, Passive, Scripted, for_ever, virtually

from gateway.clock import SystemClock
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline, NotSupported
from gateway.core.model import Result, Stage
from gateway.hub import Status
from gateway.journal.rows import Desired
from gateway.supervisor.desired import Slot, Wishes

QUEUED, CONFIRMED, SUPERSEDED = Stage.QUEUED, Stage.CONFIRMED, Stage.SUPERSEDED


def stages(reports: list[Result]) -> list[Stage]:
    return [report.status for report in reports]


def row(rev: int, *, expires_at: datetime | None = None) -> Desired:
    return Desired("dev-1", None, "hold", {"value": rev}, rev, expires_at, "test", f"w-{rev}")


def in_virtual_time(driver_type: type[Scripted], test: Callable[[Device], Coroutine[Any, Any, None]]) -> None:
    """Run a test on a device that has been online for a second."""

    async def main() -> None:
        device = Device(driver_type)
        device.start()
        await asyncio.sleep(1)
        assert device.view.status is Status.ONLINE
        await test(device)
        await device.stop()

    virtually(main())


async def test_the_newest_wish_wins_in_whichever_order_they_come() -> None:
    slot = Slot(SystemClock())
    reports: dict[int, list[Result]] = {1: [], 2: [], 3: []}
    for rev in (2, 1, 3):
        slot.want(row(rev), reports[rev].append)
    assert {rev: stages(told) for rev, told in reports.items()} == {
        1: [SUPERSEDED],
        2: [QUEUED, SUPERSEDED],
        3: [QUEUED],
    }
    assert slot.wanted == row(3)


async def test_revisions_go_on_behind_those_of_the_last_run() -> None:
    wishes = Wishes("dev-1", SystemClock())
    wishes.want(row(7))
    wish = wishes.plan(part=None, verb="hold", params={}, expires_at=None, actor="test", command_id="w-8")
    assert (wish.device, wish.rev) == ("dev-1", 8)


async def test_parts_and_verbs_have_wishes_of_their_own() -> None:
    wishes = Wishes("dev-1", SystemClock())
    slots = [wishes.slot(part, verb) for part in (None, "arm-1") for verb in ("hold", "keep")]
    assert len({id(slot) for slot in slots}) == 4
    assert wishes.slot("arm-1", "keep") is slots[3]


async def test_a_wish_is_told_how_it_went_until_it_has_ended_and_not_after() -> None:
    slot, reports, wish = Slot(SystemClock()), list[Result](), row(1)
    slot.want(wish, reports.append)
    slot.tell(wish, Stage.SENT)
    slot.tell(wish, CONFIRMED, {"n": 1}, final=True, confirmed=True)
    slot.tell(wish, Stage.SENT)
    slot.want(row(2))
    assert stages(reports) == [QUEUED, Stage.SENT, CONFIRMED]
    assert (reports[-1].command_id, reports[-1].detail, reports[-1].confirmed) == ("w-1", {"n": 1}, True)


async def test_a_wish_knows_how_long_it_is_wanted() -> None:
    now, slot = datetime.now(UTC), Slot(SystemClock())
    assert slot.left_s(now) is None
    slot.want(row(1))
    assert slot.left_s(now) is None
    slot.want(row(2, expires_at=now + timedelta(seconds=3)))
    assert [slot.left_s(now + timedelta(seconds=passed)) for passed in (0, 1, 3, 4)] == [3, 2, 0, 0]


def test_what_is_wanted_is_sent_again_as_often_as_its_verb_says() -> None:
    async def test(device: Device) -> None:
        reports, other = device.want("hold", params={"value": 1}), device.want("keep", command_id="w-2")
        await asyncio.sleep(35)
        assert [verb for verb, _ in device.driver.done] == ["hold", "keep", "hold", "hold", "hold"]
        device.want("hold", params={"value": 2})
        await asyncio.sleep(15)
        assert [params["value"] for verb, params in device.driver.done if verb == "hold"] == [1, 1, 1, 1, 2, 2]
        assert stages(reports) == [QUEUED, CONFIRMED]
        assert (stages(other), other[-1].confirmed) == ([QUEUED, Stage.ACKED], None)

    in_virtual_time(Scripted, test)


def test_a_busy_device_is_asked_again_until_it_takes_it() -> None:
    async def test(device: Device) -> None:
        busy = [DeviceBusy("writing")] * 5

        async def doing() -> None:
            if busy:
                raise busy.pop()

        device.driver.doing = doing
        reports = device.want("hold")
        await asyncio.sleep(0.9)
        assert stages(reports) == [QUEUED]
        await asyncio.sleep(0.2)
        assert stages(reports) == [QUEUED, CONFIRMED]

    in_virtual_time(Scripted, test)


@pytest.mark.parametrize("error", [CommandRejected("a sentence"), NotSupported("a sentence")])
def test_what_is_refused_is_told_once_and_sent_again_only_as_often_as_the_verb_says(error: Exception) -> None:
    async def test(device: Device) -> None:
        sent = 0

        async def doing() -> None:
            nonlocal sent
            sent += 1
            raise error

        device.driver.doing = doing
        reports = device.want("hold")
        await asyncio.sleep(35)
        assert (stages(reports), reports[-1].detail) == ([QUEUED, Stage.REJECTED], {"reason": "a sentence"})
        assert sent == 4
        assert device.view.status is Status.ONLINE

    in_virtual_time(Scripted, test)


def test_a_wish_for_a_part_that_does_not_exist_is_refused() -> None:
    async def test(device: Device) -> None:
        reports = device.want("hold", part="arm-9")
        await asyncio.sleep(1)
        assert stages(reports) == [QUEUED, Stage.REJECTED]
        assert device.driver.done == []

    in_virtual_time(Scripted, test)


def test_an_outage_is_not_told_to_who_wished_and_the_wish_is_sent_after_it() -> None:
    async def test(device: Device) -> None:
        failures = [DeviceOffline("lost"), TimeoutError()]

        async def doing() -> None:
            if failures:
                raise failures.pop()

        device.driver.doing = doing
        reports = device.want("hold")
        await asyncio.sleep(9)
        assert (stages(reports), failures) == ([QUEUED, CONFIRMED], [])

    in_virtual_time(Scripted, test)


def test_a_device_that_never_answers_to_a_wish_is_an_outage() -> None:
    async def test(device: Device) -> None:
        device.driver.doing = for_ever
        device.want("hold")
        await asyncio.sleep(30.5)
        assert device.view.status is Status.OFFLINE

    in_virtual_time(Scripted, test)


def test_two_wishes_with_the_same_id_do_not_meet() -> None:
    """Ids are given by people, and live longer than the memory of those that were used."""

    async def test(device: Device) -> None:
        device.driver.doing = lambda: asyncio.sleep(0.1)
        reports = [device.want(verb, command_id="same") for verb in ("hold", "keep")]
        await asyncio.sleep(1)
        assert [stages(told)[-1] for told in reports] == [CONFIRMED, Stage.ACKED]
        assert device.errors("bug") == 0

    in_virtual_time(Scripted, test)


def test_a_wish_that_a_passive_device_has_not_fetched_gives_way_to_a_newer_one() -> None:
    async def test(device: Device) -> None:
        fetched = asyncio.Event()

        async def doing() -> None:
            await fetched.wait()

        device.driver.doing = doing
        older = device.want("hold", params={"value": 1})
        await asyncio.sleep(1)
        newer = device.want("hold", params={"value": 2}, command_id="w-2")
        await asyncio.sleep(1)
        fetched.set()
        await asyncio.sleep(1)
        assert (stages(older), stages(newer)) == ([QUEUED, SUPERSEDED], [QUEUED, CONFIRMED])
        assert device.driver.done == [("hold", {"value": 2})]

    in_virtual_time(Passive, test)


def test_a_wish_that_a_passive_device_has_not_fetched_expires() -> None:
    async def test(device: Device) -> None:
        device.driver.doing = for_ever
        reports = device.want("hold", expires_at=device.house.clock.now() + timedelta(seconds=2))
        await asyncio.sleep(1.9)
        assert stages(reports) == [QUEUED]
        await asyncio.sleep(0.5)
        assert stages(reports) == [QUEUED, Stage.EXPIRED]

    in_virtual_time(Passive, test)


def test_every_stage_of_a_wish_is_a_view_of_the_hub_the_repeats_and_refusals_too() -> None:
    async def main() -> None:
        device = Device(Scripted)
        views = device.house.hub.views
        device.want("hold", params={"value": 3})
        assert views["wishes/dev-1//hold"] == {
            "status": QUEUED,
            "ended": False,
            "detail": {},
            "params": {"value": 3},
        }
        device.start()
        await asyncio.sleep(1)
        assert (views["wishes/dev-1//hold"]["status"], views["wishes/dev-1//hold"]["ended"]) == (CONFIRMED, True)

        async def refuse() -> None:
            raise CommandRejected("not today")

        device.driver.doing = refuse
        await asyncio.sleep(10)
        view = views["wishes/dev-1//hold"]
        assert (view["status"], view["ended"], view["detail"]) == (Stage.REJECTED, False, {"reason": "not today"})
        device.house.hub.remove("dev-1")
        assert "wishes/dev-1//hold" not in views
        await device.stop()

    virtually(main())
