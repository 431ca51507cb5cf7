"""Proves an exported file without its store: the proof lies beside it, and the rows carry their own hashes."""

import hashlib
import hmac
import os
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL

from gateway.core.errors import WrongInput
from gateway.journal import chain
from gateway.journal.daily import Day, days
from gateway.journal.export import Choice, lines
from gateway.journal.rows import stamp
from gateway.journal.spreadsheet import spreadsheet

SUFFIX = ".proof.json"
NOT_MADE = "its proof was not made with this key, or was changed"
OF_FILE = "the file is not the one that was exported"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was exported. `complete`: every row from `first_seq` to `last_seq`; hashes in hexadecimal digits.

    `days` are the sealed days that these rows touch. `mac` covers all the rest.
    """

    site: str
    made_at: str
    choice: Choice
    count: int
    first_seq: int | None
    last_seq: int | None
    prev_hash: str | None
    end_hash: str | None
    complete: bool
    sha256: str
    days: list[Day]
    mac: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found; `keyed`: with the key, so that it is proven that a gateway wrote each row."""

    ok: bool
    rows: int
    complete: bool
    keyed: bool
    what: str


class Tally:
    """Reads rows one after the other, and keeps what a proof tells of them."""

    def __init__(self) -> None:
        self.count = 0
        self.complete = True
        self.first: dict[str, Any] | None = None
        self.last: dict[str, Any] | None = None
        self._sha256 = hashlib.sha256()

    def wrote(self, data: bytes) -> None:
        """Take what stands in the file, in its order."""
        self._sha256.update(data)

    def take(self, line: bytes) -> dict[str, Any]:
        """Count a line of JSON; gives its row. Raises ValueError, KeyError, TypeError when it is none."""
        row: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        if self.last is not None and row["seq"] != self.last["seq"] + 1:
            self.complete = False
        self.count, self.first, self.last = self.count + 1, self.first or row, row
        return row

    def proof(self, *, site: str, made_at: str, choice: Choice, days: list[Day]) -> Proof:
        """The proof of what was taken, without its mac."""
        first, last = self.first or {}, self.last or {}
        return Proof(
            site=site,
            made_at=made_at,
            choice=choice,
            count=self.count,
            first_seq=first.get("seq"),
            last_seq=last.get("seq"),
            prev_hash=first.get("prev_hash"),
            end_hash=last.get("hash"),
            complete=self.complete,
            sha256=self._sha256.hexdigest(),
            days=[day for day in days if _touched(day, first.get("seq"), last.get("seq"))],
        )


def beside(file: Path) -> Path:
    """Where the proof of a file lies."""
    return file.with_name(file.name + SUFFIX)


def export(url: str | URL, file: Path, *, site: str, key: bytes, choice: Choice) -> Proof:
    """Write rows to a file and their proof beside it; both appear whole or not at all. Raises GatewayError, OSError."""
    tally = Tally()
    part = file.with_name(file.name + ".part")
    with part.open("wb") as output:
        for data in written(_tallied(lines(url, site=site, choice=choice), tally), choice):
            tally.wrote(data)
            output.write(data)
        output.flush()
        os.fsync(output.fileno())
    sealed = [day for day in days(url, site=site) if day.day is not None]
    proof = tally.proof(site=site, made_at=stamp(datetime.now(UTC)), choice=choice, days=sealed)
    proof = msgspec.structs.replace(proof, mac=_mac(key, msgspec.to_builtins(proof)))
    beside(file).write_bytes(msgspec.json.format(msgspec.json.encode(proof)) + b"\n")
    part.replace(file)
    return proof


def _tallied(rows: Iterable[bytes], tally: Tally) -> Generator[bytes]:
    for line in rows:
        tally.take(line)
        yield line


def written(rows: Iterable[bytes], choice: Choice) -> Iterator[bytes]:
    """Rows as the file has them, line by line."""
    return spreadsheet(rows) if choice.format == "csv" else (line + b"\n" for line in rows)


