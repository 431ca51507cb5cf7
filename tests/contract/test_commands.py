"""Commands and desired state: each ends once, in the state that DESIGN §7 gives it."""

import asyncio
from datetime import timedelta
from itertools import groupby

import pytest
from hall_contract.case import Ask
from hall_contract.hall import DONE, Hall

from gateway.core.errors import NotSupported
from gateway.core.model import Quality, Result, Stage
from gateway.hub import Status

pytestmark = pytest.mark.usefixtures("obeys")
MARGIN_S = 0.2  # for a machine that does much else
CLOCK = (None, "clock_offset_s")  # a poll in between may find another one
STILL = 10  # looks at 50 ms each in which nothing new becomes known


def good(hall: Hall) -> dict[tuple[str | None, str], object]:
    """The value of every good point, by part and name."""
    return {
        (part, name): held.now.value
        for part, points in hall.life.view.points.items()
        for name, held in points.items()
        if held.now.quality is Quality.GOOD
    }


def stages(reports: list[Result]) -> list[Stage]:
    return [report.status for report in reports]


async def test_a_command_is_done_and_says_whether_the_device_confirmed(hall: Hall) -> None:
    await hall.online()
    result = await hall.ask(hall.command)
    assert hall.did(hall.command)
    confirms = hall.life.verb(hall.command.verb, hall.command.part).confirms
    assert (result.status, result.confirmed) == ((Stage.CONFIRMED, True) if confirms else (Stage.ACKED, None))


async def test_a_command_that_the_device_refuses_is_rejected_with_a_sentence(hall: Hall) -> None:
    await hall.online()
    lever, params = hall.refuse
    hall.pull(lever, **params)
    result = await hall.ask(hall.command)
    assert result.status is Stage.REJECTED
    assert result.detail["reason"]
    assert hall.is_(Status.ONLINE)


async def settled(hall: Hall) -> dict[tuple[str | None, str], object]:
    """What is known once nothing more becomes known: polls and beats have told what they tell by themselves."""
    known, still = good(hall), 0
    while still < STILL:
        await asyncio.sleep(0.05)
        now = good(hall)
        still = still + 1 if now.keys() == known.keys() else 0
        known = now
    return known


async def test_what_the_device_refused_is_not_told_as_its_state(hall: Hall) -> None:
    """A driver that publishes what it asks for, and not what the device has confirmed, leaves a false value behind."""
    await hall.online()
    ask = hall.case.wishes[0] if hall.case.wishes else hall.command
    before = await settled(hall)
    hall.pull(hall.refuse.lever, **hall.refuse.params)
    assert (await hall.ask(ask)).status is Stage.REJECTED
    refused = good(hall)
    assert (await hall.ask(ask)).status in DONE
    false = {key for key, value in good(hall).items() if value == refused.get(key) != before.get(key)} - {CLOCK}
    assert not false, f"published before the device had confirmed: {false}"


async def test_a_command_to_an_offline_device_is_refused_at_once(hall: Hall) -> None:
    await hall.plug()
    await hall.unplug()
    hall.start()
    await asyncio.sleep(0.02)
    begun = hall.house.clock.monotonic()
    result = await hall.ask(hall.command)
    assert result.status is Stage.OFFLINE
    assert result.detail["reason"]
    assert hall.house.clock.monotonic() - begun < MARGIN_S


async def test_a_command_that_is_not_answered_times_out_at_its_deadline(hall: Hall) -> None:
    await hall.online()
    hall.pull("mute")
    begun = hall.house.clock.monotonic()
    result = await hall.ask(hall.command, deadline_s=0.1)
    assert result.status is Stage.TIMEOUT
    assert 0.09 <= hall.house.clock.monotonic() - begun < 0.09 + MARGIN_S


