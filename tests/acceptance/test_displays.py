"""Screens of every family, pads and a printer in one hall of processes: what a person sees, whatever goes wrong."""

import re
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from displayhall import DEVICES, FORGETS, LEDS, REFUSES, SCREENS, DisplayHall, Once
from hall import until
from stores import stores

from simulators.faults import TCP
from simulators.testing.processes import NotSeen

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
FAULTS: dict[str, dict[str, Any]] = {
    "baud": {"rate": 100},
    "coalesce": {"seconds": 0.2},
    "corrupt": {"bits": 3, "count": 3, "seed": 7},
    "cut": {"after": 9},
    "duplicate": {"count": 5},
    "garbage": {"size": 40, "count": 3, "seed": 7},
    "half_open": {},
    "late": {"seconds": 0.8, "count": 2},
    "loss": {"percent": 40, "seed": 7},
    "mute": {},
    "pieces": {"size": 1},
    "reorder": {"seconds": 0.3, "count": 3},
    "reset": {},
    "slow": {"seconds": 2},
    "wrong_id": {"count": 3},
}
NOTICED = {
    "mute": SCREENS,
    "slow": LEDS,
    "half_open": ["k-tcp", "dynamic", "huidu", "page"],
    "reset": ["k-tcp", "dynamic", "huidu"],
    "cut": ["k-tcp", "dynamic", "huidu"],
}
"""What no screen can miss: it goes offline, and the log says so."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Generator[DisplayHall]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "kind", "sqlite")  # a database of the cluster would end with the first test
        made = DisplayHall(tmp_path_factory.mktemp("displays"))
    with made:
        made.start()
        yield made


@pytest.fixture
def hall(opened: DisplayHall) -> DisplayHall:
    opened.again()
    return opened


def told_once(hall: DisplayHall, names: Sequence[str]) -> None:
    """Each of these was offline once, and is back once, as the log says; what became of the others was told as well."""

    def wrong() -> dict[str, tuple[int, int]]:
        told = {name: hall.told(name) for name in DEVICES}
        return {name: each for name, each in told.items() if each[0] != each[1] or (name in names and each != (1, 1))}

    with suppress(NotSeen):
        until(lambda: not wrong(), 10)
    assert wrong() == {}


def test_a_number_is_on_every_screen_as_the_gateway_says_it_is(hall: DisplayHall) -> None:
    idle = {screen: hall.lit(screen) for screen in SCREENS}
    for screen in SCREENS:
        hall.call(f"all-{screen}", f"w-{screen}", "ZU[单会")
    hall.show(dict.fromkeys(SCREENS, "ZU[单会"))
    until(lambda: all(hall.told_picture(screen) == hall.lit(screen) for screen in SCREENS), 10)
    for screen in SCREENS:
        assert hall.lit(screen) != idle[screen], screen
        delivery = hall.ask("GET", f"/calls/all-{screen}")[1]["screens"][screen]
        ended = delivery["confirmed_at" if screen == "page" else "acked_at"]
        assert delivery["queued_at"] <= delivery["sent_at"] <= ended, screen


def test_a_rare_glyph_is_seen_wherever_pixels_are_sent_and_is_a_counted_box_elsewhere(hall: DisplayHall) -> None:
    for screen in SCREENS:
        hall.call(f"rare-{screen}", f"w-{screen}", "䶮乗1")
    in_gbk = dict.fromkeys(("sender-udp", "sender-com"), "□乗1")
    without_a_backslash = dict.fromkeys(("k-tcp", "k-line"), "□□1")  # the second byte of 乗 is one
    hall.show({**dict.fromkeys(SCREENS, "䶮乗1"), **in_gbk, **without_a_backslash})
    counted = re.findall(r'hall_characters_substituted_total\{device="(\S+)"\} (\d)', hall.get("/metrics"))
    assert {screen: int(n) for screen, n in counted if n != "0"} == dict.fromkeys(in_gbk, 1) | dict.fromkeys(
        without_a_backslash, 2
    )


@pytest.mark.parametrize("fault", [*sorted(TCP), "half_open"])
def test_after_every_fault_the_newest_numbers_are_shown(hall: DisplayHall, fault: str) -> None:
    deaf = {"pads"} if fault == "half_open" else set[str]()  # whoever only listens cannot know
    hall.pull({box: Once(fault, FAULTS[fault]) for box in hall.having(fault) if box not in deaf})
    hall.numbers()
    newest = hall.numbers()
    hall.lever("printer", "cover", open=True)
    noticed = NOTICED.get(fault, [])
    until(lambda: all(hall.told(screen)[0] for screen in noticed), 10)
    hall.lever("*", "heal")
    hall.show(newest)
    assert hall.press()["function"] == "next"
    until(lambda: hall.point("printer", "cover_open") is True, 10)
    hall.lever("printer", "cover", open=False)
    hall.online()
    told_once(hall, noticed)


def test_a_screen_that_refuses_shows_what_is_called_next(hall: DisplayHall) -> None:
    hall.pull(REFUSES)
    refused = hall.numbers()
    until(lambda: hall.ask("GET", f"/calls/c-{refused['page']}")[1]["screens"]["page"]["status"] == "rejected", 10)
    for screen in LEDS:  # asked again where it was busy, sent again after some seconds where not
        hall.shows(screen, refused[screen])
    hall.show(hall.numbers())
    assert [hall.told(screen) for screen in SCREENS] == [(0, 0)] * len(SCREENS)


def test_screens_that_restart_are_right_again_within_five_seconds(hall: DisplayHall) -> None:
    down_s = 2
    shown = hall.numbers()
    hall.show(shown)
    reboots = {screen: hall.seen(screen)["reboots"] for screen in LEDS}
    loads = hall.seen("page")["loads"]
    hall.pull({**dict.fromkeys(LEDS, Once("reboot", {"down_s": down_s})), "page": Once("reboot")})
    back = time.monotonic() + down_s
    assert {hall.seen(screen)["text"] for screen in LEDS} == {""}
    for screen, text in shown.items():
        hall.shows(screen, text, within_s=max(0.0, back + 5 - time.monotonic()))
    assert {screen: hall.seen(screen)["reboots"] - 1 for screen in LEDS} == reboots
    assert hall.seen("page")["loads"] == loads + 1
    told_once(hall, LEDS)


def test_pads_and_a_printer_that_restart_go_on(hall: DisplayHall) -> None:
    hall.lever("printer", "paper", state="out")
    hall.pull(dict.fromkeys(("pads", "printer"), Once("reboot")))
    until(lambda: hall.told("pads") == (1, 1), 10)
    until(lambda: hall.point("printer", "paper") == "out", 10)
    hall.lever("printer", "paper", state="ok")
    assert hall.press()["function"] == "next"


def test_what_got_lost_without_a_word_is_shown_again(hall: DisplayHall) -> None:
    shown = hall.numbers()
    hall.show(shown)
    hall.pull(FORGETS)
    until(lambda: {hall.seen(screen)["text"] for screen in LEDS} != set(shown.values()), 1)
    hall.show(shown, within_s=8)
    until(lambda: hall.point("page", "intact") is True, 8)


def test_a_gateway_that_was_killed_shows_on_every_screen_what_was_called(hall: DisplayHall) -> None:
    shown = hall.numbers()
    hall.show(shown)
    hall.kill()
    hall.pull(dict.fromkeys(LEDS, Once("silent_reboot")))
    assert {hall.seen(screen)["text"] for screen in LEDS} == {""}
    hall.start_gateway()
    hall.show(shown)
    until(lambda: not hall.seen("page")["stale"], 15)
    hall.online()
    hall.show(hall.numbers())


def test_a_press_on_a_pad_is_a_number_on_the_screen(hall: DisplayHall) -> None:
    """The gateway calls nobody by itself: here the queue system reads the press and calls."""
    press = hall.press()
    assert press["function"] == "next"
    hall.call(f"pad-{press['digits']}", "w-k-tcp", press["digits"])
    hall.shows("k-tcp", press["digits"])
    until(lambda: hall.seen("pads")["pads"]["1"]["waits"] is False, 5)


def test_the_hours_of_the_site_dim_and_darken_every_screen(hall: DisplayHall) -> None:
    shown = hall.numbers()
    hall.show(shown)
    dimmed = {"k-tcp": 7, "k-line": 7, "dynamic": 44, "sender-udp": 3, "sender-com": 3, "huidu": 40}
    assert {screen: hall.seen(screen)["brightness"] for screen in LEDS} == dimmed
    hall.reload(("on: '06:00', off: '18:00'", "on: '01:00', off: '02:00'"))
    hall.show(dict.fromkeys(SCREENS, ""))
    hall.reload(("on: '01:00', off: '02:00'", "on: '06:00', off: '18:00'"))
    hall.show(shown)
