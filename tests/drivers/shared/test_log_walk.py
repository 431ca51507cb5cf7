"""The walk against a naive model: a device whose log grows, overflows and begins anew at any moment of a walk."""

import asyncio
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.shared.log_walk import MOST, Found, Gap, Missing, Place, Start, walk


class Record(NamedTuple):
    """An event: of which log, with which index there."""

    log: int
    at: int


class Device:
    """A log of at most `room` events that is changed before any read, as the script says."""

    def __init__(self, room: int = 1000, script: list[str] | None = None) -> None:
        self.room, self.script, self.number = room, script or [], 1
        self.oldest_index, self.newest_index, self.asked = 1, 0, 0
        self.gone: set[Record] = set()
        """Of what it said that it is overwritten."""

    def add(self, count: int) -> None:
        self.newest_index += count
        self.oldest_index = max(self.oldest_index, self.newest_index - self.room + 1)

    def reset(self) -> None:
        self.number += 1
        self.oldest_index, self.newest_index = 1, 0

    def all(self) -> set[Record]:
        return {Record(self.number, index) for index in range(self.oldest_index, self.newest_index + 1)}

    async def newest(self) -> int:
        self._happens()
        return self.newest_index

    async def oldest(self) -> int:
        self._happens()
        return self.oldest_index if self.newest_index else 0

    async def read(self, index: int) -> Record | Missing:
        self._happens()
        if index > self.newest_index:
            return Missing.NONE
        if index < self.oldest_index:
            self.gone.add(Record(self.number, index))
            return Missing.OVERWRITTEN
        return Record(self.number, index)

    def mark(self, record: Record) -> str:
        return f"{record.log}/{record.at}"

    def _happens(self) -> None:
        self.asked += 1
        what = self.script.pop(0) if self.script else ""
        if what == "fail":
            raise TimeoutError
        if what == "reset":
            self.reset()
        elif what:
            self.add(int(what))


