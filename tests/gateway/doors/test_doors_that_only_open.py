"""Doors that can be opened once, and neither held nor shut: those of an OSDP reader."""

import asyncio

import pytest
from doorhall import ACS, FRONT, OTHER, BoxConfig, DoorHall, surely, told

from gateway.core.errors import NotSupported
from gateway.core.model import Stage

READER = BoxConfig(id="acs2", driver="test.doors", doors=("d1",), fire=False, holds=False)
ONCE = "acs2 can only open this door once, by 'open'"


@pytest.mark.parametrize(
    ("verb", "why"),
    [("hold", f"side cannot be held open: {ONCE}"), ("release", f"side cannot be put back to cards: {ONCE}")],
)
def test_who_asks_more_of_a_door_that_only_opens_reads_what_cannot_be(verb: str, why: str) -> None:
    async def story(hall: DoorHall) -> None:
        with pytest.raises(NotSupported) as refused:
            await hall.ask("doors/side", verb)
        assert str(refused.value) == why
        assert (await hall.ask("doors/side", "open")).status is Stage.CONFIRMED

    told(story, doors=[FRONT, OTHER], devices=[ACS, READER])


def test_an_evacuation_tells_doors_that_cannot_be_held_apart_from_those_that_refuse() -> None:
    async def story(hall: DoorHall) -> None:
        done = await surely(hall, "evacuate")
        assert (done.status, list(done.detail["doors"])) == (Stage.CONFIRMED, ["front"])
        assert done.detail["cannot"] == {"side": f"side cannot be held open: {ONCE}"}
        assert (await hall.ask("doors/zones/hall", "resume")).status is Stage.CONFIRMED
        await asyncio.sleep(1)
        hall.box.deaf = True
        refused = await surely(hall, "evacuate")
        assert (refused.status, refused.detail["doors"]["front"]["reason"]) == (Stage.REJECTED, "the box refuses")
        assert list(refused.detail["cannot"]) == ["side"]

    told(story, doors=[FRONT, OTHER], devices=[ACS, READER])


def test_a_lockdown_is_not_confirmed_where_a_card_still_opens_a_door() -> None:
    async def story(hall: DoorHall) -> None:
        done = await surely(hall, "lockdown")
        assert (done.status, done.detail["doors"]["front"]["status"]) == (Stage.REJECTED, "confirmed")
        assert done.detail["cannot"] == {"side": f"side cannot be shut for everybody: {ONCE}"}

    told(story, doors=[FRONT, OTHER], devices=[ACS, READER])


def test_where_no_door_can_be_held_an_evacuation_is_rejected() -> None:
    async def story(hall: DoorHall) -> None:
        assert (await surely(hall, "evacuate")).status is Stage.REJECTED

    told(story, doors=[OTHER], devices=[READER])
