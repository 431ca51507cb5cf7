"""Wires that fail under controllers and readers in a hall of processes: nothing is lost, nothing is told of another."""

import socket
import time
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest
from accesshall import AccessHall, shared
from accesssite import CARD, SERIAL
from hall import until
from tap import Tap

from drivers.access.osdp.codec import CAP, ID, Decoder, read

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
CONTROLLERS = ("acs", "acs2")
STORED_S = 2.0  # with every pushed event lost
UNHEARD_S = 5.0  # without a listener
POLLED_S = 1.2  # the state of a controller
BACK_S = 2.0  # a reader, after its wire
SLACK_S = 0.3  # for the test's own way to the box and the API
FAULTS: dict[str, dict[str, Any]] = {
    "duplicate": {"count": 3},
    "reorder": {"seconds": 0.04, "count": 2},
    "late": {"seconds": 0.12},
    "wrong_id": {},  # the reply of the controller with the next serial number
    "cut": {"after": 40},
    "garbage": {"size": 5},
}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Generator[AccessHall]:
    """Two controllers that push to one listener; a card may pass the first door of the first."""
    for hall in shared(tmp_path_factory.mktemp("field"), *CONTROLLERS):
        hall.start()
        hall.let_pass()
        yield hall


@pytest.fixture(scope="module")
def read_by_tap(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[AccessHall, Tap]]:
    """A reader on a tapped wire."""
    for hall in shared(tmp_path_factory.mktemp("reader"), "reader"):
        with hall.tapped() as tap:
            yield hall, tap


def pushed(serial: int, index: int) -> bytes:
    """An event as a controller pushes it: a card was let pass at the first door."""
    head = bytes([0x17, 0x20, 0, 0]) + serial.to_bytes(4, "little") + index.to_bytes(4, "little")
    return (head + bytes([1, 1, 1, 1]) + (99).to_bytes(4, "little")).ljust(64, b"\0")


def push_nonsense(hall: AccessHall) -> None:
    """Send to the listener what no controller has sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        real = pushed(SERIAL, 4_000_000)
        for body in (b"", real[:20], real + b"more", real, pushed(303986753, 1), pushed(SERIAL + 1, 2)):
            stranger.sendto(body, ("127.0.0.1", hall.listener))


def as_logged(hall: AccessHall) -> None:
    """Every controller's events are recorded as that controller's, once, in order, each of its own door."""
    for device in CONTROLLERS:
        hall.caught_up(30, device)
        assert hall.stored(device) == hall.kept(device), device
    assert hall.rows("log.gap") == []


def trouble(hall: AccessHall) -> bool:
    """Pull every fault once; gives whether each controller's driver has met some of them by now."""
    for fault, params in FAULTS.items():
        hall.lever("acs*", fault, **params)
        push_nonsense(hall)
        for device in CONTROLLERS:
            hall.answers(3, device)
    return all((hall.point("strays", device) or 0) > 3 for device in CONTROLLERS)


def test_no_fault_of_the_wire_loses_an_event_or_tells_it_of_another_door_or_controller(field: AccessHall) -> None:
    field.lever("acs*", "loss", percent=20, seed=7)
    field.lever("acs*", "push_loss", percent=20, seed=7)
    with field.swiping(*CONTROLLERS):
        trouble(field)
        trouble(field)
        until(lambda: trouble(field), 30)
    field.lever("acs*", "heal")
    field.lever("acs*", "push_loss", percent=0)
    as_logged(field)
    told = Counter((device, each.part) for device in CONTROLLERS for each in field.stored(device))
    assert min(told[device, f"door-{number}"] for device in CONTROLLERS for number in (1, 2)) > 10, "no traffic"


def test_with_every_push_lost_an_event_is_stored_within_two_seconds(field: AccessHall) -> None:
    field.lever("acs*", "push_loss", percent=100)
    for _ in range(3):
        field.lever("acs", "swipe", card=CARD)
        field.caught_up(STORED_S + SLACK_S)
    field.lever("acs*", "push_loss", percent=0)
    as_logged(field)


