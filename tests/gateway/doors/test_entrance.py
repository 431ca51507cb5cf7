"""One door between its readings and its journal: which of them is newer, and what is kept."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hall_contract.scripted import LoopClock, virtually
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.access import Mode
from gateway.doors import records
from gateway.doors.config import DoorConfig
from gateway.doors.door import NEVER, Door, Held, Span
from gateway.doors.entrance import Entrance
from gateway.doors.heard import Alarmed, Authorised, Position, Sensed
from gateway.doors.timeline import Timeline
from gateway.doors.told import Level

FRONT = DoorConfig(id="front", name="正门", door="acs/d1")
OPENED = Sensed(Position.OPEN, seen=True)


def read(position: Position, at: datetime) -> Level:
    return Level(position, at, unlocked=False, mode=Mode.CONTROLLED, mode_at=at, fire=False, fire_at=at)


def test_what_was_read_before_the_newest_event_of_the_sensor_is_not_heard() -> None:
    async def story() -> None:
        clock = LoopClock()
        entrance = Entrance(FRONT, Timeline(clock), None)
        await asyncio.sleep(1)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        old = read(Position.CLOSED, clock.now())
        await asyncio.sleep(0.5)
        entrance.happened(Authorised(), clock.now(), recorded_at=clock.now(), seq=1)
        entrance.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=2)
        assert entrance.stands(old, timetable=False) == []
        assert entrance.door.position.value == "open"
        await asyncio.sleep(0.5)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        assert entrance.door.position.value == "closed"

    virtually(story())


@pytest.mark.parametrize(("age_s", "told"), [(1.5, ["door.forced"]), (3, [])])
def test_a_door_that_is_forced_just_when_it_begins_to_be_known_is_no_history(age_s: float, told: list[str]) -> None:
    """By its device, which tells whole seconds, it may have been forced before."""

    async def story() -> None:
        clock = LoopClock()
        entrance = Entrance(FRONT, Timeline(clock), None)
        at = clock.now() - timedelta(seconds=age_s)
        found = entrance.happened(Alarmed("forced"), at, recorded_at=clock.now(), seq=1)
        found += entrance.stands(read(Position.OPEN, clock.now()), timetable=False)
        assert [event.type for event in found] == told

    virtually(story())


def test_what_is_forced_or_held_names_the_camera_of_its_door() -> None:
    async def story() -> None:
        clock = LoopClock()
        entrance = Entrance(FRONT.model_copy(update={"camera": "cam-1/ch2"}), Timeline(clock), None)
        await asyncio.sleep(1)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        found = entrance.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=1)
        await asyncio.sleep(20)
        found += entrance.stands(read(Position.OPEN, clock.now()), timetable=False)
        assert [(event.type, event.payload.get("camera")) for event in found] == [
            ("door.forced", "cam-1/ch2"),
            ("door.held_warning", None),
            ("door.held", "cam-1/ch2"),
        ]

    virtually(story())


class Drifting(LoopClock):
    """A clock of which no two looks agree by the microsecond, as of any computer."""

    looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return super().now() + timedelta(microseconds=self.looks)


def test_an_opening_began_at_the_same_time_in_all_that_is_told_of_it() -> None:
    async def story() -> None:
        clock = Drifting()
        entrance = Entrance(FRONT, Timeline(clock), None)
        await asyncio.sleep(1)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        found = entrance.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=1)
        await asyncio.sleep(10)
        found += entrance.stands(read(Position.OPEN, clock.now()), timetable=False)
        shown = {entrance.opened_at}
        entrance = Entrance(FRONT, Timeline(clock), entrance.kept())
        await asyncio.sleep(5)
        found += entrance.stands(read(Position.OPEN, clock.now()), timetable=False)
        found += entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        assert [event.type for event in found] == [
            "door.forced",
            "door.held_warning",
            "door.held",
            "door.restored",
            "door.cycle",
        ]
        assert {event.payload["opened_at"] for event in found} == {
            at.isoformat().replace("+00:00", "Z") for at in shown if at
        }
        assert found[0].at in shown

    virtually(story())


def test_an_opening_is_as_old_as_it_is_where_the_clock_is_set_meanwhile() -> None:
    async def story() -> None:
        clock = LoopClock()
        entrance = Entrance(FRONT, Timeline(clock), None)
        await asyncio.sleep(1)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        entrance.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=1)
        clock.ahead_s += 3600
        assert entrance.opened_at == entrance.kept().opened_at == clock.now()

    virtually(story())


def test_a_row_is_heard_once() -> None:
    async def story() -> None:
        clock = LoopClock()
        entrance = Entrance(FRONT, Timeline(clock), None)
        await asyncio.sleep(1)
        entrance.stands(read(Position.CLOSED, clock.now()), timetable=False)
        assert [event.type for event in entrance.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=7)] == [
            "door.forced"
        ]
        again = Entrance(FRONT, Timeline(clock), entrance.kept())
        assert again.happened(OPENED, clock.now(), recorded_at=clock.now(), seq=7) == []
        assert (again.door.forced, again.rev) == (True, 1)

    virtually(story())


SECONDS = st.integers(-100_000, 0).map(float)
DOORS = st.builds(
    Door,
    position=st.sampled_from(Position),
    since=st.just(NEVER),
    opened=st.none() | SECONDS,
    authorised_since=st.just(NEVER) | SECONDS,
    authorised_until=st.just(NEVER) | st.integers(-100, 8).map(float),
    excused=st.just(NEVER) | SECONDS,
    forced=st.booleans(),
    held=st.sampled_from(Held),
    late=st.booleans(),
    lost=st.booleans(),
    before=st.none() | st.sampled_from(Position),
    fire=st.booleans(),
    fire_since=st.just(NEVER) | SECONDS,
    released=st.booleans(),
    released_since=st.just(NEVER) | SECONDS,
    past=st.lists(st.builds(Span, st.just(NEVER) | SECONDS, SECONDS, st.sampled_from(["fire", "released"]))).map(tuple),
)


@given(door=DOORS)
def test_a_door_is_as_it_was_kept(door: Door) -> None:
    async def story() -> None:
        time = Timeline(LoopClock())
        more = {"known_since": datetime(2026, 1, 1, tzinfo=UTC), "rev": 3}
        opened_at = None if door.opened is None else time.wall(door.opened)
        row = records.row("front", records.keep(door, time, opened_at=opened_at, **more))
        kept = records.restored([row])["front"]
        assert records.unkept(kept, time, 8.0) == door
        assert kept.rev == 3

    virtually(story())


def test_what_was_to_come_is_at_most_as_far_away_as_it_could_be() -> None:
    async def story() -> None:
        clock = LoopClock()
        kept = records.Kept(
            known_since=clock.now(), authorised_until=clock.now() + timedelta(hours=1), opened_at=clock.now()
        )
        clock.ahead_s = -7200
        assert records.unkept(kept, Timeline(clock), 8.0).authorised_until == 8.0
        assert records.unkept(kept, Timeline(clock), 8.0).opened == 0.0

    virtually(story())
