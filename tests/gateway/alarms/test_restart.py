"""A kill at any time neither loses nor doubles an alarm."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from alarmhall import AlarmHall, MemoryJournal, Story, rule
from hall_contract.scripted import virtually
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alarms.records import LAZY
from gateway.core.model import Event

RULES = [rule(point="heat", above=30, priority="high"), rule("held", event="door.held", clear_after_s=60)]


def runs(*stories: Story, rules: object = RULES) -> None:
    """Tell one story after the other, the gateway being killed and started again in between."""

    async def main() -> None:
        journal = MemoryJournal()
        for story in stories:
            hall = AlarmHall(journal, rules=rules)
            hall.plug("box")
            await hall.during(story)

    virtually(main())


async def hot(hall: AlarmHall) -> None:
    hall.tell("box", "heat", 40)
    await asyncio.sleep(0.01)
    assert hall.state("hot.box") == "active"


def test_an_alarm_is_still_there_after_a_restart_and_is_not_raised_again() -> None:
    async def again(hall: AlarmHall) -> None:
        assert (hall.state("hot.box"), hall.shown(), hall.active("high")) == ("active", {"hot.box"}, 1)
        assert hall.alarms.find("hot.box")["detail"]["value"] == 40
        await hot(hall)
        await asyncio.sleep(60)
        assert hall.steps("hot.box") == ["alarm.raised"]

    runs(hot, again)


def test_an_alarm_that_is_over_while_the_gateway_is_down_is_cleared_once() -> None:
    async def again(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 20)
        await asyncio.sleep(1)
        assert hall.state("hot.box") == "returned"

    async def third(hall: AlarmHall) -> None:
        assert hall.state("hot.box") == "returned"
        await hall.acknowledge("hot.box")
        await hot(hall)
        assert hall.steps("hot.box") == ["alarm.raised", "alarm.cleared", "alarm.acknowledged", "alarm.raised"]
        keys = [row.source_key for row in hall.journal.rows]
        assert len(keys) == len(set(keys)) == 4

    runs(hot, again, third)


def test_a_clock_that_is_set_back_meanwhile_makes_no_alarm_last_longer() -> None:
    async def held(hall: AlarmHall) -> None:
        await hall.happen("box", "door.held")
        await asyncio.sleep(0.01)
        assert hall.state("held.box") == "active"

    async def main() -> None:
        journal = MemoryJournal()
        for ahead_s, story in ((0.0, held), (-600.0, still_for_a_minute)):
            hall = AlarmHall(journal, ahead_s=ahead_s, rules=RULES)
            hall.plug("box")
            await hall.during(story)

    async def still_for_a_minute(hall: AlarmHall) -> None:
        assert hall.state("held.box") == "active"
        await asyncio.sleep(61)
        assert hall.state("held.box") == "normal"

    virtually(main())


def test_an_alarm_is_not_shelved_for_longer_than_a_day_whatever_the_clock_says() -> None:
    async def shelved(hall: AlarmHall) -> None:
        await hot(hall)
        await hall.alarms.desk.shelve("hot.box", for_s=120, actor="zhang", reason=None)

    async def again(hall: AlarmHall) -> None:
        assert hall.state("hot.box") == "shelved"
        await hot_still(hall)
        await asyncio.sleep(86_401)
        assert hall.state("hot.box") == "active"

    async def hot_still(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)

    async def main() -> None:
        journal = MemoryJournal()
        for ahead_s, story in ((0.0, shelved), (-3e7, again)):
            hall = AlarmHall(journal, ahead_s=ahead_s, rules=RULES)
            hall.plug("box")
            await hall.during(story)

    virtually(main())


def test_what_a_person_decided_stands_after_a_restart() -> None:
    async def decide(hall: AlarmHall) -> None:
        await hot(hall)
        await hall.acknowledge("hot.box")
        await hall.alarms.desk.shelve("hot.box", for_s=600, actor="zhang", reason=None)

    async def again(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(590)
        assert hall.state("hot.box") == "shelved"
        await asyncio.sleep(15)
        assert hall.state("hot.box") == "acknowledged"

    runs(decide, again)


def test_an_event_that_was_recorded_just_before_a_kill_is_judged_after_it() -> None:
    async def killed(hall: AlarmHall) -> None:
        await hall.happen("box", "door.held")
        assert hall.state("held.box") == "active"

    async def down(hall: AlarmHall) -> None:
        hall.journal.kept.clear()  # as if the kill had come before the alarm was committed
        hall.journal.rows = hall.journal.rows[:1]
        hall.journal.cursors["alarms"] = "0"

    async def again(hall: AlarmHall) -> None:
        assert hall.state("held.box") == "active"
        await asyncio.sleep(61)
        assert hall.state("held.box") == "normal"

    runs(killed, down, again)


def test_an_event_that_was_judged_before_a_kill_is_not_judged_again() -> None:
    async def killed(hall: AlarmHall) -> None:
        await hall.happen("box", "door.held")
        await hall.acknowledge("held.box")
        hall.journal.cursors["alarms"] = "0"

    async def again(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        assert (hall.state("held.box"), hall.alarms.find("held.box")["count"]) == ("acknowledged", 1)
        await asyncio.sleep(60)
        assert hall.state("held.box") == "normal"

    runs(killed, again)


def test_what_happened_before_the_alarms_were_first_there_is_history() -> None:
    async def first(hall: AlarmHall) -> None:
        await hall.happen("box", "door.held")

    async def main() -> None:
        journal = MemoryJournal()
        hall = AlarmHall(journal)
        hall.plug("box")
        await first(hall)
        hall = AlarmHall(journal, rules=RULES)
        hall.plug("box")
        await hall.during(quiet)

    async def quiet(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        assert hall.open() == {}

    virtually(main())


def test_an_alarm_whose_device_left_the_site_while_the_gateway_was_down_is_closed() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        hall = AlarmHall(journal, rules=RULES)
        hall.plug("box")
        await hall.during(hot)
        await AlarmHall(journal).during(gone)

    async def gone(hall: AlarmHall) -> None:
        assert hall.open() == {}
        await asyncio.sleep(61)
        assert hall.steps("hot.box") == ["alarm.raised", "alarm.cleared"]

    virtually(main())


def test_a_full_disk_delays_the_record_of_an_alarm_and_not_the_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.journal.full = True
        await hot(hall)
        assert hall.shown() == {"hot.box"}
        await asyncio.sleep(30)
        hall.tell("box", "heat", 20)
        await asyncio.sleep(1)
        assert hall.journal.rows == []
        hall.journal.full = False
        await asyncio.sleep(10)
        assert hall.steps("hot.box") == ["alarm.raised", "alarm.cleared"]

    runs(story)


def test_a_kill_at_any_time_leaves_no_event_between_the_cursor_and_the_alarm_that_it_raises() -> None:
    boxes = [f"box-{number}" for number in range(60)]
    unjudged: list[str] = []

    class Killed(MemoryJournal):
        """Finds out what would be lost by a kill just after each commit."""

        def note(self, *taken: Any, **more: Any) -> "asyncio.Future[None]":
            held = super().note(*taken, **more)
            past = self.rows[: int(self.cursors.get("alarms", 0))]
            unjudged.extend(
                row.source_key
                for row in past
                if row.type == "door.held" and f"alarms/held.{row.device}" not in self.kept
            )
            return held

    async def story(hall: AlarmHall) -> None:
        hall.journal.full = True
        for number in range(LAZY - len(boxes)):
            hall.journal.note("other", [tick(number)])
        for box in boxes:
            hall.journal.note(box, [tick(0, box, "door.held")])
        hall.journal.full = False
        await asyncio.sleep(1)
        assert int(hall.journal.cursors["alarms"]) >= LAZY
        assert len(hall.open()) == len(boxes)

    async def main() -> None:
        hall = AlarmHall(Killed(), rules=[rule("held", devices=boxes, event="door.held")])
        hall.plug("other", *boxes)
        await hall.during(story)

    virtually(main())
    assert unjudged == []


def tick(number: int, of: str = "other", type_: str = "tick") -> Event:
    return Event(type=type_, source_key=f"{of}/{number}", payload={}, at=datetime.now(UTC))


def test_what_came_and_went_within_one_look_at_the_journal_was_an_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.journal.note("box", [tick(1, "box", "door.forced"), tick(2, "box", "door.closed")])
        await asyncio.sleep(1)
        assert hall.state("forced.box") == "returned"
        assert hall.steps("forced.box") == ["alarm.raised", "alarm.cleared"]

    runs(story, rules=[rule("forced", event="door.forced", clears="door.closed", must_ack=True)])


def test_an_event_that_came_once_more_is_not_judged_again_after_it_was_acknowledged() -> None:
    async def killed(hall: AlarmHall) -> None:
        for _ in range(2):
            await hall.happen("box", "door.held")
        await hall.acknowledge("held.box")
        hall.journal.cursors["alarms"] = "0"

    async def again(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        assert (hall.state("held.box"), hall.alarms.find("held.box")["count"]) == ("acknowledged", 2)

    runs(killed, again)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 20)), max_size=6), min_size=1, max_size=4))
def test_whatever_happens_and_however_often_it_is_killed_every_step_is_recorded_once(
    lives: list[list[tuple[float, float]]],
) -> None:
    async def main() -> None:
        journal, hall = MemoryJournal(), AlarmHall()
        for life in lives:
            hall = AlarmHall(journal, rules=[rule(point="heat", above=30, band=5, on_delay_s=2, off_delay_s=3)])
            hall.plug("box")

            async def story(hall: AlarmHall, life: list[tuple[float, float]] = life) -> None:
                for heat, for_s in life:
                    hall.tell("box", "heat", heat)
                    await asyncio.sleep(for_s)

            await hall.during(story)
        steps = hall.steps("hot.box")
        assert steps == ["alarm.raised", "alarm.cleared"] * (len(steps) // 2) + ["alarm.raised"] * (len(steps) % 2)
        assert (hall.state("hot.box") == "active") is (len(steps) % 2 == 1)

    virtually(main())
