"""One device's life: it goes, it comes back, it says so once, and nothing stale is left behind."""

import asyncio
from logging import INFO, WARNING

import pytest
from hall_contract.hall import ID, Hall

from gateway.core.errors import NotSupported
from gateway.core.model import Quality, Stage
from gateway.hub import Status

MARGIN_S = 0.5  # for a machine that does much else
REACTION_S = 0.3  # what needs no waiting, on such a machine


def qualities(hall: Hall) -> set[tuple[Quality, bool]]:
    """The qualities of all points, each with whether there is a value."""
    points = (held.now for part in hall.life.view.points.values() for held in part.values())
    return {(reading.quality, reading.value is not None) for reading in points}


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """What the log says of the device: level and first words. A line that it is on speaks for itself."""
    logged = [(record.levelno, record.getMessage()) for record in caplog.records if record.name == "gateway"]
    return [(level, message.partition(":")[0]) for level, message in logged if message.startswith(ID)]


async def lives(hall: Hall) -> list[str]:
    """When it came and went, by the journal. What the device itself told is left out: it may have a log."""
    return [row.type for row in await hall.house.journal.read() if row.type in {"device.online", "device.offline"}]


async def test_goes_online(hall: Hall) -> None:
    await hall.online()
    assert hall.metric("hall_device_up", device=ID, driver=hall.case.driver) == 1
    await hall.until(lambda: hall.house.journal.head.seq > 0)
    assert await lives(hall) == ["device.online"]