class Store:
    """What was committed."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.found: list[Found[Record]] = []

    async def read_on(self, device: Device, start: Start[Record] | None = None) -> None:
        """One walk, as often as something fails; what is committed is also what the next walk begins with."""
        try:
            async for found in walk(device, self.place, start or Start()):
                assert len(found.records) + (found.gap is not None) + (found.anew is not None) <= 64
                self.found.append(found)
                self.place = Place.of(found.place.text())
        except TimeoutError:
            return

    @property
    def records(self) -> list[tuple[int, int, Record]]:
        return [(found.place.epoch, index, record) for found in self.found for index, record in found.records]

    @property
    def gaps(self) -> list[Gap]:
        return [found.gap for found in self.found if found.gap is not None]

    @property
    def told(self) -> list[str]:
        return [found.anew for found in self.found if found.anew is not None]


STEP = st.sampled_from(["", "", "", "", "1", "3", "70", "reset", "fail"])


@settings(max_examples=400, deadline=None)
@given(
    room=st.integers(1, 90),
    scripts=st.lists(st.lists(STEP, max_size=40), min_size=1, max_size=6),
    first=st.integers(0, 100),
)
@example(room=36, scripts=[[], ["1", "reset", "70"], ["", "", "1"]], first=35)
def test_nothing_is_lost_doubled_or_put_into_the_wrong_log(room: int, scripts: list[list[str]], first: int) -> None:
    async def play() -> None:
        device, store = Device(room), Store()
        device.add(first)
        for script in [*scripts, [], [], []]:
            device.script = list(script)
            await store.read_on(device)
        told = store.records
        assert len({(epoch, index) for epoch, index, _ in told}) == len(told)
        assert all(record.at == index for _, index, record in told)
        _one_log_is_one_epoch(store, device.gone)
        assert device.all() <= {record for *_, record in told}, "all that the device still has is recorded"
        _complete(store)

    asyncio.run(play())


def _one_log_is_one_epoch(store: Store, gone: set[Record]) -> None:
    """A log that began anew, and has overwritten the event of the place too, cannot be told from one that went on."""
    last: dict[int, int] = {}
    for found in store.found:
        numbers = {record.log for _, record in found.records}
        assert len(numbers) <= 1
        for number in numbers:
            went_on = last.setdefault(found.place.epoch, number) == number
            first = found.records[0][1]
            assert went_on or found.gap is not None or first._replace(at=first.at - 1) in gone
            last[found.place.epoch] = number


def _complete(store: Store) -> None:
    """In each epoch events and gaps follow one another without a hole, from where it was begun."""
    expected = 1
    for found in store.found:
        if found.anew is not None:
            expected = found.left + 1 if found.left is not None and found.place.epoch == 1 else 1
        if found.gap is not None:
            assert found.gap.first == expected
            assert found.gap.last >= found.gap.first
            expected = found.gap.last + 1
        for index, _ in found.records:
            assert index == expected
            expected += 1
        assert found.place.index == expected - 1


async def test_a_log_that_is_calm_costs_two_questions() -> None:
    device, store = Device(), Store()
    device.add(5)
    await store.read_on(device)
    device.asked = 0
    await store.read_on(device)
    assert device.asked == 2
    assert [index for _, index, _ in store.records] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("more", [3, 8, 20], ids=["fewer", "as many", "more"])
async def test_a_log_that_began_anew_is_another_epoch_however_many_events_it_has(more: int) -> None:
    device, store = Device(), Store()
    device.add(8)
    await store.read_on(device)
    device.reset()
    device.add(more)
    await store.read_on(device)
    assert [(epoch, index) for epoch, index, _ in store.records] == [
        *((1, index) for index in range(1, 9)),
        *((2, index) for index in range(1, more + 1)),
    ]
    assert len(store.told) == 2
    assert store.found[-1].left is not None


async def test_events_that_are_gone_are_one_gap_with_its_bounds() -> None:
    device, store = Device(room=100), Store()
    device.add(10)
    await store.read_on(device)
    device.add(500)
    await store.read_on(device)
    assert store.gaps == [Gap(11, 410)]
    assert [index for _, index, _ in store.records] == [*range(1, 11), *range(411, 511)]


class Corrupt(Device):
    """A device of which one answer is wrong."""

    wrong: int | None = None

    async def newest(self) -> int:
        told, self.wrong = self.wrong, None
        return await super().newest() if told is None else told


async def test_one_wrong_number_does_not_begin_another_log() -> None:
    device, store = Corrupt(), Store()
    device.add(10)
    for wrong in (None, 0, 4, 4_000_000_000):
        device.wrong = wrong
        await store.read_on(device)
    assert [(epoch, index) for epoch, index, _ in store.records] == [(1, index) for index in range(1, 11)]
    assert len(store.told) == 1


async def test_a_log_that_says_of_what_it_has_freed_that_it_never_was_has_a_gap() -> None:
    class Forgetful(Device):
        async def read(self, index: int) -> Record | Missing:
            found = await super().read(index)
            return Missing.NONE if found is Missing.OVERWRITTEN else found

    device, store = Forgetful(room=100), Store()
    device.add(10)
    await store.read_on(device)
    device.add(500)
    await store.read_on(device)
    assert store.gaps == [Gap(11, 410)]
    assert [index for _, index, _ in store.records] == [*range(1, 11), *range(411, 511)]


async def test_a_failed_read_stops_the_walk_and_nothing_behind_it_is_recorded() -> None:
    device, store = Device(script=["", "", "", "", "", "fail"]), Store()
    device.add(10)
    await store.read_on(device)
    assert store.records == []
    await store.read_on(device)
    assert [index for _, index, _ in store.records] == list(range(1, 11))


async def test_commits_are_small() -> None:
    device, store = Device(), Store()
    device.add(2 * MOST + 1)
    await store.read_on(device)
    assert [len(found.records) for found in store.found] == [MOST, MOST, 1]


async def test_where_to_begin_is_said_and_kept() -> None:
    def wanted(record: Record) -> bool:
        return record.at >= 7

    for start, first in ((Start[Record](), 1), (Start[Record]("newest"), 11), (Start("since Monday", wanted), 7)):
        device, store = Device(), Store()
        device.add(10)
        await store.read_on(device, start)
        device.add(2)
        await store.read_on(device, start)
        assert [index for _, index, _ in store.records] == list(range(first, 13))
        assert store.told == [f"it is read for the first time, from {start.policy}"]
        assert store.found[0].left == first - 1


async def test_an_empty_log_is_begun_and_its_first_events_are_not_missed() -> None:
    for policy in ("oldest", "newest"):
        device, store = Device(), Store()
        await store.read_on(device, Start(policy))
        device.add(3)
        await store.read_on(device, Start(policy))
        assert [index for _, index, _ in store.records] == [1, 2, 3]


async def test_what_an_overflowing_log_lost_before_the_first_contact_is_no_gap() -> None:
    device, store = Device(room=10), Store()
    device.add(25)
    await store.read_on(device)
    assert (store.gaps, store.found[0].left, store.records[0][1]) == ([], 15, 16)
