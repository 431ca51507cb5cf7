"""Sixteen text cards on a line of 57 600 baud: a call to one of them, and a call to each at once; and no pictures.

The limit program writes the frame of the same text with pyserial to the same pseudo-terminal: the bare wire. For all
at once it is the arithmetic of the wire: for each card the frame, its answer, and the rest between two turns. A bare
program that writes, reads and rests tells how much of the time is that of the simulated wire.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import serial
from figures import broken, middle, percentile, say
from line_hall import Bus, Hall

from drivers.displays.onbon_k import codec
from gateway.core.address import Port
from gateway.site.model import LineConfig

BUS = Bus(cards=16, baud=57600, width=144, show="请{ticket}号到{label}")
BYTE_S = Port(baud=BUS.baud).byte_s
REST_S = LineConfig(id="bus", address="serial:///dev/null").turnaround_s
CALLS, ROUNDS = 64, 8
SETTLE_S = 1.0  # all sixteen need 0.6
REPLY = len(codec.Reply(ok=True, error=0).wire(codec.Frame(dst=1, data=b""), src=1, device_type=0x61))
ALLOWED_S = 0.01  # what a call may take beside its wire


def main() -> None:
    """Run it; a minute."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        hall = Hall(Path(name) / "line", BUS, ping_s=5)
        try:
            bare_ms = hall.bare_ms(range(CALLS), 0.1)
            bare_rounds_ms = [_bare(hall, 400 + number * BUS.cards) for number in range(ROUNDS)]
            with hall.gateway(online=BUS.cards):
                time.sleep(2)
                samples_ms = hall.calls_ms(range(100, 100 + CALLS), 0.3)
                rounds_ms = [_all(hall, 200 + number * BUS.cards) for number in range(ROUNDS)]
        finally:
            hall.cards.kill()
        _pictures(Path(name))
    frame_s = len(hall.frame(0)) * BYTE_S
    turn_s = frame_s + REPLY * BYTE_S + REST_S
    print(
        f"{BUS.cards} text cards on one line of {BUS.baud} baud; a text takes {frame_s * 1000:.1f} ms on the wire, "
        f"its exchange {turn_s * 1000:.1f} ms; a budget is the wire, one exchange under way and 10 ms"
    )
    more_ms = (turn_s + ALLOWED_S) * 1000
    for percent in (50, 95):
        limit = percentile(bare_ms, percent)
        say(f"one call, p{percent}", percentile(samples_ms, percent), "ms", budget=limit + more_ms, limit=limit)
    wire_ms = (BUS.cards * turn_s - REPLY * BYTE_S - REST_S) * 1000
    say("a call to each at once, p50", middle(rounds_ms), "ms", budget=wire_ms + more_ms, limit=wire_ms)
    say("a call to each at once, worst", max(rounds_ms), "ms", limit=wire_ms)
    say("the same texts by a bare program, p50", middle(bare_rounds_ms), "ms", limit=wire_ms)


def _bare(hall: Hall, first: int) -> float:
    """As `_all`, without a gateway."""
    numbers, began = range(first, first + BUS.cards), time.monotonic()
    with serial.Serial(hall.path, BUS.baud, timeout=1) as port:
        for number in numbers:
            port.write(hall.frame(number))
            assert len(port.read(REPLY)) == REPLY
            time.sleep(REST_S)
    return (max(hall.arrived({hall.text(number): began for number in numbers}).values()) - began) * 1000


def _pictures(folder: Path) -> None:
    """What `check` says to a card that would need pictures on such a line."""
    site = folder / "pictures.yaml"
    card = f"driver: displays.onbon_dynamic, model: BX-6E1, width: {BUS.width}, height: 16"
    site.write_text(
        f"site: {{id: bench, name: bench}}\nlines: [{{id: bus, address: 'serial:///dev/ttyS0?baud={BUS.baud}'}}]\n"
        f"devices: [{{id: led, address: 'line:bus', {card}}}]\n"
    )
    command = [sys.executable, "-P", "-m", "gateway.cli", "check", str(site)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 2, checked
    print(f"  check: {checked.stderr.strip().removeprefix(f'{folder}/')}")


def _all(hall: Hall, first: int) -> float:
    """Until the last of the cards has the last byte, from the first request."""
    posted = hall.call(range(first, first + BUS.cards), 0.0)
    time.sleep(SETTLE_S)
    return (max(hall.arrived(posted).values()) - min(posted.values())) * 1000


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