def test_while_another_program_has_the_port_of_the_listener_events_are_stored_and_then_it_is_taken_back(
    field: AccessHall,
) -> None:
    def listened(bound: bool, alarm: str) -> bool:
        told = [(field.point("listener_bound", id_), field.alarm(f"listener-unbound.{id_}")) for id_ in CONTROLLERS]
        return told == [(bound, alarm)] * len(told)

    field.kill()
    before = len(field.log())
    name = f"udp:127.0.0.1:{field.listener}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", field.listener))
        field.again()
        for device in CONTROLLERS:
            field.lever(device, "swipe", card=CARD)
            field.caught_up(UNHEARD_S, device)
        until(lambda: listened(False, "active"), 10)
        assert field.log()[before:].count(name) == 1
    until(lambda: listened(True, "normal"), 15)
    field.lever("acs*", "swipe", card=CARD)
    as_logged(field)
    told = [line for line in field.log()[before:].splitlines() if name in line]
    assert [line.partition(name)[2] for line in told] == [
        " cannot be listened to: Address already in use",
        " is listened to",
    ]


def test_a_controller_that_no_longer_logs_its_doors_or_reports_a_fault_is_an_alarm_until_it_is_well(
    field: AccessHall,
) -> None:
    def moved() -> bool:
        """Move a door slowly enough for two polls, which then tell that nothing was logged."""
        for lever in ("force", "close"):
            field.lever("acs2", lever)
            time.sleep(POLLED_S)
        return field.alarm("door-events-off.acs2") == "active"

    field.lever("acs2", "fault", number=3)
    until(lambda: field.alarm("controller-fault.acs2") == "active", 15)
    field.lever("acs2", "no_door_events")
    until(moved, 30)
    field.lever("acs2", "no_door_events", on=False)
    field.lever("acs2", "fault", number=0)
    over = [f"{name}.acs2" for name in ("controller-fault", "door-events-off")]
    until(lambda: {field.alarm(id_) for id_ in over} == {"normal"}, 15)
    assert field.seen("acs2")["special_events"]
    as_logged(field)


def clear(tap: Tap) -> set[int]:
    """The commands that were said to the reader in clear."""
    frames = map(read, Decoder().feed(bytes(tap.said)))
    return {frame.code for frame in frames if frame is not None and not frame.secure}


@pytest.mark.parametrize("exchange", ["wrong_key", "install_mode"])
def test_a_reader_that_does_not_prove_its_key_is_an_alarm_and_nothing_is_said_to_it_in_clear(
    read_by_tap: tuple[AccessHall, Tap], exchange: str
) -> None:
    hall, tap = read_by_tap
    assert hall.do("devices/reader", "open", part="safe", reason="取件")[1]["status"] == "confirmed"
    tap.said.clear()
    cards = len(hall.rows("access.presented"))
    hall.lever("reader", exchange)
    until(lambda: "does not prove its key" in (hall.ask("GET", "/devices/reader")[1]["why"] or ""), 10)
    until(lambda: hall.alarm("device-offline.reader") == "active", 10)
    assert hall.do("devices/reader", "open", part="safe", reason="取件")[1]["status"] == "offline"
    hall.lever("reader", "swipe", number=5550199)
    time.sleep(1.0)
    assert clear(tap) <= {ID, CAP}
    assert not any(hall.seen("reader")["outputs"])
    assert len(hall.rows("access.presented")) == cards
    hall.lever("reader", "wrong_key", on=False)
    hall.reload()
    hall.online(1)
    hall.lever("reader", "swipe", number=5550199)
    until(lambda: len(hall.rows("access.presented")) == cards + 1, 15)
    assert hall.do("devices/reader", "open", part="safe", reason="取件")[1]["status"] == "confirmed"
    until(lambda: hall.alarm("device-offline.reader") == "normal", 10)
    assert clear(tap) <= {ID, CAP}


@pytest.mark.parametrize("out_s", [0.0, 3.0])
def test_a_reader_is_back_two_seconds_after_its_wire_with_the_cards_that_were_shown_meanwhile(
    read_by_tap: tuple[AccessHall, Tap], out_s: float
) -> None:
    hall, tap = read_by_tap
    cards = len(hall.rows("access.presented"))
    tap.cut()
    until(lambda: hall.ask("GET", "/devices/reader")[1]["status"] == "offline", 15)
    for number in range(3):
        hall.lever("reader", "swipe", number=number)
    time.sleep(out_s)
    tap.plug()
    hall.online(1, within_s=BACK_S + SLACK_S)
    until(lambda: len(hall.rows("access.presented")) == cards + 3, 15)
