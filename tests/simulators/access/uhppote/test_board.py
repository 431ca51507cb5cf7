"""How a simulated controller decides, and what it keeps."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.access.uhppote.codec import box, cards, doors, log, schedules
from drivers.access.uhppote.codec.packet import Message, whole
from drivers.access.uhppote.config import UhppoteConfig
from simulators.access.uhppote.answers import answer
from simulators.access.uhppote.ring import Ring
from simulators.access.uhppote.server import UhppoteTwin
from simulators.keep import FOLDER

SERIAL, CARD = 405419896, 8165538
FROM, TO = date(2026, 1, 1), date(2027, 12, 31)
MONDAY = datetime.fromisoformat("2026-11-23 10:00:00")
WEEK = (True,) * 7


def twin() -> UhppoteTwin:
    section = {"id": "box", "driver": "access.uhppote", "address": "udp://127.0.0.1:1", "serial": SERIAL, "doors": 4}
    made = UhppoteTwin(UhppoteConfig.model_validate(section))
    made.board.set_time(MONDAY)
    return made


@pytest.fixture
def box_() -> UhppoteTwin:
    return twin()


def tell(box_: UhppoteTwin, *orders: Message) -> None:
    """Have orders obeyed."""
    for order in orders:
        (reply,) = box_._heard(order.wire(SERIAL))
        assert reply[8], order


def pull(box_: UhppoteTwin, lever: str, **params: Any) -> int:
    """Pull a lever; gives the reason of the newest event."""
    box_.levers()[lever](params)
    return box_.board.ring.get(box_.board.ring.newest).reason


def put(doors_: tuple[int, ...] = (1, 1, 1, 1), **more: Any) -> cards.PutCard:
    return cards.PutCard(card=CARD, begins=FROM, ends=TO, doors=doors_, **more)


@pytest.mark.parametrize("wrong", ["short", "long", "head", "function", "serial", "empty"])
def test_what_is_malformed_or_for_another_is_ignored(box_: UhppoteTwin, wrong: str) -> None:
    good = log.GetStatus().wire(SERIAL)
    data = {
        "short": good[:63],
        "long": good * 2,
        "head": b"\x18" + good[1:],
        "function": good[:1] + b"\x21" + good[2:],
        "serial": log.GetStatus().wire(SERIAL + 1),
        "empty": b"",
    }[wrong]
    assert box_._heard(data) == []
    assert box_.seen()["packets"]["ignored"] == 1
    assert len(box_._heard(good)) == 1


def test_what_erases_needs_the_magic_word(box_: UhppoteTwin) -> None:
    tell(box_, put())
    wire = bytearray(cards.DeleteCards().wire(SERIAL))
    wire[8] ^= 1
    (reply,) = box_._heard(bytes(wire))
    assert (reply[8], len(box_.board.cards)) == (0, 1)


def test_cards_pass_where_and_when_they_may(box_: UhppoteTwin) -> None:
    assert pull(box_, "swipe", card=CARD) == 6
    tell(box_, put((1, 0, 29, 1)))
    assert [pull(box_, "swipe", card=CARD, door=door) for door in (1, 2, 3)] == [1, 6, 15]
    profile = schedules.SetProfile(profile=29, begins=FROM, ends=TO, days=WEEK, linked=30)
    late = schedules.SetProfile(
        profile=30, begins=FROM, ends=TO, days=(True, *[False] * 6), begins_1=time(9, 0), ends_1=time(11, 0)
    )
    tell(box_, profile)
    assert pull(box_, "swipe", card=CARD, door=3) == 15
    tell(box_, late)
    assert pull(box_, "swipe", card=CARD, door=3) == 1
    box_.board.set_time(MONDAY + timedelta(days=1))
    assert pull(box_, "swipe", card=CARD, door=3) == 15
    box_.board.set_time(MONDAY + timedelta(days=800))
    assert pull(box_, "swipe", card=CARD, door=1) == 15


def test_a_keypad_asks_for_the_pin_and_a_supervisors_code_opens(box_: UhppoteTwin) -> None:
    tell(box_, put(pin=7531), box.SetKeypads(readers=(True, False, False, False)))
    assert [pull(box_, "swipe", card=CARD, pin=pin) for pin in (None, 1, 7531)] == [7, 7, 1]
    tell(box_, doors.SetPasscodes(door=2, codes=(12345, 0, 0, 0)))
    newest = box_.board.ring.newest
    pull(box_, "code", code=1, door=2)
    pull(box_, "code", code=0, door=2)
    assert box_.board.ring.newest == newest
    assert pull(box_, "code", code=12345, door=2) == 25
    assert box_.board.unlocked(2)


def test_anti_passback_has_a_card_go_to_and_fro(box_: UhppoteTwin) -> None:
    tell(box_, put(), doors.SetAntiPassback(mode=doors.AntiPassback.READERS_1_23))
    assert [pull(box_, "swipe", card=CARD, door=door) for door in (1, 1, 3, 2, 1, 4, 4)] == [1, 8, 1, 8, 1, 1, 1]


def test_of_interlocked_doors_only_one_opens(box_: UhppoteTwin) -> None:
    tell(box_, put(), doors.SetInterlock(mode=doors.Interlock.DOORS_12_34), box.RecordSpecialEvents(on=True))
    pull(box_, "swipe", card=CARD, door=1)
    pull(box_, "open", door=1)
    assert pull(box_, "swipe", card=CARD, door=2) == 12
    assert pull(box_, "button", door=2) == 33
    assert pull(box_, "swipe", card=CARD, door=3) == 1
    pull(box_, "close", door=1)
    assert pull(box_, "swipe", card=CARD, door=2) == 1


def test_before_the_first_card_nobody_passes_and_after_it_the_door_is_open(box_: UhppoteTwin) -> None:
    rule = schedules.SetFirstCard(door=1, begins=time(9, 0), ends=time(17, 0), active=1, inactive=3, days=WEEK)
    tell(box_, put(), rule)
    assert pull(box_, "swipe", card=CARD) == 1  # it does not hold yet
    tell(box_, schedules.RefreshTasks())
    assert pull(box_, "swipe", card=CARD) == 10
    tell(box_, put(first=(True, False, False, False)))
    assert pull(box_, "swipe", card=CARD) == 1
    assert box_.board.doors[1].mode == doors.Control.NORMALLY_OPEN


def test_while_a_computer_decides_nobody_passes_by_himself(box_: UhppoteTwin) -> None:
    tell(box_, put(), box.SetPcControl(on=True))
    assert pull(box_, "swipe", card=CARD) == 5
    tell(box_, box.SetPcControl(on=False))
    assert pull(box_, "swipe", card=CARD) == 1


def test_tasks_are_done_by_its_own_clock(box_: UhppoteTwin) -> None:
    def task(doing: schedules.Doing, at: time) -> schedules.AddTask:
        return schedules.AddTask(begins=FROM, ends=TO, days=WEEK, at=at, door=2, doing=doing)

    tell(
        box_,
        task(schedules.Doing.NORMALLY_OPEN, time(10, 30)),
        task(schedules.Doing.NORMALLY_CLOSED, time(10, 45)),
        task(schedules.Doing.BUTTON_OFF, time(10, 45)),
        schedules.RefreshTasks(),
        box.RecordSpecialEvents(on=True),
    )
    box_.board.set_time(MONDAY + timedelta(minutes=31))
    tell(box_, box.RecordSpecialEvents(on=True))
    assert box_.board.doors[2].mode == doors.Control.NORMALLY_OPEN
    box_.board.set_time(MONDAY + timedelta(minutes=50))
    assert pull(box_, "button", door=2) == 31
    assert box_.board.doors[2].mode == doors.Control.NORMALLY_CLOSED


def test_a_door_stays_shut_while_it_is_locked(box_: UhppoteTwin) -> None:
    for lever in ("open", "hold"):
        with pytest.raises(ValueError, match="door 1 is locked: it stays shut"):
            pull(box_, lever, door=1)
    assert pull(box_, "force", door=1) == 38
    pull(box_, "fire")
    pull(box_, "open", door=2)
    assert [door["open"] for door in box_.seen()["doors"].values()] == [True, True, False, False]


def test_its_log_makes_room_in_blocks() -> None:
    ring = Ring(capacity=10, block=4)
    for _ in range(11):
        ring.add(log.EventRecord(kind=log.Kind.CARD, reason=1))
    assert (ring.oldest, ring.newest) == (5, 11)
    assert [ring.get(index).kind for index in (4, 5, 11, 12)] == [255, 1, 1, 0]
    real = Ring()
    for _ in range(204_801):
        real.add(log.EventRecord())
    assert (real.oldest, real.newest) == (2_049, 204_801)


def test_it_keeps_its_log_its_cards_and_its_settings_over_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    before = twin()
    tell(before, put(), doors.SetDoor(door=2, mode=1, delay=9), box.RecordSpecialEvents(on=True))
    pull(before, "swipe", card=CARD)
    pull(before, "fill", count=50)
    tell(before, doors.OpenDoor(door=1))
    with (tmp_path / "box.jsonl").open("ab") as cut:
        cut.write(b'"F7AA')  # what a kill leaves of a line
    after = twin()
    assert [after.board.ring.get(index) for index in range(1, 53)] == [before.board.ring.get(i) for i in range(1, 53)]
    assert after.board.cards == before.board.cards
    assert (after.board.doors[2].mode, after.board.doors[2].delay, after.board.special_events) == (1, 9, True)
    assert pull(after, "swipe", card=CARD) == 1
    assert after.board.ring.newest == 53
    pull(after, "restore_defaults")
    assert (twin().board.ring.newest, twin().board.cards) == (0, {})


def test_each_of_many_controllers_answers_for_its_own_serial(box_: UhppoteTwin) -> None:
    pull(box_, "neighbour", serial=7)
    assert [int.from_bytes(reply[4:8], "little") for reply in box_._heard(box.GetController().wire(0))] == [SERIAL, 7]
    assert [reply[4] for reply in box_._heard(log.GetStatus().wire(7))] == [7]
    assert answer(box_.board, whole(log.GetStatus().wire(0)), lambda: False) is None