def check(file: Path, key: bytes | None) -> Found:
    """Check an exported file against its proof, row by row. Raises WrongInput when there is no file, or no proof."""
    try:
        stands = msgspec.json.decode(beside(file).read_bytes(), type=dict[str, Any])
        told = msgspec.convert(stands, Proof)
        made = key is None or told.mac == _mac(key, stands)
        found, fault = _read(file, told, key) if made else (Tally(), NOT_MADE)
    except OSError as error:
        raise WrongInput(f"{error.filename} cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise WrongInput(f"{beside(file)} is no proof of an export") from error
    if fault is not None:
        return Found(ok=False, rows=found.count, complete=False, keyed=key is not None, what=f"{file}: {fault}")
    span = f", seq {told.first_seq} to {told.last_seq}" if told.count else ""
    whole = "none is missing between them" if told.complete else "a choice: that nothing else was there is not proven"
    by = _by(told, key)
    what = f"{file}: {told.count} rows of site {told.site}{span}, as they were exported; {whole}; {by}"
    return Found(ok=True, rows=told.count, complete=told.complete, keyed=key is not None, what=what)


def _by(told: Proof, key: bytes | None) -> str:
    if key is None:
        return "not proven without the key: that the gateway wrote them"
    if told.choice.format == "csv":
        return "as the gateway wrote it: what each row says is proven by a JSON export alone"
    return "each written by the gateway"


def _read(file: Path, told: Proof, key: bytes | None) -> tuple[Tally, str | None]:
    if told.choice.format == "csv":
        with file.open("rb") as whole:
            same = hashlib.file_digest(whole, "sha256").hexdigest() == told.sha256
        return Tally(), None if same else OF_FILE
    tally = Tally()
    ends = {day.last_seq: day.end_hash for day in told.days}
    with file.open("rb") as rows:
        for line in rows:
            before = tally.last
            try:
                tally.wrote(line)
                row = tally.take(line.removesuffix(b"\n"))
                fault = _fault(row, before, told.site, key, ends)
            except (ValueError, KeyError, TypeError):
                return tally, f"{OF_FILE}: line {tally.count + 1} is no row"
            if fault:
                return tally, f"seq {row['seq']} {fault}"
    again = tally.proof(site=told.site, made_at=told.made_at, choice=told.choice, days=told.days)
    same = msgspec.structs.replace(again, mac=told.mac) == told
    return tally, None if same else OF_FILE


def _fault(
    row: dict[str, Any], before: dict[str, Any] | None, site: str, key: bytes | None, ends: dict[int, str | None]
) -> str | None:
    prev_hash, hash_ = bytes.fromhex(row["prev_hash"]), bytes.fromhex(row["hash"])
    covered = [row[name] for name in chain.COVERED]
    covered[chain.PAYLOAD_HASH] = bytes.fromhex(row["payload_hash"])
    salt = bytes.fromhex(row["salt"]) if row["salt"] is not None else None
    if row["site"] != site:
        return "is of another site"
    if row["payload"] is not None and not chain.payload_fits(salt, row["payload"], covered[chain.PAYLOAD_HASH]):
        return "has another payload than it was recorded with"
    if before is not None and row["seq"] == before["seq"] + 1 and row["prev_hash"] != before["hash"]:
        return "does not continue the row before it"
    if key is not None and not chain.row_fits(key, prev_hash, covered, hash_):
        return "does not fit its hash: it was changed, or the key is another"
    return None if ends.get(row["seq"], row["hash"]) == row["hash"] else "is not the row that its day was sealed with"


def _touched(day: Day, first: int | None, last: int | None) -> bool:
    return first is not None and last is not None and day.first_seq <= last and day.last_seq >= first


def _mac(key: bytes, proof: dict[str, Any]) -> str:
    """Over all that stands in the file: what is only spelled out there, such as a default, counts as well."""
    return hmac.digest(key, chain.canonical(["export", proof | {"mac": ""}]), "sha256").hex()
