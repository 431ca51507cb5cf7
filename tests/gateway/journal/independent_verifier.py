"""Verifies a journal from docs/reference/journal.md alone: imports nothing of ours.

python independent_verifier.py hall.db KEY_IN_HEX

`verify` also takes a connection of psycopg.
"""

import hashlib
import hmac
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

ROWS = (
    "site, seq, at, device_at, clock_offset_s, device, part, type, class, volatile, payload_hash, source_key, "
    "payload, salt, prev_hash, hash FROM journal ORDER BY site, seq"
)
SEALS = "site, day, first_seq, last_seq, rows, end_hash, sealed_at, seal FROM seals ORDER BY site, first_seq"
GONE = "site, seq, hash, mac FROM departed"


def verify(connection: Any, key: bytes) -> int:
    """The number of rows of all sites; closes the connection. Raises ValueError naming the first seq that is wrong."""
    with closing(connection) as db:
        sites = {site for (site,) in db.execute("SELECT site FROM journal").fetchall()}
        rows, seals, gone = (db.execute(f"SELECT {columns}").fetchall() for columns in (ROWS, SEALS, GONE))
    return sum(
        _site([row for row in rows if row[0] == site], *_sealed(site, seals, gone, key), key=key) for site in sites
    )


def _site(rows: list[Any], ends: dict[int, bytes], first: tuple[int, bytes], *, key: bytes) -> int:
    count, last = first
    for row in rows:
        *covered, payload, salt, prev_hash, found = row
        covered[10] = covered[10].hex()
        count += 1
        array = _array(covered)
        if payload is not None and hashlib.sha256(salt + payload.encode()).hexdigest() != covered[10]:
            raise ValueError(f"payload of seq {count}")
        if covered[1] != count or prev_hash != last or hmac.new(key, last + array, "sha256").digest() != found:
            raise ValueError(f"seq {count}")
        if ends.pop(count, found) != found:
            raise ValueError(f"the seal behind seq {count}")
        last = found
    if ends:
        raise ValueError(f"seq {count + 1}, which was sealed")
    return count - first[0]


def _sealed(site: str, seals: list[Any], gone: list[Any], key: bytes) -> tuple[dict[int, bytes], tuple[int, bytes]]:
    """The hashes that sealed days end with, as far as they are there; and the last row that has left, with its hash."""
    ends: dict[int, bytes] = {}
    first, last = 1, b"\0" * 32
    for row in [row for row in seals if row[0] == site]:
        *sealed, seal = row
        end_hash, sealed[5] = sealed[5], sealed[5].hex()
        mac = hmac.new(key, last + _array(["seal", *sealed]), "sha256").digest()
        if mac != seal or sealed[2] != first or sealed[4] != sealed[3] - first + 1:
            raise ValueError(f"the seal of {sealed[1]}")
        ends[sealed[3]], first, last = end_hash, sealed[3] + 1, seal
    for _, seq, end, mac in [row for row in gone if row[0] == site]:
        if hmac.new(key, _array(["departed", site, seq, end.hex()]), "sha256").digest() != mac:
            raise ValueError("what says how far rows have left")
        return {last_seq: end_hash for last_seq, end_hash in ends.items() if last_seq > seq}, (seq, end)
    return ends, (0, b"\0" * 32)


def _array(values: list[object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    sys.stdout.write(f"{verify(sqlite3.connect(Path(sys.argv[1])), bytes.fromhex(sys.argv[2]))}\n")
