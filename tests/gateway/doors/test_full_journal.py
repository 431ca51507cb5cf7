"""While the journal takes nothing: doors are opened for those who must get out, and for nobody else; holds end."""

import asyncio

import pytest
from doorhall import TWO, DoorHall, modes, surely, told

from gateway.core.errors import JournalError
from gateway.core.model import Stage


@pytest.mark.parametrize(("full", "slow_s"), [(True, 0.0), (False, 60.0)], ids=["full", "hanging"])
def test_an_evacuation_is_done_at_once_and_recorded_later(full: bool, slow_s: float) -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.full, hall.journal.slow_s = full, slow_s
        begun = hall.clock.monotonic()
        result = await surely(hall, "evacuate")
        assert (result.status, result.detail["recorded"]) == (Stage.CONFIRMED, False)
        assert (modes(hall), hall.clock.monotonic() - begun < 4) == (["normally_open"] * 3, True)
        hall.journal.full, hall.journal.slow_s = False, 0.0
        audit = [hall.rows(f"command.{what}")[0].payload or {} for what in ("requested", "ended")]
        assert (audit[0]["verb"], audit[0]["actor"], audit[1]["status"]) == ("evacuate", "boss", "confirmed")
        kept = [hall.journal.kept[f"doors/{id_}"].params for id_ in ("front", "back", "side")]
        assert [each["mode"] for each in kept] == ["normally_open"] * 3
        await asyncio.sleep(2)
        assert hall.door()["released"] is True

    told(story, **TWO)


def test_the_log_tells_at_once_who_asked_for_what_is_not_recorded_yet(caplog: pytest.LogCaptureFixture) -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.full = True
        await hall.ask("doors/zones/gate", "evacuate")

    told(story)
    (line,) = caplog.messages
    assert line.startswith("boss asks evacuate of doors/zones/gate (c-")
    assert line.endswith("): it is done, though the journal takes nothing")


@pytest.mark.parametrize(("target", "verb"), [("zones/gate", "lockdown"), ("zones/gate", "resume"), ("front", "hold")])
def test_nothing_else_is_done_before_it_is_recorded(target: str, verb: str) -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.full = True
        with pytest.raises(JournalError):
            await hall.ask(f"doors/{target}", verb)
        assert hall.box.asked == []

    told(story)


@pytest.mark.parametrize(("full", "slow_s"), [(True, 0.0), (False, 60.0)], ids=["full", "hanging"])
def test_a_hold_ends_in_time_and_that_is_recorded_later(
    full: bool, slow_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold", params={"minutes": 1})
        hall.journal.full, hall.journal.slow_s = full, slow_s
        await asyncio.sleep(66)
        assert (modes(hall)[0], hall.door()["hold_until"]) == ("controlled", None)
        hall.journal.full, hall.journal.slow_s = False, 0.0
        await asyncio.sleep(60)
        assert [len(hall.rows(f"door.hold_{what}")) for what in ("over", "ended")] == [1, 1]
        assert hall.journal.kept["doors/front"].params["hold_until"] is None
        assert len(hall.box.asked) == 2

    told(story)
    assert [line.partition(":")[0] for line in caplog.messages] == ["front goes back to cards"]


def test_a_hold_that_cannot_be_ended_is_told_once_while_the_journal_takes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold", params={"minutes": 1})
        hall.journal.full = hall.box.deaf = True
        await asyncio.sleep(600)
        assert modes(hall)[0] == "normally_open"
        hall.journal.full = hall.box.deaf = False
        await asyncio.sleep(15)
        assert modes(hall)[0] == "controlled"
        told = [row.payload and row.payload["status"] for row in hall.rows("door.hold_ended")]
        assert (len(hall.rows("door.hold_over")), told) == (1, ["rejected", "confirmed"])

    told(story)
    assert len(caplog.messages) == 1
