"""Chaos: a hall of real processes is hurt at random while calls go on, and must be right again after every round.

A seed says everything but the machine's own timing: which call is posted when, who is hurt, when, how and for how long.
"""

import json
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from child import program
from hall import PROGRAM, Hall, so_far, until

WINDOWS = 4
SETTLED_S = 30.0
PAUSE_S = 0.03  # between two calls of one window's officer: some hundred calls a round
FAULTS: Mapping[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "mute": ({"on": True}, {"on": False}),
    "slow": ({"seconds": 1.5}, {"seconds": 0}),
    "pieces": ({"size": 1}, {"size": 0}),
    "cut": ({"after": 7}, None),
    "reset": ({}, None),
    "half_open": ({}, None),
    "reboot": ({"down_s": 1}, None),
    "silent_reboot": ({}, None),
    "nack": ({"count": 2, "code": 3}, None),
}
"""What is done to a card, and how it is lifted where it does not pass by itself. Only what the card can notice is
mended at once: a silent reboot is hidden until the text is sent again, so it comes with a fault that is noticed."""


class Officer(threading.Thread):
    """Calls numbers to one window, one after the other, each with an id and a seq of its own, until told to stop."""

    def __init__(self, hall: Hall, window: str, first: int) -> None:
        super().__init__()
        self._hall, self._window, self._number = hall, window, first
        self._over = threading.Event()
        self.posted: set[str] = set()
        self.accepted: list[str] = []

    def run(self) -> None:
        while not self._over.wait(PAUSE_S):
            self._number += 1
            call_id = f"{self._window}-{self._number}"
            self.posted.add(call_id)
            body = {"call_id": call_id, "window": self._window, "session": "chaos", "seq": self._number}
            try:
                status, _ = self._hall.ask("POST", "/calls", {**body, "ticket": f"{self._number % 100000:05d}"})
            except (OSError, ValueError, EOFError):  # what a killed gateway leaves of an answer
                continue
            if status == 202:
                self.accepted.append(call_id)

    def stop(self) -> int:
        """End, and give the last number."""
        self._over.set()
        self.join()
        return self._number


class Blow(NamedTuple):
    """Something that is done to the hall `after_s` seconds into a round."""

    after_s: float
    what: str
    strike: Callable[[], None]


