"""kill -9 in the middle of writing: what was acknowledged is there, and the chain is whole."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stores import Database

from gateway.journal.verify import verify

CHILD = Path(__file__).with_name("writing_child.py")
ROUNDS = 4


def test_a_killed_gateway_has_lost_and_invented_nothing(
    database: Database, key: bytes, anchors: Path, independent: Callable[[Database, bytes], int]
) -> None:
    chance = random.Random(9)
    told: dict[int, str] = {}
    for turn in range(ROUNDS):
        told |= killed_after(chance.uniform(0.02, 0.25), database.url, anchors, turn)
        verdict = verify(database.url, key=key, anchors=[anchors])
        assert verdict.ok, verdict.what
        assert independent(database, key) == verdict.rows
        stored = dict(database.rows("SELECT seq, source_key FROM journal"))
        assert {seq: stored.get(seq) for seq in told} == told
        assert all(cursor == last for cursor, last in cursors(database)), "a cursor and its events are one"
    assert len(told) > ROUNDS * 5


def killed_after(seconds: float, url: str, anchors: Path, turn: int) -> dict[int, str]:
    """What one run acknowledged before it was killed, counted from its first acknowledgement."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), url, str(anchors), str(turn)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as child:
        assert child.stdout
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        lines = (first + child.stdout.read()).decode().splitlines()
    return {int(seq): source_key for seq, source_key in (line.split() for line in lines)}


def cursors(database: Database) -> list[tuple[Any, ...]]:
    """Every worker's cursor, with the number of the last event that it is to stand for."""
    return database.rows(
        "SELECT CAST(value AS INTEGER), (SELECT COUNT(*) - 1 FROM journal WHERE device = name) FROM cursors"
    )
