"""What an officer can do with a number, and with the window."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from pydantic import ValidationError
from smallhall import Hall, HeldClock, request

from gateway.calls.config import CallsConfig, WindowConfig
from gateway.calls.model import CallRefused, make_call
from gateway.calls.numbers import CALLED
from gateway.calls.window import Window

FUNCTION = "综合受理"


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
async def test_the_end_of_the_number_that_is_shown_brings_the_function_back(hall: Hall, kind: str) -> None:
    await hall.call("c1", "A012")
    assert (await hall.call("c2", "A012", kind=kind)).why is None
    assert hall.wanted() == hall.calls.windows["w1"].config.function
    assert hall.calls.windows["w1"].view()["status"] == "idle"


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
async def test_the_end_of_a_number_that_nobody_was_called_by_says_so_and_has_a_seq_of_its_own(
    hall: Hall, kind: str
) -> None:
    nothing = f"A011 is not called to window w1: there is nothing to {kind}"
    first = await hall.call("c0", "A011", kind=kind)
    await hall.call("c1", "A012")
    other = await hall.call("c2", "A011", kind=kind)
    assert hall.wanted() == "A012"
    newer = await hall.call("c3", "A013")
    assert ([first.why, other.why, newer.why], other.seq) == ([nothing, nothing, None], 3)
    assert [(first.seq, newer.seq)] == [(1, 4)]
    assert hall.wanted() == "A013"


async def test_a_number_that_was_ended_cannot_be_ended_again_until_it_is_called_again(hall: Hall) -> None:
    await hall.call("c1", "A012")
    assert (await hall.call("c2", "A012", kind="skip")).why is None
    again = await hall.call("c3", "A012", kind="skip")
    assert again.why == "A012 is not called to window w1: there is nothing to skip"
    await hall.call("c4", "A012", kind="recall")
    assert (await hall.call("c5", "A012", kind="skip")).why is None


async def test_a_number_whose_time_is_over_has_nothing_to_skip(hall: Hall) -> None:
    await hall.call("c1", "A012", ttl_s=30)
    await hall.forward(31)
    assert str((await hall.call("c2", "A012", kind="skip")).why).startswith("A012 is not called")


async def test_a_recall_keeps_who_was_called_unless_it_says_otherwise(hall: Hall, clock: HeldClock) -> None:
    await hall.call("c1", "A012", person_name="张三丰", priority="green")
    await hall.call("c2", "A012", kind="hold")
    await hall.call("c3", "A013")
    kept = await hall.call("c4", "A012", kind="recall")
    assert (kept.name, kept.priority, hall.wanted()) == ("张**", "green", "A012 张**")
    clock.time += timedelta(seconds=6)
    given = await hall.call("c5", "A012", kind="recall", person_name="李四", priority="normal")
    assert (given.name, given.priority) == ("李*", "normal")
    clock.time += timedelta(seconds=6)
    assert (await hall.call("c6", "A012", kind="recall")).name == "李*"


async def test_a_recall_of_another_session_or_window_or_a_call_anew_has_what_it_brings(hall: Hall) -> None:
    await hall.call("c1", "A012", person_name="张三丰", priority="green", session="1")
    recalls = [
        await hall.call("c2", "A012", kind="recall", window="w3", session="1"),
        await hall.call("c3", "A012", kind="recall", session="2"),
        await hall.call("c4", "A012", session="3"),
    ]
    assert {(call.name, call.priority) for call in recalls} == {(None, "normal")}


async def test_a_recall_after_a_restart_keeps_who_was_called(
    open_hall: Callable[[], AbstractAsyncContextManager[Hall]], clock: HeldClock
) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", person_name="张三丰", priority="green")
    clock.time += timedelta(seconds=6)
    async with open_hall() as hall:
        again = await hall.call("c2", "A012", kind="recall")
    assert (again.name, again.priority) == ("张**", "green")


async def test_the_numbers_that_are_remembered_are_bounded(hall: Hall) -> None:
    for number in range(CALLED + 3):
        await hall.call(f"c{number}", f"B{number}", person_name="张三丰")
    recalls = [await hall.call(f"r{number}", f"B{number}", kind="recall") for number in (3, 2)]
    assert [recall.name for recall in recalls] == ["张**", None]


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