class Chaos:
    """One hall and what is known to have been promised by it."""

    def __init__(self, hall: Hall, seed: int) -> None:
        self._hall, self._random = hall, random.Random(seed)
        self._numbers = dict.fromkeys((f"w{number:02d}" for number in range(1, WINDOWS + 1)), 0)
        self._posted: set[str] = set()
        self._accepted: set[str] = set()
        self._kept: list[dict[str, Any]] = []
        self._read = 0
        self._events = hall.subscribe("hall/test/calls/+")
        self._round: set[int] = set()
        self._lost_by_broker = False
        self._known: set[int] = set()
        self._heard = 0
        self.kills = 0

    def round(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Tell what will be done to the hall, hurt it for some seconds, let it settle, and check everything."""
        self._round, self._lost_by_broker = set(), False
        officers = [Officer(self._hall, window, number) for window, number in self._numbers.items()]
        for officer in officers:
            officer.start()
        blows = sorted(self._blows(), key=lambda blow: blow.after_s)
        tell("; ".join(f"{blow.after_s:.2f} s {blow.what}" for blow in blows))
        begun = time.monotonic()
        try:
            for blow in blows:
                time.sleep(max(0.0, begun + blow.after_s - time.monotonic()))
                blow.strike()
        finally:
            self._numbers = {window: each.stop() for window, each in zip(self._numbers, officers, strict=True)}
        for officer in officers:
            self._posted |= officer.posted
            self._accepted |= set(officer.accepted)
        self._heal()
        self._check()

    def _blows(self) -> list[Blow]:
        """The gateway dies in every round; broker and cards are hurt in most."""
        chance = self._random
        died = chance.uniform(0.05, 2.0)
        blows = [
            Blow(died, "kill the gateway", self._kill),
            Blow(died + chance.uniform(0, 0.5), "start it", self._start),
        ]
        if chance.random() < 0.4:  # while it starts: imports, restore, first commits
            again = blows[1].after_s + chance.uniform(0.1, 1.2)
            blows += [Blow(again, "kill it again", self._kill), Blow(again + 0.1, "start it", self._start)]
        if chance.random() < 0.5:
            off = chance.uniform(0, 2)
            blows += [Blow(off, "kill the broker", self._lose_broker)]
            blows += [Blow(off + chance.choice((0.2, 1.0, 4.0)), "start the broker", self._hall.broker.restart)]
        for _ in range(chance.randrange(1, 4)):
            card, fault = f"led-{chance.randrange(1, WINDOWS + 1):02d}", chance.choice(list(FAULTS))
            blows.append(Blow(chance.uniform(0, 3), f"{card} {fault}", self._fault(card, fault)))
        return blows

    def _kill(self) -> None:
        assert self._hall.gateway is not None
        self._hall.gateway.kill()
        self.kills += 1

    def _start(self) -> None:
        self._hall.start_gateway(wait=False)

    def _lose_broker(self) -> None:
        """What the broker acknowledged and had not yet handed on is lost with it: mosquitto saves only now and then."""
        self._hall.broker.kill()
        self._lost_by_broker = True

    def _fault(self, card: str, fault: str) -> Callable[[], None]:
        def strike() -> None:
            self._hall.lever(card, fault, **FAULTS[fault][0])
            if fault == "silent_reboot":
                self._hall.lever(card, "reset")

        return strike

    def _heal(self) -> None:
        for number in range(1, WINDOWS + 1):
            for fault, (_, lifted) in FAULTS.items():
                if lifted is not None:
                    self._hall.lever(f"led-{number:02d}", fault, **lifted)
        until(self._answers, SETTLED_S)
        self._hall.online(WINDOWS, SETTLED_S)

    def _answers(self) -> bool:
        try:
            return self._hall.ask("GET", "/devices")[0] == 200
        except (OSError, ValueError, EOFError):
            return False

    def _check(self) -> None:
        windows = {window["window"]: window for window in self._hall.ask("GET", "/windows")[1]["windows"]}
        for window in windows.values():
            self._hall.shows(window["window"].replace("w", "led-"), window["text"], SETTLED_S)
        self._nothing_is_lost_or_invented()
        self._order_is_kept(windows)
        self._retained_state_is_true()
        self._events_came_in_order()
        self._outages_are_told_once()
        done = subprocess.run([*PROGRAM, "journal", "verify", str(self._hall.site)], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _nothing_is_lost_or_invented(self) -> None:
        while page := self._hall.ask("GET", f"/events?type=call.accepted&limit=1000&after={self._read}")[1]["events"]:
            self._kept += [row["payload"] for row in page]
            self._round |= {row["seq"] for row in page}
            self._read = page[-1]["seq"]
        ids = [call["call_id"] for call in self._kept]
        assert len(ids) == len(set(ids)), "a call is in the journal twice"
        assert self._accepted <= set(ids), f"accepted and lost: {sorted(self._accepted - set(ids))[:5]}"
        assert set(ids) <= self._posted, f"invented: {sorted(set(ids) - self._posted)[:5]}"

    def _order_is_kept(self, windows: Mapping[str, Any]) -> None:
        for name, window in windows.items():
            seqs = [call["seq"] for call in self._kept if call["window"] == name]
            assert seqs == sorted(seqs), f"the calls of {name} were reordered"
            newest = max((call["seq"] for call in self._kept if call["window"] == name), default=None)
            assert window["seq"] == newest, f"{name} shows {window['seq']}, the newest is {newest}"

    def _retained_state_is_true(self) -> None:
        devices = {device["id"]: device for device in self._hall.ask("GET", "/devices")[1]["devices"]}
        windows = {window["window"]: window for window in self._hall.ask("GET", "/windows")[1]["windows"]}

        def true() -> bool:
            kept = self._retained()
            online = {f"hall/test/dev/{id_}/availability": "online" for id_ in devices}
            return online.items() <= kept.items() and all(
                json.loads(kept.get(f"hall/test/windows/{name}/state", "{}")).get("seq") == window["seq"]
                for name, window in windows.items()
            )

        until(true, SETTLED_S)

    def _retained(self) -> dict[str, str]:
        command = [
            program("mosquitto_sub"),
            "-p",
            str(self._hall.broker.port),
            "-t",
            "hall/#",
            "-W",
            "1",
            "-F",
            "%t %p",
        ]
        told = subprocess.run([*command, "--retained-only"], capture_output=True, text=True, check=False).stdout
        return dict(line.split(" ", 1) for line in told.splitlines() if " " in line)

    def _events_came_in_order(self) -> None:
        """What a subscriber keeps that drops what it has had ascends, and it has all.

        Not in a round in which the broker died: what it had acknowledged and not handed on is gone, unless the gateway
        dies as well before its cursor is on disk. Then it comes again, behind what is newer.
        """
        lines = [line for line in so_far(self._events).splitlines() if line.endswith("}")]
        ids = [event["id"] for event in (json.loads(line.split(" ", 2)[2]) for line in lines) if "id" in event]
        if not self._lost_by_broker:
            for id_ in ids[self._heard :]:
                assert id_ in self._known or id_ > max(self._known, default=0), f"event {id_} came after a newer one"
                self._known.add(id_)
            missing = sorted(self._round - self._known)
            assert not missing, f"published and not heard: {missing[:5]}"
        self._known |= {*ids, *range(self._read + 1)}
        self._heard = len(ids)

    def _outages_are_told_once(self) -> None:
        for life in (self._hall.folder / "gateway.log").read_text(errors="replace").split("serves http"):
            told: dict[str, str] = {}
            for name, news in re.findall(r"(?m)(?:WARNING|INFO) +(\S+) is (offline|back)", life):
                assert told.get(name) != news, f"{name} was told to be {news} twice"
                told[name] = news


def hall(folder: Path) -> Hall:
    """The hall that chaos is let loose on."""
    return Hall(folder, windows=WINDOWS, card="resend_s: 5")
