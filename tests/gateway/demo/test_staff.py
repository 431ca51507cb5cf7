"""The staff of the demo: who does what at which door, and when."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest
from hall_contract.scripted import virtually

from gateway.client import Client
from gateway.core.errors import GatewayError
from gateway.demo.levers import Levers
from gateway.demo.staff import Staff


class Gateway:
    """Knows its doors at the `after`th question."""

    def __init__(self, after: int = 3) -> None:
        self.after = after
        self.posted: list[tuple[str, Any]] = []

    async def get(self, _path: str) -> Any:
        self.after -= 1
        return {"doors": [{"state": "closed"}, {"state": "unknown" if self.after > 0 else "closed"}]}

    async def post(self, path: str, body: Any) -> None:
        self.posted.append((path, body))


class Boxes:
    """Keeps what was done, and when. No door moves while all is `locked`."""

    def __init__(self, *, locked: bool = False) -> None:
        self.locked = locked
        self.done: list[tuple[float, str, str, dict[str, Any]]] = []

    async def pull(self, device: str, lever: str, **params: Any) -> bool:
        self.done.append((round(asyncio.get_running_loop().time(), 3), device, lever, params))
        return lever != "open" or not self.locked

    def of(self, lever: str, door: int) -> list[float]:
        """When this was done at a door of the controller."""
        return [
            at for at, device, what, params in self.done if (device, what, params["door"]) == ("doors-1", lever, door)
        ]


def day(seed: int, gateway: Gateway, boxes: Boxes, *, for_s: float = 60.0) -> Boxes:
    async def main() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await Staff(cast(Client, gateway), cast(Levers, boxes), seed=seed).live()

    virtually(main())
    return boxes


def test_the_same_seed_is_the_same_day() -> None:
    once = day(1, Gateway(), Boxes()).done
    assert day(1, Gateway(), Boxes()).done == once
    assert day(2, Gateway(), Boxes()).done != once


def test_one_door_is_forced_while_another_is_held_open_and_both_are_closed_again_every_two_minutes() -> None:
    boxes = day(1, Gateway(), Boxes(), for_s=200.0)
    forced, held, closed = boxes.of("force", 3), boxes.of("open", 4), boxes.of("close", 4)
    assert len(forced) == 2
    assert [end - begin for begin, end in zip(held, closed, strict=True)] == pytest.approx([6.0, 6.0])
    assert all(begin < end for begin, end in zip(forced, boxes.of("close", 3)[::2], strict=True))


def test_all_entrances_are_passed_and_what_is_opened_is_closed() -> None:
    boxes = day(238, Gateway(), Boxes())
    entrances = {("doors-1", 1), ("doors-1", 2), ("doors-2", 1)}
    assert {(device, params["door"]) for _, device, what, params in boxes.done if what == "swipe"} >= entrances
    for door in (1, 2):
        assert 0 <= len(boxes.of("open", door)) - len(boxes.of("close", door)) <= 1


def test_a_door_that_stays_locked_is_not_closed_and_ends_nothing() -> None:
    boxes = day(1, Gateway(), Boxes(locked=True))
    assert boxes.of("open", 1)
    assert not boxes.of("close", 1)


def test_cards_are_enrolled_once_all_doors_are_known_and_one_card_is_nobody_s() -> None:
    gateway = Gateway()
    day(1, gateway, Boxes())
    [persons, *cards] = gateway.posted
    assert persons[0] == "/persons"
    named = {person["known_as"] for person in persons[1]["persons"]}
    numbers = [f"card:{body['params']['card']}" for _, body in cards]
    assert len(set(numbers) - named) == 1
    assert {"employee:1001", "employee:1002"} <= named


def test_doors_that_nobody_hears_of_are_told() -> None:
    with pytest.raises(GatewayError, match="not known within 20 s"):
        day(1, Gateway(after=1000), Boxes())
