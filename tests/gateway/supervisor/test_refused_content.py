"""A screen that refuses the newest content is blanked: nobody is sent to a window by an older number."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from smallhall import Card, Hall, HeldClock, Screen, opened, until

from gateway.calls.config import SummaryConfig
from gateway.core.errors import CommandRejected, DeviceBusy
from gateway.core.model import Stage
from gateway.supervisor.desired import Slot


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[Hall]:
    Screen.cards.clear()
    async with opened(tmp_path, HeldClock(), [SummaryConfig(id="waiting", device="tv-1")]) as running:
        yield running


def in_turn(*answers: Exception | None) -> Callable[[], None]:
    """A card that answers so, one after the other; then it takes everything."""
    left = list(answers)

    def answer() -> None:
        if left and (error := left.pop(0)) is not None:
            raise error

    return answer


async def refusing(hall: Hall, card: Card, *answers: Exception | None) -> Slot:
    """A1 is shown; A2 is called, and the card answers so from then on."""
    await hall.call("c1", "A1")
    await until(lambda: card.shown[-1:] == ["A1"])
    card.answers = in_turn(*answers)
    await hall.call("c2", "A2")
    return hall.lives["led-1"].wishes.slot(None, "show")


def status(hall: Hall) -> object:
    return hall.hub.views["wishes/led-1//show"]["status"]


async def test_the_older_number_is_taken_off_and_the_refusal_stays_known(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await refusing(hall, card, CommandRejected("error 3"))
        await until(lambda: card.shown[-1] == "")
    assert card.shown[-2:] == ["A1", ""]
    view = hall.hub.views["wishes/led-1//show"]
    assert (view["status"], view["ended"], view["detail"]) == (Stage.REJECTED, False, {"reason": "error 3"})
    assert hall.calls.deliveries.live("c2")["led-1"]["status"] == "rejected"


async def test_the_next_number_is_shown_as_ever(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await refusing(hall, card, CommandRejected("error 3"))
        await until(lambda: card.shown[-1] == "")
        await hall.call("c3", "A3")
        await until(lambda: status(hall) == Stage.ACKED)
    assert card.shown[-2:] == ["", "A3"]


async def test_a_busy_screen_is_asked_again_until_it_is_blank_or_takes_it(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await refusing(hall, card, CommandRejected("error 3"), DeviceBusy("writing"), CommandRejected("error 3"))
        await until(lambda: card.shown[-1] == "")
    assert status(hall) == Stage.REJECTED


async def test_a_screen_that_refuses_to_be_blank_too_goes_on(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await refusing(hall, card, CommandRejected("error 3"), CommandRejected("error 3"))
        await until(lambda: status(hall) == Stage.REJECTED)
        await hall.call("c3", "A3")
        await until(lambda: card.shown[-1] == "A3")
    assert "" not in card.shown


async def test_what_it_has_taken_already_is_left_when_it_refuses_it_sent_again(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        slot = await refusing(hall, card, None, CommandRejected("error 3"))
        await until(lambda: status(hall) == Stage.ACKED)
        slot.changed.set()  # as when its time to be sent again has come
        await until(lambda: status(hall) == Stage.REJECTED)
        slot.changed.set()
        await until(lambda: status(hall) == Stage.ACKED)
    assert card.shown[-3:] == ["A1", "A2", "A2"]


async def test_after_a_connect_nobody_knows_what_a_screen_shows_that_refuses(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await refusing(hall, card)
        await until(lambda: card.shown[-1] == "A2")
    card.answers = in_turn(CommandRejected("error 3"))
    async with hall.plugged_in():
        await until(lambda: card.shown[-1] == "")


async def test_a_board_that_is_refused_lists_nothing_older(hall: Hall) -> None:
    async with hall.plugged_in("tv-1") as card:
        await hall.call("c1", "A1")
        await until(lambda: card.shown[-1:] == ["A1"])
        card.answers = in_turn(CommandRejected("the page could not show it"))
        await hall.call("c2", "A2")
        await until(lambda: card.shown[-1] == "")
