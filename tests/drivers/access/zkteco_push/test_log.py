"""When a log began anew, and when rows only come once more: by their numbers and times, whatever the clock did."""

from drivers.access.zkteco_push.codec import Row
from drivers.access.zkteco_push.log import Log, Place
from gateway.core.model import Event


def row(number: int, time: str) -> Row:
    return Row(f"{number}/{time}", f"2026-11-23 {time}", 0, 1, None, number)


def log(place: Place) -> Log:
    """A log whose rows nobody remembers: the gateway has just been started."""
    own = Log({1: "front"})
    own.place = Place.of(cursor.value if (cursor := place.cursor()) else None)
    return own


def take(own: Log, *rows: Row) -> list[Event]:
    events, place = own.read(rows, offset_s=None)
    own.commit(rows, place)
    return events


def of_the_log(events: list[Event]) -> list[tuple[str, object]]:
    return [(event.type, event.payload["epoch"]) for event in events if event.type.startswith("log.")]


def test_rows_that_come_again_after_the_clock_was_set_back_are_no_new_log() -> None:
    rows = row(10, "12:00:00"), row(11, "11:01:00")
    before = log(Place(1, 9, "2026-11-23 11:59:00", "2026-11-23 08:00:00"))
    assert of_the_log(take(before, *rows)) == []
    after = log(before.place)
    assert of_the_log(take(after, *rows)) == []
    assert after.place == before.place
    assert of_the_log(take(after, row(12, "11:02:00"))) == []


def test_a_log_that_begins_at_one_is_a_new_one_though_its_clock_is_behind() -> None:
    before = log(Place())
    take(before, row(1, "08:00:00"), row(2, "12:00:00"))
    after = log(before.place)
    assert of_the_log(take(after, row(1, "08:00:00"))) == []
    events = take(after, row(1, "07:51:00"), row(2, "07:52:00"))
    assert of_the_log(events) == [("log.epoch", 2)]
    assert [event.payload["epoch"] for event in events] == [2, 2, 2]
    assert of_the_log(take(after, row(3, "07:53:00"), row(1, "07:51:00"))) == []


def test_a_log_that_was_not_read_from_its_first_row_on_begins_anew_with_any_first_row() -> None:
    own = log(Place.of("1/500/2026-11-23 12:00:00"))
    assert of_the_log(take(own, row(1, "11:51:00"))) == [("log.epoch", 2)]


def test_a_row_that_comes_late_belongs_to_the_log_in_which_it_was_missing() -> None:
    own = log(Place(1, 9, "2026-11-23 09:00:00", "2026-11-23 08:00:00"))
    assert of_the_log(take(own, row(12, "09:03:00"), row(10, "09:01:00"), row(11, "09:02:00"))) == [("log.gap", 1)]
    assert own.place.index == 12