async def test_an_unknown_verb_is_not_supported(hall: Hall) -> None:
    await hall.online()
    with pytest.raises(NotSupported, match="has no verb 'no_such_verb'; it has: "):
        hall.life.check("no_such_verb", hall.command.part, {})
    result = await hall.ask(Ask("no_such_verb", hall.command.part, {}))
    assert (result.status, "no_such_verb" in result.detail["reason"]) == (Stage.REJECTED, True)


async def test_of_two_wishes_the_newest_wins_while_the_device_is_away(hall: Hall) -> None:
    await hall.plug()
    await hall.unplug()
    hall.start()
    if (both := hall.case.wishes) is None:
        return
    older, newer = hall.wish(both[0]), hall.wish(both[1])
    assert stages(older) == [Stage.QUEUED, Stage.SUPERSEDED]
    await hall.plug()
    assert (await hall.ended(newer)).status in DONE
    assert hall.did(both[1])
    assert len(older) == 2


async def test_of_two_wishes_the_newest_wins_while_the_older_is_under_way(hall: Hall) -> None:
    await hall.online()
    if (both := hall.case.wishes) is None:
        return
    hall.pull("slow", seconds=0.1)
    older = hall.wish(both[0])
    await hall.until(lambda: older[-1].status is Stage.SENT)
    newer = hall.wish(both[1])
    assert (await hall.ended(newer)).status in DONE
    assert hall.did(both[1])
    assert stages(older) == [Stage.QUEUED, Stage.SENT, Stage.SUPERSEDED]


async def test_a_wish_that_has_expired_is_not_sent(hall: Hall) -> None:
    await hall.plug()
    await hall.unplug()
    hall.start()
    if (both := hall.case.wishes) is None:
        return
    expired = hall.wish(both[0], expires_at=hall.house.clock.now() + timedelta(milliseconds=1))
    await asyncio.sleep(0.002)
    await hall.plug()
    assert (await hall.ended(expired)).status is Stage.EXPIRED
    assert (await hall.ask(hall.command)).status in DONE  # had it been sent, it would be there before this
    assert not hall.did(both[0])


async def test_the_first_wish_of_the_case_can_be_told_from_its_command_and_from_a_box_that_starts(hall: Hall) -> None:
    """Else the tests of desired state prove nothing."""
    await hall.online()
    if (both := hall.case.wishes) is None:
        return
    assert not hall.did(both[0]), "wishes[0] is what the box does already when it has just started: choose another"
    assert (await hall.ask(hall.command)).status in DONE
    assert not hall.did(both[0]), "`command` leaves the box as wishes[0] asks: choose another for one of them"
    assert (await hall.ask(both[0])).status in DONE
    assert hall.did(both[0]), "did() does not see what wishes[0] asked, and the device confirmed"
    hall.pull(hall.case.reboot.lever, **hall.case.reboot.params)
    assert not hall.did(both[0]), "the box is as wishes[0] asks after a reboot too: choose another"


async def test_a_wish_is_granted_again_after_the_device_has_forgotten_it(hall: Hall) -> None:
    await hall.online(often_s=0.2)
    if (both := hall.case.wishes) is None:
        return
    granted = hall.wish(both[0])
    assert (await hall.ended(granted)).status in DONE
    hall.pull(hall.case.reboot.lever, **hall.case.reboot.params)
    assert not hall.did(both[0])
    await hall.until(lambda: hall.did(both[0]))
    assert stages(granted)[-1] in DONE
    told = [stage for stage, _ in groupby(stages(granted))]  # `sent` at the first bytes, and at the last ones
    assert len(told) == 3  # queued, sent, done: nobody is told of what they know


async def test_a_wish_that_the_device_refuses_is_rejected_once(hall: Hall) -> None:
    await hall.online()
    if (both := hall.case.wishes) is None:
        return
    lever, params = hall.refuse
    hall.pull(lever, **params)
    refused = await hall.ended(hall.wish(both[0]))
    assert (refused.status, bool(refused.detail["reason"])) == (Stage.REJECTED, True)
    assert hall.is_(Status.ONLINE)