async def test_an_outage_makes_all_points_bad_and_is_logged_once(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(INFO, "gateway")
    await hall.online(often_s=0.2)
    await hall.unplug()
    await hall.until(lambda: hall.is_(Status.OFFLINE))
    assert qualities(hall) == {(Quality.BAD, False)}
    assert hall.metric("hall_device_up", device=ID, driver=hall.case.driver) == 0
    await asyncio.sleep(0.2)  # it tries again meanwhile
    assert lines(caplog) == [(WARNING, f"{ID} is offline")]
    await hall.plug()
    await hall.settled()
    assert lines(caplog) == [(WARNING, f"{ID} is offline"), (INFO, f"{ID} is back")]
    types = await lives(hall)
    assert types[:2] == ["device.online", "device.offline"]
    assert types.count("device.offline") == 1


async def test_a_connection_that_is_lost_while_it_is_idle_is_noticed_at_once(hall: Hall) -> None:
    by_asking = hall.case.passive or hall.case.udp or not hall.case.held  # there is no connection that could be lost
    await hall.online(often_s=0.2 if by_asking else 60)
    await hall.unplug()
    limit_s = hall.case.notices_s + MARGIN_S if by_asking else REACTION_S
    assert await hall.until(lambda: hall.is_(Status.OFFLINE)) <= limit_s


@pytest.mark.parametrize("lever", ["mute", "half_open"])
async def test_silence_is_noticed(hall: Hall, lever: str) -> None:
    await hall.online(often_s=0.2)
    if hall.case.silent or (lever == "half_open" and (hall.case.udp or not hall.case.held)):  # nobody is connected then
        return
    hall.pull(lever)
    assert await hall.until(lambda: hall.is_(Status.OFFLINE)) <= hall.case.notices_s + MARGIN_S
    assert qualities(hall) == {(Quality.BAD, False)}
    hall.pull("mute", on=False)
    await hall.settled()


async def test_comes_back_after_an_answer_that_was_cut_off(hall: Hall) -> None:
    await hall.online(often_s=60 if hall.case.command else 0.05)
    for after in hall.case.cuts if not hall.case.silent else ():
        hall.pull("cut", after=after)
        if hall.case.udp:  # the question may be asked again, and nobody needs to know
            await hall.provoke()
        elif not hall.case.passive:  # a box that posts tries again by itself, and nobody needs to know
            await hall.provoke()
            await hall.until(lambda: hall.is_(Status.OFFLINE))
        await hall.works()


async def test_comes_back_after_a_reset(hall: Hall) -> None:
    await hall.online(often_s=0.2)
    if hall.case.udp:
        assert "reset" not in hall.box.levers()
        return
    hall.pull("reset")
    if not (hall.case.passive or hall.case.silent):  # as above; and what is not asked hears nothing to answer so
        await hall.until(lambda: hall.is_(Status.OFFLINE))
    await hall.works()


async def test_answers_may_come_byte_by_byte(hall: Hall) -> None:
    hall.often_s = 0.2
    await hall.plug()
    if hall.case.udp:  # a datagram comes whole, or not at all
        assert "pieces" not in hall.box.levers()
        return
    hall.pull("pieces", size=1)
    hall.start()
    await hall.works()
    assert hall.metric("hall_device_errors_total", device=ID, kind="DeviceOffline") == 0


async def test_is_not_online_before_the_box_has_said_something(hall: Hall) -> None:
    await hall.plug()
    hall.pull("mute")
    hall.start()
    await asyncio.sleep(0.05)
    assert hall.case.silent or not hall.is_(Status.ONLINE), (
        "connect() asked nothing: a box that is mute would be online"
    )


@pytest.mark.parametrize("lever", ["garbage", "corrupt"])
async def test_comes_back_after_answers_that_are_garbage(hall: Hall, lever: str) -> None:
    """What is no protocol is a ProtocolError, or is passed over; a ValueError that gets through is a bug."""
    await hall.online(often_s=0.05)
    if lever not in hall.box.levers():
        return
    for seed in range(4 if hall.case.line else 16):  # each may cost two time-outs there
        hall.pull(lever, seed=seed, count=2, **({"bits": 1 + seed % 4} if lever == "corrupt" else {}))
        if seed % 2:
            await hall.provoke()
        else:
            await asyncio.sleep(0.06)  # the next poll
        await hall.settled()
    hall.no_bug()
    hall.pull("heal")
    await asyncio.sleep(0.8 if hall.case.line else 0.4)  # what waited for an answer that was spoiled has timed out
    await hall.works()


@pytest.mark.usefixtures("obeys")
async def test_a_late_answer_never_answers_the_next_question(hall: Hall) -> None:
    await hall.online()
    hall.pull("slow", seconds=0.45)
    late = await hall.ask(hall.command, deadline_s=0.4)
    assert late.status in (Stage.OFFLINE, Stage.TIMEOUT)
    hall.pull("slow", seconds=0)
    if not hall.case.passive:  # what one asks correlates by connection; what fetches its commands, by their numbers
        await hall.until(lambda: hall.is_(Status.OFFLINE))
    await hall.settled()
    lever, params = hall.refuse
    hall.pull(lever, **params)
    assert (await hall.ask(hall.command)).status is Stage.REJECTED


async def test_stops_at_once_while_it_waits_for_an_answer(hall: Hall) -> None:
    await hall.online(often_s=0.2)
    hall.pull("mute")
    asking = asyncio.create_task(hall.ask(hall.case.command)) if hall.case.command else None
    await asyncio.sleep(0.01 if asking else 0.2)  # it waits for the answer to a command, else to the next poll
    async with asyncio.timeout(REACTION_S):
        await hall.stop()
        assert asking is None or (await asking).status is Stage.OFFLINE


async def test_stops_at_once_while_it_connects(hall: Hall) -> None:
    await hall.plug()
    hall.pull("mute")
    hall.start()
    await asyncio.sleep(0.02)
    async with asyncio.timeout(REACTION_S):
        await hall.stop()


async def test_stops_at_once_while_an_outage_closes_it(hall: Hall) -> None:
    for steps in range(12):
        await hall.online(often_s=0.2)
        asking = asyncio.create_task(hall.provoke())
        await asyncio.sleep(0)
        await hall.unplug()
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(REACTION_S):
            await hall.stop()
            await asking
        del hall.house.hub.devices[ID]


async def test_parts_that_are_gone_take_their_points_with_them(hall: Hall) -> None:
    await hall.online(often_s=0.05)
    if hall.case.remove is None:  # parts that the site file names, or none
        return
    (lever, params), part = hall.case.remove
    assert part in hall.life.view.points
    hall.pull(lever, **params)
    await hall.until(lambda: part not in hall.life.view.parts)
    assert part not in hall.life.view.points
    with pytest.raises(NotSupported, match=f"has no part '{part}'; it has: "):
        hall.life.check("any", part, {})
    assert hall.is_(Status.ONLINE)
