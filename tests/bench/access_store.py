"""A million events of doors: filtered pages through the API, and the proof that they are whole.

python access_store.py [FOLDER]: the store is built in FOLDER, unless it has one; that is not measured. The limit
programs are Python's sqlite3 on the same file: a page by its primary key, and every row of the journal.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from sqlite3 import connect
from urllib.parse import urlencode

from access_rows import CONTROLLERS, DOORS, REASONS, TYPES, person, when
from child import free_port
from figures import broken, percentile, say

from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from simulators.testing.processes import PROGRAM, Processes

HERE = Path(__file__).parent
EVENTS = 1_000_000
PAGES, LIMIT = 30, 100
Query = dict[str, object]


def main(folder: Path | None) -> None:
    """Run it; a minute, and two to build the store."""
    if folder is not None:
        _run(folder)
        return
    with tempfile.TemporaryDirectory(prefix="hall-bench-", dir=Path.cwd()) as name:  # the disk of the checkout
        _run(Path(name))


def _run(folder: Path) -> None:
    if not (folder / "hall.db").exists():
        subprocess.run([sys.executable, str(HERE / "access_rows.py"), str(folder), str(EVENTS)], check=True)
    port, token = free_port(), Tokens(folder / "tokens.json").new(f"bench-{time.time_ns()}", Role.ADMIN)
    hall = Processes(_site(folder, port), folder, base="127.0.0.1", port=port, token=token)
    try:
        hall.run([])
        _pages(hall, folder)
    finally:
        hall.close()
    _proof(hall.site, folder)


def _pages(hall: Processes, folder: Path) -> None:
    print(f"{EVENTS} events of doors: pages of {LIMIT} through the API, forwards and backwards")
    with closing(connect(folder / "hall.db")) as db:
        bare_ms = _timed(lambda number: db.execute(f"{ROWS} AND seq > ? LIMIT {LIMIT}", [number * 30_000]).fetchall())
    limit_ms = percentile(bare_ms, 95)
    for name, query in QUERIES.items():
        samples_ms = _timed(partial(_page, hall, query, "asc")) + _timed(partial(_page, hall, query, "desc"))
        say(f"page by {name}, p95", percentile(samples_ms, 95), "ms", budget=200, limit=limit_ms)


def _page(hall: Processes, query: Callable[[int], Query], order: str, number: int) -> None:
    asked = {"limit": LIMIT, "order": order, **query(number)}
    status, answer = hall.ask("GET", f"/events?{urlencode(asked)}")
    assert status == 200, answer
    assert answer["events"] or "q" in asked or len(asked) > 3, f"nothing for {asked}"


def _timed(work: Callable[[int], object]) -> list[float]:
    samples_ms: list[float] = []
    for number in range(PAGES):
        began = time.perf_counter()
        work(number)
        samples_ms.append((time.perf_counter() - began) * 1000)
    return samples_ms


def _door(number: int) -> Query:
    return {"device": f"doors-{number % CONTROLLERS}", "part": f"door-{number % DOORS + 1}"}


def _person(number: int) -> Query:
    return {"person": person(number * len(TYPES) * 10)}


def _span(number: int) -> Query:
    since = when(number * EVENTS // PAGES)
    return {"from": since.isoformat(), "to": (since + timedelta(days=1)).isoformat()}


NOBODY = "nobody has this text"
ROWS = "SELECT * FROM journal WHERE site = 'bench'"
QUERIES: Mapping[str, Callable[[int], Query]] = {
    "door": _door,
    "person": _person,
    "type": lambda number: {"type": TYPES[number % len(TYPES)]},
    "reason": lambda number: {"reason": REASONS[number % len(REASONS)]},
    "time": _span,
    "door and time": lambda number: _door(number) | _span(number),
    "person and time": lambda number: _person(number) | _span(number),
    "person and door": lambda number: _person(number) | _door(number),
    "type, reason and time": lambda number: {"type": TYPES[3], "reason": REASONS[3], **_span(number)},
    "text": lambda number: {"q": f'"index":{number * 33_000}'},
    "a text that no row has": lambda _: {"q": NOBODY},
    "door and a text that no row has": lambda number: {"q": NOBODY, **_door(number)},
}


def _proof(site: Path, folder: Path) -> None:
    rates = [_rate(folder, [*PROGRAM, "journal", "verify", str(site)]) for _ in range(2)]
    code = f"import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute({ROWS!r}): pass"
    limit = _rate(folder, [sys.executable, "-c", code, str(folder / "hall.db")])
    say("rows a second, journal verify, its start too", max(rates), "/s", least=200_000, limit=limit)


def _rate(folder: Path, command: Sequence[str]) -> float:
    with closing(connect(folder / "hall.db")) as db:
        [(rows,)] = db.execute("SELECT max(seq) FROM journal WHERE site = 'bench'")
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return float(rows / (time.perf_counter() - began))


def _site(folder: Path, port: int) -> Path:
    (folder / "journal.key").write_text("6b" * 32)
    site = folder / "site.yaml"
    site.write_text(
        "site: {id: bench, name: bench}\n"
        "store: {url: 'sqlite:///hall.db', key: {file: journal.key}, anchors: anchors}\n"
        f"http: {{console: '127.0.0.1:{port}'}}\npeople: {{tokens: tokens.json}}\n"
    )
    return site


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    sys.exit(1 if broken else 0)
