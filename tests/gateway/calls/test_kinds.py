"""What an officer can do with a number, and with the window."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from smallhall import Hall, HeldClock, request

from gateway.calls.config import CallsConfig, WindowConfig
from gateway.calls.model import CallRefused, make_call
from gateway.calls.window import Window

FUNCTION = "综合受理"


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
async def test_the_end_of_the_number_that_is_shown_brings_the_function_back(hall: Hall, kind: str) -> None:
    await hall.call("c1", "A012")
    assert (await hall.call("c2", "A012", kind=kind)).why is None
    assert hall.wanted() == hall.calls.windows["w1"].config.function
    assert hall.calls.windows["w1"].view()["status"] == "idle"


async def test_the_end_of_another_number_leaves_what_is_shown(hall: Hall) -> None:
    await hall.call("c1", "A012")
    assert (await hall.call("c2", "A011", kind="skip")).why is None
    assert hall.wanted() == "A012"
    assert (await hall.call("c3", "A013")).why is None


async def test_a_number_that_was_held_comes_back_by_a_recall(hall: Hall) -> None:
    await hall.call("c1", "A012")
    await hall.call("c2", "A012", kind="hold")
    await hall.call("c3", "A012", kind="recall")
    assert hall.wanted() == "A012"


async def test_a_closed_window_says_so_and_refuses_numbers_until_it_is_resumed(hall: Hall) -> None:
    await hall.call("c1", "A012")
    await hall.call("c2", kind="close")
    assert hall.wanted() == "窗口已关闭"
    assert hall.calls.windows["w1"].view()["status"] == "closed"
    with pytest.raises(CallRefused, match=r"^window w1 is closed: send a resume before the next number$"):
        await hall.call("c3", "A013")
    await hall.call("c4", kind="resume")
    await hall.call("c3", "A013")
    assert hall.wanted() == "A013"


async def test_a_window_that_was_closed_in_the_evening_takes_numbers_in_the_morning(
    hall: Hall, clock: HeldClock
) -> None:
    await hall.call("c1", kind="close")
    clock.time += timedelta(hours=20)
    await hall.call("c2", "A001", seq=1)
    assert hall.wanted() == "A001"


@pytest.mark.parametrize("again", ["call", "recall"])
async def test_the_same_number_again_within_five_seconds_is_no_new_call(
    hall: Hall, clock: HeldClock, again: str
) -> None:
    await hall.call("c1", "A012")
    clock.time += timedelta(seconds=4)
    assert (await hall.call("c2", "A012", kind=again)).why == "A012 was called here less than 5 s before"
    assert (await hall.call("c3", "A012", window="w3")).why is None
    clock.time += timedelta(seconds=2)
    assert (await hall.call("c4", "A012", kind=again)).why is None


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
def test_the_end_of_a_number_names_it(kind: str) -> None:
    with pytest.raises(ValidationError, match=f"ticket is missing: a {kind} is about one"):
        request("c1", kind=kind)


def shown(hall_clock: HeldClock, **more: str) -> tuple[str, tuple[str, ...]]:
    """The texts of a window whose template tells everything."""
    config = WindowConfig(
        id="w1", label="1号窗口", function=FUNCTION, screens=["led-1"], show="{priority}请{ticket}到{label}"
    )
    window = Window(config, CallsConfig(shorter=["{ticket}到{label}", "{ticket}"]))
    call = make_call(request("c1", "A012", **more), session="s", seq=1, ttl_s=60, now=hall_clock.now(), actor="t")
    show = window.content(call)
    assert show.attention
    return show.text, show.shorter


def test_a_number_has_shorter_texts_for_screens_that_are_too_small(clock: HeldClock) -> None:
    assert shown(clock) == ("请A012到1号窗口", ("A012到1号窗口", "A012"))


@pytest.mark.parametrize(("priority", "told"), [("priority", "优先"), ("green", "绿色通道")])
def test_a_priority_can_be_told(clock: HeldClock, priority: str, told: str) -> None:
    assert shown(clock, priority=priority)[0] == f"{told}请A012到1号窗口"


def test_a_priority_is_seen_on_every_screen_that_has_room_though_the_site_file_says_nothing(clock: HeldClock) -> None:
    window = Window(WindowConfig(id="w1", label="1号窗口", function="综合受理", screens=["led-1"]), CallsConfig())
    texts = list[tuple[str, tuple[str, ...]]]()
    for number, priority in enumerate(("green", "normal")):
        asked = request(f"c{number}", "A012", priority=priority)
        show = window.content(make_call(asked, session="s", seq=number, ttl_s=60, now=clock.now(), actor="q"))
        texts.append((show.text, show.shorter))
    assert texts == [("绿色通道 A012", ("A012",)), ("A012", ("A012",))]


def test_a_call_without_priority_is_named_as_before_there_was_one() -> None:
    assert request("c1", "A012").digest() == request("c1", "A012", priority="normal").digest()
    assert request("c1", "A012").digest() != request("c1", "A012", priority="green").digest()
