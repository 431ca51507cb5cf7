"""Four cards on a line of 9600 baud: a call to the last byte on the wire, idle and busy; and one dead of the four.

The limit program writes the frame of the same text with pyserial to the same pseudo-terminal: the bare wire.
"""

import sys
import tempfile
import time
from pathlib import Path

from figures import broken, middle, percentile, say
from line_hall import Bus, Hall

CARDS, CALLS = 4, 40
BUS = Bus(CARDS, 9600)
DEAD_S = 65.0
POLL_MS = 90  # a ping and its answer take 62 ms at 9600 baud, the rest behind it 20


def main() -> None:
    """Run it all; two minutes."""
    print(f"{CARDS} cards on one line of {BUS.baud} baud")
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        folder = Path(name)
        bare_ms = _idle(folder / "idle")
        _busy(folder / "busy", bare_ms)
        _dead(folder / "dead")


def _idle(folder: Path) -> list[float]:
    hall = Hall(folder, BUS, ping_s=60)
    try:
        bare_ms = hall.bare_ms(range(CALLS), 0.2)
        with hall.gateway(online=CARDS):
            time.sleep(2)
            samples_ms = hall.calls_ms(range(CALLS), 0.4)
    finally:
        hall.cards.kill()
    for name, percent in (("p50", 50), ("p95", 95)):
        limit_ms = percentile(bare_ms, percent)
        say(
            f"idle: call to last byte, {name}",
            percentile(samples_ms, percent),
            "ms",
            budget=limit_ms + 10,
            limit=limit_ms,
        )
    return bare_ms


def _busy(folder: Path, bare_ms: list[float]) -> None:
    hall = Hall(folder, BUS, ping_s=0.5)
    try:
        with hall.gateway(online=CARDS):
            time.sleep(1)
            samples_ms = hall.calls_ms(range(CALLS), 0.37)
    finally:
        hall.cards.kill()
    limit_ms = percentile(bare_ms, 95)
    say("busy with polls: p50", middle(samples_ms), "ms", limit=middle(bare_ms))
    say("busy with polls: p95", percentile(samples_ms, 95), "ms", budget=limit_ms + POLL_MS + 10, limit=limit_ms)


def _dead(folder: Path) -> None:
    hall = Hall(folder, BUS, ping_s=1, mute=CARDS)
    try:
        with hall.gateway(online=CARDS - 1):
            time.sleep(7)
            before, began = hall.polls(), time.monotonic()
            time.sleep(DEAD_S)
            polls, seconds = hall.polls() - before, time.monotonic() - began
    finally:
        hall.cards.kill()
    lost = 100 - 100 * polls / (seconds * (CARDS - 1))
    say(f"one dead of {CARDS}, 3 s time-out: polls that the others lose", max(0.0, lost), "%", budget=5)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
