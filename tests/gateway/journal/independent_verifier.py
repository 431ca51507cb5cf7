"""Verifies a journal from docs/reference/journal.md alone: imports nothing of ours.

python independent_verifier.py hall.db KEY_IN_HEX
"""

import hashlib
import hmac
import json
import sqlite3
import sys
from pathlib import Path


def verify(path: Path, key: bytes) -> int:
    """The number of rows of all sites. Raises ValueError naming the first seq that is wrong."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return sum(_site(db, site, key) for (site,) in db.execute("SELECT DISTINCT site FROM journal").fetchall())
    finally:
        db.close()


def _site(db: sqlite3.Connection, site: str, key: bytes) -> int:
    columns = (
        "site, seq, at, device_at, clock_offset_s, device, part, type, class, volatile, "
        "lower(hex(payload_hash)), source_key, payload, salt, prev_hash, hash"
    )
    ends, first = _sealed(db, site, key)
    count, last = first
    for row in db.execute(f"SELECT {columns} FROM journal WHERE site = ? ORDER BY seq", [site]):  # noqa: S608 - constant
        *covered, payload, salt, prev_hash, found = row
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


def _sealed(db: sqlite3.Connection, site: str, key: bytes) -> tuple[dict[int, bytes], tuple[int, bytes]]:
    """The hashes that sealed days end with, as far as they are there; and the last row that has left, with its hash."""
    ends: dict[int, bytes] = {}
    first, last = 1, b"\0" * 32
    columns = "site, day, first_seq, last_seq, rows, lower(hex(end_hash)), sealed_at, end_hash, seal"
    for row in db.execute(f"SELECT {columns} FROM seals WHERE site = ? ORDER BY first_seq", [site]):  # noqa: S608 - constant
        *sealed, end_hash, seal = row
        mac = hmac.new(key, last + _array(["seal", *sealed]), "sha256").digest()
        if mac != seal or sealed[2] != first or sealed[4] != sealed[3] - first + 1:
            raise ValueError(f"the seal of {sealed[1]}")
        ends[sealed[3]], first, last = end_hash, sealed[3] + 1, seal
    gone = db.execute("SELECT seq, lower(hex(hash)), hash, mac FROM departed WHERE site = ?", [site]).fetchone()
    if gone is None:
        return ends, (0, b"\0" * 32)
    if hmac.new(key, _array(["departed", site, *gone[:2]]), "sha256").digest() != gone[3]:
        raise ValueError("what says how far rows have left")
    return {seq: end for seq, end in ends.items() if seq > gone[0]}, (gone[0], gone[2])


def _array(values: list[object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    sys.stdout.write(f"{verify(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))}\n")
