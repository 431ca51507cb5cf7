"""The gateway's memory with 500 mixed devices: cards on TCP, lines and ports, pages, boxes that are asked or that post.

Cards and pages are those of the drivers there are; the others are invented, with doors, lamps and a numbered log.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from child import free_network, free_port
from figures import broken, cpu_s, rss_mb, say
from mosquitto import Mosquitto

from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from simulators.testing.processes import Processes

CARDS, ALONE, PAGES, ASKED, POSTING = 260, 4, 60, 60, 20
LINES = {f"bus-{n}": f"serial:///dev/ttyUSB{n}?baud=115200" for n in range(4)} | {
    f"far-{n}": f"tcp://10.9.0.{n + 1}:4001" for n in range(2)
}
ON_A_LINE = 16
SIZE = "model: 6K2, width: 64, height: 16"
COUNT = CARDS + ALONE + PAGES + ASKED + POSTING + len(LINES) * ON_A_LINE
ONLINE_S, RUNS_S = 120.0, 30.0


def main() -> None:
    """Run it; a minute."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name, Mosquitto() as broker:
        folder = Path(name)
        hall = Processes(
            folder / "site.yaml",
            folder,
            base=free_network(5005),
            port=free_port(),
            token=Tokens(folder / "tokens.json").new("bench", Role.ADMIN),
        )
        hall.site.write_text(_site(broker.url, hall.port, free_port()))
        (folder / "journal.key").write_text("6b" * 32)
        try:
            overlay = folder / "twins.sim.yaml"
            hall.start_twins(overlay)
            hall.run([overlay])
            hall.online(COUNT, ONLINE_S)
            _measure(hall)
        finally:
            hall.close()


def _measure(hall: Processes) -> None:
    """Call numbers for a while, so that nothing is idle, and look then."""
    assert hall.gateway is not None
    pid, used_s, began = hall.gateway.process.pid, cpu_s(hall.gateway.process.pid), time.monotonic()
    number = 0
    while time.monotonic() < began + RUNS_S:
        number += 1
        body = {"call_id": f"bench-{number}", "window": f"w{number % CARDS:03d}", "ticket": f"A{number:03d}"}
        status, answer = hall.ask("POST", "/calls", body)
        assert status == 202, answer
        time.sleep(0.2)
    hall.online(COUNT)
    print(f"{COUNT} mixed devices, a call every 0.2 s for {RUNS_S:g} s")
    say("gateway's resident memory", rss_mb(pid), "MB", budget=150)
    say("gateway's processor share meanwhile", (cpu_s(pid) - used_s) / (time.monotonic() - began) * 100, "%")


def _site(mqtt: str, console: int, field: int) -> str:
    lines = "".join(f"  - {{id: {id_}, address: '{address}'}}\n" for id_, address in LINES.items())
    windows = "".join(
        f"  - {{id: w{n:03d}, label: {n}号窗口, function: 综合受理, zone: reception, screens: [led-{n:03d}]}}\n"
        for n in range(CARDS)
    )
    boards = "".join(f"  - {{id: board-{n}, device: page-{n}, zones: [hall], title: 请到窗口}}\n" for n in range(PAGES))
    return (
        "site: {id: bench, name: bench}\n"
        "store: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
        f"mqtt: {{url: '{mqtt}'}}\n"
        f"http: {{console: '127.0.0.1:{console}', field: '127.0.0.1:{field}'}}\n"
        "people: {tokens: tokens.json}\n"
        f"zones: [{{id: reception, name: 综合接待区}}]\nlines:\n{lines}devices:\n{''.join(_devices())}"
        f"windows:\n{windows}screens:\n{boards}"
    )


def _devices() -> Iterator[str]:
    card = f"driver: displays.onbon_k, {SIZE}"
    for n in range(CARDS):
        yield f"  - {{id: led-{n:03d}, {card}, address: 'tcp://10.1.{n // 250}.{n % 250 + 1}:5005', zone: reception}}\n"
    for line in LINES:
        for n in range(1, ON_A_LINE + 1):
            yield f"  - {{id: {line}-{n}, {card}, address: 'line:{line}', screen: {n}}}\n"
    for n in range(ALONE):
        yield f"  - {{id: alone-{n}, {card}, address: 'serial:///dev/ttyS{n}?baud=9600'}}\n"
    for n in range(PAGES):
        yield f"  - {{id: page-{n}, driver: displays.web_screen, zone: reception}}\n"
    for n in range(ASKED):
        yield f"  - {{id: box-{n}, driver: test.controller, address: 'tcp://10.2.0.{n + 1}:6009'}}\n"
    for n in range(POSTING):
        yield f"  - {{id: beacon-{n}, driver: test.beacon, inlet: 'http:beacon-{n}'}}\n"


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
