"""A screen that shows something else than it was sent is sent it again, until it is right."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hall_contract.scripted import Device, Scripted, virtually

from gateway.core.model import Command, PartKind, Point, PollGroup, Quality, Reading, Surface, Verb
from gateway.core.screen import Show
from gateway.hub import Held
from gateway.supervisor.proof import difference

POINTS = tuple(Point(name, "text", "what it tells") for name in ("text", "last_rev", "holds_its_text"))


class Forgetful(Scripted):
    """A screen that shows what somebody else wrote, as long as the test says."""

    declared = Surface(
        device=PartKind(points=POINTS, verbs=(Verb(name="show", meaning="show", params=Show, desired=True),)),
        polls=(PollGroup("all", 1.0),),
    )
    tells: str | None = None

    async def poll(self, group: str) -> list[Reading]:
        return [Reading(None, "text", self.tells)] if self.tells else []

    async def execute(self, command: Command) -> Mapping[str, Any]:
        self.done.append((command.verb, command.params["text"]))
        return {"shown": command.params["text"]}


def test_what_is_wrong_is_sent_again_every_half_minute_until_it_is_right() -> None:
    async def main() -> None:
        device = Device(Forgetful)
        driver: Any = device.driver
        device.start()
        await asyncio.sleep(1)
        wishes = device.life.wishes
        wishes.want(
            wishes.plan(part=None, verb="show", params={"text": "A1"}, expires_at=None, actor="t", command_id="x")
        )
        await asyncio.sleep(120)
        assert len(driver.done) == 1
        driver.tells = "somebody else's"
        await asyncio.sleep(65)
        assert len(driver.done) == 3
        driver.tells = "A1"
        await asyncio.sleep(120)
        assert len(driver.done) == 3
        await device.stop()

    virtually(main())


@pytest.mark.parametrize(
    ("told", "read", "found"),
    [
        ({"shown": "A1"}, {"text": "A1"}, None),
        ({"shown": "A1"}, {"text": "A2"}, {"wanted": "A1", "shown": "A2"}),
        ({"shown": "A1"}, {"text": None}, None),
        ({}, {"text": "A2"}, None),
        ({"rev": 7}, {"last_rev": 6}, {"wanted": 7, "shown": 6}),
        ({"rev": 7}, {"last_rev": 8}, None),
        ({}, {"holds_its_text": False}, {"holds_its_text": False}),
        ({}, {"holds_its_text": True}, None),
        ({}, {"holds_its_text": None}, None),
    ],
)
def test_only_what_a_screen_says_speaks_against_it(told: Any, read: Any, found: Any) -> None:
    points = {
        name: Held(Reading(None, name, value, Quality.BAD if value is None else Quality.GOOD))
        for name, value in read.items()
    }
    assert difference(told, points) == found
