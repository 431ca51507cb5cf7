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
    count, last = 0, b"\0" * 32
    for row in db.execute(f"SELECT {columns} FROM journal WHERE site = ? ORDER BY seq", [site]):  # noqa: S608 - constant
        *covered, payload, salt, prev_hash, found = row
        count += 1
        array = json.dumps(covered, ensure_ascii=False, separators=(",", ":")).encode()
        if payload is not None and hashlib.sha256(salt + payload.encode()).hexdigest() != covered[10]:
            raise ValueError(f"payload of seq {count}")
        if covered[1] != count or prev_hash != last or hmac.new(key, last + array, "sha256").digest() != found:
            raise ValueError(f"seq {count}")
        last = found
    return count


if __name__ == "__main__":
    sys.stdout.write(f"{verify(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))}\n")
