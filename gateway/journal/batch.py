"""One transaction of the writer: what several callers want committed, numbered and chained in their order."""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import JournalError
from gateway.journal import chain, schema
from gateway.journal.head import SITE, NotAsLeft, go_on
from gateway.journal.lock import Holder
from gateway.journal.rows import Head, Recorded
from gateway.journal.store import is_of_one_call, reason

KEYS_A_QUERY = 500  # far below the bound parameters that any database takes
FAILURES = (SQLAlchemyError, TypeError, ValueError, OverflowError)
"""What a statement can raise; `is_of_one_call` tells whose fault it is."""

Outcome = list[Recorded] | JournalError
Work = Callable[[Engine], Any]
KEY_IN = schema.journal.c.source_key.in_(bindparam("keys", expanding=True))
KNOWN = select(schema.journal.c.source_key, schema.journal.c.seq).where(SITE, KEY_IN)
INSERT = {table: insert(table) for table in schema.metadata.sorted_tables}
UPDATE = {
    table: update(table).where(*(column == bindparam(f"old_{column.name}") for column in table.primary_key))
    for table in (schema.cursors, schema.desired, schema.holders)
}
FORGET = delete(schema.retained).where(*(key == bindparam(key.name) for key in schema.retained.primary_key))


class Refused(JournalError):
    """The store refused the data of this record: it will be refused again."""


class Call(msgspec.Struct, frozen=True):
    """What one caller wants committed together, as columns. The events still lack seq, salt and hashes.

    `counted`: whoever hands it over counts its events in the ledger.
    """

    events: Sequence[dict[str, Any]]
    cursors: Sequence[dict[str, Any]]
    desired: Sequence[dict[str, Any]]
    retained: Sequence[dict[str, Any]] = ()
    emptied: Sequence[dict[str, Any]] = ()
    counted: bool = False


class Batch:
    """An open transaction behind the row `head`, then the newest row in it: that counts only once it has committed.

    Raises NotAsLeft where the store has another.
    """

    def __init__(self, db: Connection, *, site: str, key: bytes, head: Head) -> None:
        self._db, self._site, self._key = db, site, key
        self.head = go_on(db, site=site, key=key, ours=head)
        self.new: list[dict[str, Any]] = []
        """The rows that it adds, as columns."""

    def write(self, calls: Sequence[Call]) -> list[list[Recorded]]:
        """Write all calls with as few statements as can be. Raises what the database and its driver raise."""
        known = self._known([row["source_key"] for call in calls for row in call.events])
        new: list[dict[str, Any]] = []
        recorded = [[self._number(row, known, new) for row in call.events] for call in calls]
        if new:
            self._db.execute(INSERT[schema.journal], new)
            self.new += new
        for call in calls:
            _put(self._db, schema.cursors, call.cursors)
            _put(self._db, schema.desired, call.desired)
            self._note(call)
        return recorded

    def write_apart(self, call: Call) -> Outcome:
        """Write one call in a savepoint of its own: when its data is refused, nothing of it stays."""
        before, rows = self.head, len(self.new)
        try:
            with self._db.begin_nested():
                return self.write([call])[0]
        except FAILURES as error:
            if not is_of_one_call(error):
                raise
            self.head = before
            del self.new[rows:]
            return _failure(Refused, "refused the record", error)

    def _known(self, keys: list[str]) -> dict[str, int]:
        known: dict[str, int] = {}
        for start in range(0, len(keys), KEYS_A_QUERY):
            some = {"site": self._site, "keys": keys[start : start + KEYS_A_QUERY]}
            known.update((key, seq) for key, seq in self._db.execute(KNOWN, some))
        return known

    def _number(self, row: dict[str, Any], known: dict[str, int], new: list[dict[str, Any]]) -> Recorded:
        """Give the row the next seq and its hashes, unless it is known: a repeat takes neither."""
        if seq := known.get(row["source_key"]):
            return Recorded(seq, new=False)
        salt, seq, last = os.urandom(chain.SALT_BYTES), self.head.seq + 1, self.head.hash
        whole = {**row, "seq": seq, "salt": salt, "prev_hash": last}
        whole["payload_hash"] = chain.payload_hash(salt, row["payload"].encode())
        whole["hash"] = chain.row_hash(self._key, last, [whole[name] for name in chain.COVERED])
        new.append(whole)
        known[row["source_key"]] = seq
        self.head = Head(seq, whole["hash"])
        return Recorded(seq, new=True)

    def _note(self, call: Call) -> None:
        """Note retained topics with two statements, however many there are: a hall starts with thousands."""
        if forgotten := [*call.retained, *call.emptied]:
            self._db.execute(FORGET, forgotten)
        if call.retained:
            self._db.execute(INSERT[schema.retained], call.retained)


def announce(engine: Engine, holder: Holder) -> None:
    """Write down who has the store, for whoever is refused. Raises SQLAlchemyError."""
    with engine.begin() as db:
        _put(db, schema.holders, [msgspec.structs.asdict(holder)])


class Committed(NamedTuple):
    """The newest row, None where nothing could be written; each caller's outcome; the rows that are new, as columns."""

    head: Head | None
    outcomes: Sequence[Outcome]
    new: Sequence[dict[str, Any]] = ()


def commit(engine: Engine, calls: Sequence[Call], *, site: str, key: bytes, head: Head) -> Committed:
    """Commit the calls together behind the row `head`.

    All at once first; when the data of one is refused, again with each in a savepoint of its own. Raises StoreInUse.
    """
    try:
        try:
            return _commit(engine, calls, site=site, key=key, head=head)
        except FAILURES as error:
            if not is_of_one_call(error):
                raise
        return _commit(engine, calls, site=site, key=key, head=head, apart=True)
    except SQLAlchemyError as error:
        return Committed(None, [_failure(JournalError, "could not record", error) for _ in calls])
    except NotAsLeft as error:
        return Committed(None, [NotAsLeft(str(error)) for _ in calls])


def perform(engine: Engine, work: Work, *, site: str, key: bytes, head: Head) -> Any:
    """Do something else in the one thread that writes; a JournalError is its outcome when the store fails."""
    try:
        with engine.begin() as db:
            go_on(db, site=site, key=key, ours=head)
        return work(engine)
    except FAILURES as error:
        return _failure(JournalError, "could not be changed", error)
    except JournalError as error:
        return error


def _commit(
    engine: Engine, calls: Sequence[Call], *, site: str, key: bytes, head: Head, apart: bool = False
) -> Committed:
    with engine.begin() as db:
        batch = Batch(db, site=site, key=key, head=head)
        outcomes: list[Outcome] = [batch.write_apart(call) for call in calls] if apart else [*batch.write(calls)]
    return Committed(batch.head, outcomes, batch.new)


def _put(db: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        same = {f"old_{column.name}": row[column.name] for column in table.primary_key}
        if not db.execute(UPDATE[table], same | row).rowcount:
            db.execute(INSERT[table], row)


def _failure(kind: type[JournalError], what: str, error: Exception) -> JournalError:
    failure = kind(f"the journal {what}: {reason(error)}")
    failure.__cause__ = error
    return failure
