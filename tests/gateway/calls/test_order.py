"""The newest call by session and seq is on the screen, whatever the order in which calls come."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smallhall import Hall, HeldClock, opened

from gateway.calls.model import order, overtaken
from gateway.calls.numbers import ENDED


async def test_an_older_seq_is_recorded_but_not_shown(hall: Hall) -> None:
    await hall.call("c1", "A012", seq=7)
    late = await hall.call("c2", "A011", seq=6)
    assert late.why == "not newer than session 2026-07-17 seq 7"
    assert hall.wanted() == "A012"
    assert [row["seq"] for row in await hall.rows("call.accepted")] == [7, 6]


async def test_an_equal_seq_does_not_overwrite(hall: Hall) -> None:
    await hall.call("c1", "A012", seq=7)
    assert (await hall.call("c2", "A013", seq=7)).why is not None
    assert hall.wanted() == "A012"


async def test_windows_are_numbered_apart(hall: Hall) -> None:
    await hall.call("c1", "A012", seq=7)
    assert (await hall.call("c2", "A013", window="w3", seq=1)).why is None
    assert hall.wanted("led-4") == "A013"


async def test_a_new_session_restarts_seq_and_an_old_one_is_over(hall: Hall) -> None:
    await hall.call("c1", "A099", session="shift-9", seq=99)
    assert (await hall.call("c2", "A001", session="shift-10", seq=1)).why is None
    late = await hall.call("c3", "A100", session="shift-9", seq=100)
    assert late.why == "not newer than session shift-10 seq 1"
    assert hall.wanted() == "A001"


async def test_the_date_at_the_site_is_the_session(hall: Hall, clock: HeldClock) -> None:
    clock.time += timedelta(hours=14, minutes=59)  # one minute to midnight in Lishui
    assert (await hall.call("c1", "A012")).session == "2026-07-17"
    clock.time += timedelta(minutes=2)
    call = await hall.call("c2", "A001", seq=1)
    assert (call.session, call.why) == ("2026-07-18", None)


async def test_without_seq_calls_are_numbered_on_acceptance(hall: Hall) -> None:
    assert [(await hall.call(f"c{number}", f"A01{number}")).seq for number in range(3)] == [1, 2, 3]
    assert (await hall.call("c3", "A013", seq=10)).seq == 10
    assert (await hall.call("c4", "A014")).seq == 11
    assert (await hall.call("c5", "A015", session="x")).seq == 1
    assert hall.wanted() == "A015"


async def test_a_call_that_names_neither_session_nor_seq_is_the_newest(hall: Hall, clock: HeldClock) -> None:
    await hall.call("c1", "A012", session="shift-2", seq=5)
    call = await hall.call("c2", "A013")
    assert (call.session, call.seq, call.why) == ("shift-2", 6, None)
    await hall.call("c3", "A014", window="w3")
    clock.time -= timedelta(days=400)  # the clock was a year ahead, and is set back
    assert (await hall.call("c4", "A015", window="w3")).why is None
    assert (hall.wanted("led-1"), hall.wanted("led-4")) == ("A013", "A015")


async def test_a_clock_that_is_set_back_holds_up_no_recall(hall: Hall, clock: HeldClock) -> None:
    await hall.call("c1", "A012")
    clock.time -= timedelta(minutes=10)
    assert (await hall.call("c2", "A012", kind="recall")).why is None
    clock.time += timedelta(seconds=1)
    assert (await hall.call("c3", "A012", kind="recall")).why == "A012 was called here less than 5 s before"


async def test_a_clock_that_is_set_back_makes_no_old_call_a_race(hall: Hall, clock: HeldClock) -> None:
    newest = await hall.call("c2", "A013", seq=2)
    clock.time -= timedelta(minutes=10)
    late = await hall.call("c1", "A012", seq=1)
    assert late.why == "not newer than session 2026-07-17 seq 2"
    assert not overtaken(late, newest)
    a_little_back = msgspec.structs.replace(late, accepted_at=newest.accepted_at - timedelta(milliseconds=50))
    assert overtaken(a_little_back, newest)


async def test_a_clock_that_was_a_day_ahead_silences_no_day(hall: Hall, clock: HeldClock) -> None:
    clock.time += timedelta(days=1)
    await hall.call("c1", "A057", seq=57)
    clock.time -= timedelta(days=1)
    call = await hall.call("c2", "A058", seq=58)
    assert (call.session, call.why) == ("2026-07-17", None)
    assert (await hall.call("c3", "A056", seq=56)).why == "not newer than session 2026-07-17 seq 58"
    clock.time += timedelta(days=1)
    call = await hall.call("d1", "B001", seq=1)
    assert (call.session, call.why) == ("2026-07-18", None)


async def test_a_clock_that_was_ahead_until_the_night_silences_no_day(hall: Hall, clock: HeldClock) -> None:
    clock.time += timedelta(days=365)
    await hall.call("c1", "A057", seq=57)
    clock.time -= timedelta(days=364)
    assert (await hall.call("d1", "B001", seq=1)).why is None
    assert hall.wanted() == "B001"


async def test_a_sender_that_names_its_sessions_is_ordered_by_them_whatever_the_date(hall: Hall) -> None:
    await hall.call("c1", "A001", session="2026-07-18", seq=1)
    late = await hall.call("c2", "A057", session="2026-07-17", seq=57)
    assert late.why == "not newer than session 2026-07-18 seq 1"


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
async def test_the_end_of_a_number_that_overtakes_its_call_ends_it(hall: Hall, kind: str) -> None:
    await hall.call("c1", "A011", seq=1)
    await hall.call("c4", "A012", kind=kind, seq=4)
    late = await hall.call("c2", "A012", seq=2)
    assert late.why == f"{kind} of A012 came before with session 2026-07-17 seq 4"
    assert hall.wanted() == "A011"
    assert (await hall.call("c3", "A013", seq=3)).why is None  # the end is that of another number
    again = await hall.call("c5", "A012", seq=5)
    assert (again.why, hall.wanted()) == (None, "A012")


async def test_a_number_whose_end_came_before_has_not_been_overtaken_in_a_race(hall: Hall) -> None:
    await hall.call("c1", "A011", seq=1)
    await hall.call("c3", "A012", kind="skip", seq=3)
    await hall.call("c4", "A013", seq=4)
    late = await hall.call("c2", "A012", seq=2)
    assert late.why == "skip of A012 came before with session 2026-07-17 seq 3"
    assert hall.calls.windows["w1"].rival(late) is None
    other = await hall.call("c0", "A014", seq=0)
    assert hall.calls.windows["w1"].rival(other) == await hall.call("c4", "A013", seq=4)


async def test_an_end_that_came_too_late_for_the_screens_still_ends_its_call(hall: Hall) -> None:
    await hall.call("c4", "A013", seq=4)
    assert (await hall.call("c3", "A012", kind="skip", seq=3)).why is not None
    await hall.call("c0", "A012", kind="hold", seq=1)  # an older end is no news
    assert str((await hall.call("c2", "A012", seq=2)).why).startswith("skip of A012 came before")


async def test_an_end_without_seq_holds_up_no_number_that_is_called_after_it(hall: Hall) -> None:
    await hall.call("c1", "A011")
    await hall.call("c2", "A012", kind="skip")
    assert (await hall.call("c3", "A012")).why is None
    assert hall.wanted() == "A012"


async def test_a_new_session_forgets_what_ended_before_it_and_ends_are_bounded(hall: Hall) -> None:
    await hall.call("c1", "A011", session="1", seq=1)
    for number in range(ENDED + 3):
        await hall.call(f"e{number}", f"B{number}", kind="skip", session="1", seq=10 + number)
    numbers = hall.calls.windows["w1"].numbers
    assert (len(numbers._ended), numbers.last_seq("1")) == (ENDED, 12 + ENDED)
    await hall.call("c2", "A001", session="2", seq=1)
    assert (len(numbers._ended), numbers.last_seq("1")) == (0, 0)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("2026-07-17", "2026-07-18"),
        ("2026-9-1", "2026-10-1"),
        ("a2", "a10"),
        ("a", "b"),
        ("1", "a"),
        ("a", "a1"),
        ("a9b1", "a9b2"),
    ],
)
def test_sessions_are_in_natural_order(older: str, newer: str) -> None:
    assert order(older, 99) < order(newer, 0)
    assert order(newer, 0) < order(newer, 1)


SESSIONS = ("shift-2", "shift-9", "shift-10")


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), min_size=1, max_size=12, unique=True),
    seed=st.randoms(use_true_random=False),
)
def test_any_interleaving_ends_with_the_newest_call_and_one_row_each(
    places: list[tuple[int, int]], seed: random.Random
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(any_interleaving(Path(folder), places, seed))


async def any_interleaving(folder: Path, places: list[tuple[int, int]], seed: random.Random) -> None:
    """Send every call, some of them several times, in any order, some at the same time."""
    sent = [place for place in places for _ in range(seed.choice((1, 1, 2, 3)))]
    seed.shuffle(sent)
    async with opened(folder, HeldClock()) as hall:
        while sent:
            async with asyncio.TaskGroup() as group:
                for session, seq in [sent.pop() for _ in range(min(len(sent), seed.randint(1, 4)))]:
                    group.create_task(
                        hall.call(f"{session}-{seq}", f"{session}-{seq}", session=SESSIONS[session], seq=seq)
                    )
        newest = "{}-{}".format(*max(places))
        assert hall.wanted() == newest
        assert hall.hub.views["windows/w1"]["call_id"] == newest
        ids = [row["call_id"] for row in await hall.rows("call.accepted")]
        assert sorted(ids) == sorted(f"{session}-{seq}" for session, seq in places)
        kept = {row.device: row for row in await hall.journal.desired()}
        assert kept["led-1"].params["text"] == newest
        assert kept["windows/w1"].command_id == newest
