"""Calls are spoken in the order in which they were accepted, each whole, and nothing is left out but what is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hall_contract.scripted import virtually
from hypothesis import given, settings
from hypothesis import strategies as st
from voicehall import NINE, VoiceHall, area

from gateway.calls.model import Call
from gateway.calls.utterance import State
from gateway.calls.voice import FRESH, LIVE

DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
Test = Callable[[VoiceHall], Awaitable[None]]


def run(test: Test, *areas: Any, **more: Any) -> None:
    """Run a test in virtual time, in a hall of these areas."""

    async def main() -> None:
        async with VoiceHall(*areas, **more) as hall:
            await test(hall)

    virtually(main())


def test_the_next_begins_when_all_speakers_have_ended_the_one_before() -> None:
    async def test(hall: VoiceHall) -> None:
        one, two = hall.speakers["page-1"], hall.speakers["page-2"]
        two.takes_s = 3.0
        calls = [hall.call(f"A{number}") for number in range(3)]
        await asyncio.sleep(60)
        assert one.texts() == two.texts() == ["请A 零号到一号窗口", "请A 幺号到一号窗口", "请A 二号到一号窗口"]
        assert [heard.begin for heard in one.heard] == [heard.begin for heard in two.heard] == [0, 3.5, 7]
        assert hall.told() == [(call.call_id, "spoken") for call in calls]

    run(test)


def test_all_of_a_call_is_said_as_often_as_the_area_wants_with_its_volume() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A0", window="w2")
        await asyncio.sleep(60)
        heard = hall.speakers["page-3"].heard
        zh, en = "请A 零号到十二号窗口", "Ticket A zero, please go to window 12."
        assert [(each.text, each.params["language"]) for each in heard] == [(zh, "zh"), (en, "en")] * 3
        assert {each.params["volume"] for each in heard} == {35}
        assert [each.begin for each in heard] == [0, 3, 6, 9, 12, 15]

    english = "Ticket {ticket}, please go to {label}."
    run(test, area(speakers=["page-3"], repeat=3, gap_s=1, volume=35, say_en=english))


def test_what_cannot_be_said_in_english_is_said_in_chinese_alone() -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.call("社保012")
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请社保零幺二号到一号窗口"]
        assert hall.state(call) is State.SPOKEN

    run(test, area(say_en="{ticket}"))


def test_a_ticket_that_cannot_be_said_is_told() -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.call("😀")
        await asyncio.sleep(1)
        assert (hall.state(call), hall.reason(call)) == (State.FAILED, "its ticket has nothing that can be said")
        assert hall.speakers["page-1"].heard == []

    run(test)


def test_two_calls_to_one_window_in_one_millisecond_are_both_spoken_the_overtaken_one_too() -> None:
    async def test(hall: VoiceHall) -> None:
        newest = hall.call("A2")
        overtaken = hall.call("A1", seq=0, newest=newest, why="not newer than session s seq 1")
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请A 二号到一号窗口", "请A 幺号到一号窗口"]
        late = hall.call("A0", seq=0, newest=newest, why="not newer than session s seq 1")
        twice = hall.call("A2", newest=hall.call("A2"), why="A2 was called here less than 5 s before")
        assert (hall.state(overtaken), hall.state(late), hall.state(twice)) == ("spoken", "outdated", "outdated")
        assert hall.reason(late) == "not newer than session s seq 1"

    run(test)


def test_the_same_call_id_is_never_spoken_twice_and_a_recall_is() -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.call("A1")
        hall.voice.take(call, None)
        hall.voice.accepted(call)
        await asyncio.sleep(10)
        hall.voice.take(call, None)
        hall.call("A1", kind="recall")
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"] * 2
        assert hall.told() == [("c1", "spoken"), ("c2", "spoken")]

    run(test)


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold", "pause", "close", "resume"])
def test_only_what_calls_somebody_is_spoken(kind: str) -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.call("A1", kind=kind)
        await asyncio.sleep(10)
        assert (hall.speakers["page-1"].heard, hall.voice.live(call.call_id)) == ([], {})

    run(test)


def test_areas_are_apart_and_hear_their_zones_only() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.speakers["page-1"].hangs = True
        for window in ("w1", "w3", "w3"):
            hall.call("A1", window=window)
        await asyncio.sleep(5)
        assert len(hall.speakers["page-1"].heard) == 1
        assert hall.speakers["page-2"].texts() == ["请A 幺号到V I P 窗口"] * 2
        assert len(hall.speakers["page-3"].heard) == 2  # and the second waits

    everywhere = area(id="all", speakers=["page-3"])
    run(test, area(zones=["a"], speakers=["page-1"]), area(id="b", zones=["b"], speakers=["page-2"]), everywhere)


def test_a_speaker_that_hangs_holds_up_one_call_and_no_more() -> None:
    async def test(hall: VoiceHall) -> None:
        well, ill = hall.speakers["page-1"], hall.speakers["page-2"]
        ill.hangs = True
        calls = [hall.call(f"A{number}") for number in range(4)]
        await asyncio.sleep(200)
        begun = [heard.begin for heard in well.heard]
        pauses = [after - before for before, after in pairwise(begun)]
        usual = 1.5 + 9 * 0.3  # of a sentence, and a Latin letter and a space are faster
        assert usual < pauses[0] < 2 * usual + 6
        assert all(pause <= usual + 0.6 for pause in pauses[1:])
        told = hall.voice.live(calls[1].call_id)["a"]
        assert (told["status"], told["speakers"]["page-1"]["sentences"]) == ("spoken", 1)
        assert "did not say within" in told["speakers"]["page-2"]["reason"]
        ill.hangs = False
        hall.call("A9")
        await asyncio.sleep(60)
        hall.call("A8")
        await asyncio.sleep(60)
        assert hall.voice.live("c6")["a"]["speakers"]["page-2"] == {"sentences": 1, "reason": None}

    run(test)


def test_a_speaker_that_is_away_holds_up_nobody() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.speakers["page-2"].plug(on=False)
        hall.call("A1")
        hall.call("A2")
        await asyncio.sleep(20)
        assert [heard.begin for heard in hall.speakers["page-1"].heard] == [0, 2.5]
        assert hall.voice.live("c1")["a"]["speakers"]["page-2"] == {"sentences": 0, "reason": "unplugged"}

    run(test)


def test_where_all_speakers_fail_the_call_has_failed_and_says_why() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.speakers["page-1"].refuses = hall.speakers["page-2"].refuses = True
        call = hall.call("A1")
        await asyncio.sleep(20)
        assert hall.state(call) is State.FAILED
        assert hall.voice.live(call.call_id)["a"]["speakers"]["page-1"]["reason"] == "no voice"

    run(test)


def test_a_first_speaker_is_waited_for_but_not_for_every_call() -> None:
    async def test(hall: VoiceHall) -> None:
        page = hall.speakers["page-1"]
        page.plug(on=False)
        first = hall.call("A1")
        await asyncio.sleep(4)
        page.plug()
        await asyncio.sleep(10)
        assert (hall.state(first), page.heard[0].begin) == ("spoken", 4)
        page.plug(on=False)
        calls = [hall.call(f"A{number}") for number in range(5)]
        await asyncio.sleep(15)
        assert [hall.state(call) for call in calls] == ["failed"] * 5

    run(test, area(speakers=["page-1"]))


def test_a_card_that_only_acknowledges_is_given_the_time_that_it_needs() -> None:
    async def test(hall: VoiceHall) -> None:
        card = hall.speakers["card"]
        calls = [hall.call(f"A{number}") for number in range(3)]
        await asyncio.sleep(60)
        assert (len(card.heard), card.interrupted) == (3, 0)
        assert [hall.state(call) for call in calls] == ["spoken"] * 3
        assert "audio" not in card.heard[0].params

    run(test, area(speakers=["card"]))


def test_a_device_that_has_gone_is_told() -> None:
    async def test(hall: VoiceHall) -> None:
        del hall.speakers["page-2"]
        hall.call("A1")
        await asyncio.sleep(20)
        told = hall.voice.live("c1")["a"]
        assert (told["status"], told["speakers"]["page-2"]["reason"]) == (
            "spoken",
            "there is no device 'page-2' any more",
        )

    run(test)


def test_calls_beyond_the_bound_are_told_and_counted() -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call("A0")]
        await asyncio.sleep(0.1)  # it is being spoken, and waits no more
        calls += [hall.call(f"A{number}") for number in range(1, 5)]
        assert [hall.state(call) for call in calls] == ["speaking", "queued", "queued", "full", "full"]
        assert (hall.reason(calls[-1]), hall.dropped("full")) == ("2 calls waited", 2)
        await asyncio.sleep(60)
        assert len(hall.speakers["page-1"].heard) == 3

    run(test, area(most_waiting=2))


def test_a_call_whose_time_is_over_before_its_turn_is_told_and_counted() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A1")
        waits = hall.call("A2", ttl_s=5)
        came_late = hall.call("A3", ttl_s=5, at=(NINE - timedelta(minutes=1)).isoformat())
        assert hall.state(came_late) is State.EXPIRED
        await asyncio.sleep(60)
        assert (hall.state(waits), hall.dropped("expired")) == (State.EXPIRED, 2)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"] * 3

    run(test, area(repeat=3))


def test_nothing_is_spoken_in_quiet_hours_nor_begun_in_them() -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call(f"A{number}") for number in range(6)]
        await asyncio.sleep(60)
        spoken = [hall.state(call) for call in calls]
        assert spoken == ["spoken"] * 4 + ["quiet"] * 2  # 12:29:50, then every 2.5 s
        assert hall.state(hall.call("A9")) is State.QUIET
        hall.clock.ahead = timedelta(hours=1, minutes=30)
        last = hall.call("A8")
        await asyncio.sleep(60)
        assert hall.state(last) is State.SPOKEN

    noon = datetime(2026, 7, 17, 4, 29, 50, tzinfo=UTC)
    run(test, area(quiet=["12:30-14:00"]), begins=noon)


def test_quiet_hours_over_midnight_when_summer_time_begins() -> None:
    async def test(hall: VoiceHall) -> None:
        states: list[State] = []
        for _ in range(5):  # 00:30, 01:30, 03:30 (there is no 02:30), 04:30, 05:30
            states.append(hall.state(hall.call("A1")))
            await asyncio.sleep(3600)
        assert states == ["quiet", "quiet", "quiet", "queued", "queued"]

    begins = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    run(test, area(quiet=["23:00-04:00"]), begins=begins, zone="Europe/Berlin")


def test_after_a_restart_what_is_fresh_is_spoken_once_and_the_rest_is_missed() -> None:
    async def test(hall: VoiceHall) -> None:
        old = hall.call("A1")
        hall.speakers["page-1"].takes_s = hall.speakers["page-2"].takes_s = 6.0
        await asyncio.sleep(FRESH.seconds - 10)
        fresh = hall.call("A2")
        begun = hall.call("A3")
        waits = hall.call("A4")
        await asyncio.sleep(8)  # the second is being said
        assert (hall.state(old), hall.state(fresh), hall.state(begun)) == ("spoken", "spoken", "speaking")
        hall.clock.ahead += timedelta(seconds=15)
        await hall.again()
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts()[-1] == "请A 四号到一号窗口"
        assert hall.told() == [("c1", "spoken"), ("c2", "spoken"), ("c3", "missed"), ("c4", "spoken")]
        assert (hall.reason(begun), hall.state(waits)) == ("the gateway stopped while it was spoken", "spoken")
        await hall.again()
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts().count("请A 四号到一号窗口") == 1

    run(test)


def test_a_call_that_has_begun_before_that_is_on_disk_is_spoken_twice_rather_than_never() -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.call("A1")
        on_disk = dict(hall.house.journal.rows)
        await asyncio.sleep(1)
        assert hall.state(call) is State.SPEAKING
        hall.house.journal.rows = on_disk  # it was killed before more was written
        await hall.again()
        await asyncio.sleep(30)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"] * 2
        assert hall.told() == [("c1", "spoken")]

    run(test)


def test_after_a_long_restart_nothing_old_is_spoken() -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call(f"A{number}") for number in range(3)]
        await asyncio.sleep(0.1)
        before = len(hall.speakers["page-1"].heard)
        hall.clock.ahead += FRESH
        await hall.again()
        await asyncio.sleep(60)
        assert len(hall.speakers["page-1"].heard) == before
        assert [hall.state(call) for call in calls] == ["missed"] * 3
        assert hall.reason(calls[2]) == "the gateway was away: it is older than 30 s"
        assert hall.dropped("missed") == 3

    run(test)


def test_what_is_not_on_disk_is_not_kept_and_its_end_is_recorded_once_it_is() -> None:
    async def test(hall: VoiceHall) -> None:
        call = hall.made("A1")
        hall.voice.take(call, None)
        await asyncio.sleep(20)
        assert (hall.state(call), hall.told()) == (State.SPOKEN, [])
        assert [row.params for row in hall.house.journal.rows.values()] == []
        hall.voice.accepted(call)
        assert hall.told() == [("c1", "spoken")]

    run(test)


def test_calls_that_are_accepted_at_the_same_time_are_all_spoken_after_a_restart() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A0")
        await asyncio.sleep(0.5)  # it is being said
        calls = [hall.made(f"A{number}") for number in range(1, 4)]
        for call in calls:
            hall.voice.take(call, None)
            hall.house.journal.keep(hall.voice.kept(call))
        for call in calls:
            hall.voice.accepted(call)
        await hall.again()
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts()[1:] == ["请A 幺号到一号窗口", "请A 二号到一号窗口", "请A 三号到一号窗口"]

    run(test)


def test_a_call_that_is_on_its_way_to_the_disk_stays_kept_when_another_ends() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A0")
        await asyncio.sleep(0.5)
        call = hall.made("A1")
        hall.voice.take(call, None)
        hall.house.journal.keep(hall.voice.kept(call))
        await asyncio.sleep(2.2)  # the first has ended, and its end is recorded
        assert hall.told() == [("c1", "spoken")]
        assert [each["call"]["call_id"] for each in hall.house.journal.rows["voice/a"].params["calls"]] == ["c2"]

    run(test)


def test_a_call_that_the_journal_refused_is_kept_in_no_row() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A0")
        await asyncio.sleep(0.5)
        refused = hall.made("A1")
        hall.voice.take(refused, None)
        hall.voice.kept(refused)
        hall.voice.unrecorded(refused)
        hall.call("A2")
        kept = hall.house.journal.rows["voice/a"].params["calls"]
        assert [each["call"]["call_id"] for each in kept] == ["c1", "c3"]

    run(test)


def test_a_changed_site_file_keeps_what_waits_and_tells_what_has_lost_its_area() -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call(f"A{number}") for number in range(3)]
        lost = hall.call("A1", window="w3")
        await asyncio.sleep(0.1)
        waits = hall.call("A2", window="w3")
        hall.house.journal.keep(hall.voice.replace([area(zones=["a"], say="{ticket}")], hall.windows[:2]))
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请A 零号到一号窗口", "A 幺号", "A 二号"]
        assert [hall.state(call) for call in calls] == ["spoken"] * 3
        assert (hall.state(lost, "b"), hall.state(waits, "b")) == ("spoken", "missed")
        assert hall.reason(waits, "b") == "the area is no more"
        assert hall.house.journal.rows["voice/b"].params == {"calls": []}
        hall.house.journal.keep(
            hall.voice.replace([area(zones=["a"]), area(id="b", speakers=["page-3"])], hall.windows)
        )
        again = hall.call("A5", window="w3")
        await asyncio.sleep(60)
        assert hall.state(again, "b") is State.SPOKEN

    run(test, area(zones=["a"]), area(id="b", zones=["b"], speakers=["page-3"]))


def test_a_window_that_is_gone_before_its_call_is_spoken() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A1")
        waits = hall.call("A2", window="w2")
        await asyncio.sleep(0.1)
        hall.voice.replace([area()], hall.windows[:1])
        await asyncio.sleep(60)
        assert (hall.state(waits), hall.reason(waits)) == (State.MISSED, "its window is no more here")

    run(test)


def test_names_are_spoken_only_where_the_site_says_so() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A1", person_name="欧阳娜娜")
        await asyncio.sleep(20)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"]
        assert hall.speakers["page-2"].texts() == ["请欧某某,A 幺号"]

    named = area(id="b", speakers=["page-2"], say="请{name}，{ticket}", names=True)
    run(test, area(speakers=["page-1"]), named)


def test_a_bug_ends_the_call_that_was_spoken_and_the_next_run_goes_on() -> None:
    async def test(hall: VoiceHall) -> None:
        area_a = hall.voice._areas["a"]
        hall.call("A1")
        second = hall.call("A2")
        await asyncio.sleep(1)
        await hall.__aexit__()  # as guard() does
        await hall.__aenter__()
        await asyncio.sleep(30)
        assert hall.told() == [("c1", "failed"), ("c2", "spoken")]
        assert (hall.state(second), area_a.kept().params) == (State.SPOKEN, {"calls": []})

    run(test)


def test_memory_is_bounded() -> None:
    async def test(hall: VoiceHall) -> None:
        for _ in range(LIVE + 10):
            hall.call("A1")
        assert len(hall.voice._live) == LIVE

    run(test)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 8), st.sampled_from(["w1", "w2", "w3"]), st.sampled_from([5, 20, 600])), max_size=25
    ),
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from(["page-1", "page-2"]), st.booleans()), max_size=6),
    st.integers(1, 4),
)
def test_what_is_spoken_is_what_was_accepted_in_its_order_but_for_what_is_told(
    calls: list[tuple[float, str, int]], hangs: list[tuple[float, str, bool]], most_waiting: int
) -> None:
    async def test(hall: VoiceHall) -> None:
        async def trouble() -> None:
            for wait_s, name, on in hangs:
                await asyncio.sleep(wait_s)
                hall.speakers[name].hangs = on

        troubled = asyncio.create_task(trouble())
        accepted: list[Call] = []
        for number, (wait_s, window, ttl_s) in enumerate(calls):
            await asyncio.sleep(wait_s)
            accepted.append(hall.call(f"{number}", window=window, ttl_s=ttl_s))
        await asyncio.sleep(3000)
        await troubled
        states = {call.call_id: hall.state(call) for call in accepted}
        assert set(states.values()) <= {State.SPOKEN, State.FAILED, State.EXPIRED, State.FULL}
        begun = [call for call in accepted if states[call.call_id] in (State.SPOKEN, State.FAILED)]
        for speaker in (hall.speakers["page-1"], hall.speakers["page-2"]):
            said = [text.partition("号到")[0].removeprefix("请") for text in speaker.texts()]
            assert said == [
                str(call.ticket).translate(str.maketrans("0123456789", "零幺二三四五六七八九")) for call in begun
            ]
        assert sorted(hall.told()) == sorted((call_id, str(state)) for call_id, state in states.items())
        assert hall.house.journal.rows.get("voice/a") is None or hall.house.journal.rows["voice/a"].params == {
            "calls": []
        }

    run(test, area(most_waiting=most_waiting))
