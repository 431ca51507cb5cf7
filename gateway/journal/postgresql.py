"""PostgreSQL as the store: connections that give up in time, and the one that writes, which has the site's lock.

The lock is an advisory lock of the writer's own session: the server frees it when that session ends, however it ends,
and whoever has no lock has no connection. Source of all settings: PostgreSQL 15 documentation, chapters 13.3.5, 20.
"""

import hashlib
import select
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

from gateway.journal.lock import NOT_YET, Holder, StoreInUse

CONNECT_S = 5
LIMIT_S = 7.0  # the server itself gives up before, unless it hangs; callers of the journal wait for 10 s
FREED_S = 1.0  # a session that was told to end is gone within milliseconds, unless its process hangs
ENDED_S = 0.5  # the same for one whose client has gone: a gateway that begins anew at once
SESSION = {
    "statement_timeout": "5s",
    "lock_timeout": "4s",
    # a machine that vanished frees its lock after 25 s, not after the two hours of the kernel
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
}
DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
ENCODING = "SELECT current_setting('server_encoding')"
LOCK = "SELECT pg_try_advisory_lock(%s)"
IS_NAMED = "SELECT to_regclass('holders') IS NOT NULL"
NAMED = "SELECT pid, host, site, since FROM holders WHERE site = %s"
END_FORMER = """
SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND datname = current_database()
AND pid = %s AND (classid::bigint << 32 | objid::bigint) = %s
"""


class Connection(psycopg.Connection[Any]):
    """A connection that is closed when the server does not answer in time. `limit_s` None: wait for ever."""

    limit_s: float | None = LIMIT_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer. Raises psycopg's OperationalError when it takes too long."""
        began = time.monotonic()
        try:
            return super().wait(gen, interval, self.limit_s if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.limit_s is None or timeout is not None or time.monotonic() < began + self.limit_s:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server has not answered within {self.limit_s:g} s") from error


def lock_number(subject: str) -> int:
    """The advisory lock of a subject: 64 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(f"hall-gateway {subject}".encode()).digest()[:8], "big", signed=True)


MIGRATION = lock_number("migration")


class Turn:
    """The right of one gateway to write for its site, over all connections that it makes one after the other."""

    def __init__(self, holder: Holder, store: str) -> None:
        self._holder, self._store = holder, store
        self._number = lock_number(f"site {holder.site}")
        self._session: int | None = None

    def take(self, connection: Connection) -> None:
        """Lock. Raises StoreInUse when another gateway has the lock, or has had it meanwhile; psycopg's Error."""
        locked, named = self._soon(connection, ENDED_S), self._named(connection)
        if not locked and named == self._holder:
            locked = self._end_former(connection)
        if not locked and named == self._holder:
            raise psycopg.OperationalError("the lock of the store is still held by our own lost connection")
        if not locked or (self._session and named != self._holder):
            raise StoreInUse(f"store.url: {self._store} is in use by {named or NOT_YET}")
        self._session = connection.info.backend_pid

    def _try(self, connection: Connection) -> bool:
        return bool(_value(connection, LOCK, self._number))

    def _named(self, connection: Connection) -> Holder | None:
        if not _value(connection, IS_NAMED):
            return None
        row = connection.execute(NAMED, [self._holder.site]).fetchone()
        return Holder(*row) if row else None

    def _end_former(self, connection: Connection) -> bool:
        """End the session that lost us, which the server may keep for long: it waits for words from a dead wire."""
        connection.execute(END_FORMER, [self._session, self._number])
        return self._soon(connection, FREED_S)

    def _soon(self, connection: Connection, within_s: float) -> bool:
        """Lock, now or in a moment: a server ends a session some time after its client has gone."""
        end = time.monotonic() + within_s
        while not (locked := self._try(connection)) and time.monotonic() < end:
            time.sleep(0.01)
        return locked


def writing(url: URL, holder: Holder | None, store: str) -> Engine:
    """The one connection that writes; it has the lock of the holder's site, where a holder is given."""
    turn = Turn(holder, store) if holder else None
    engine = _engine(url, 1)

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: Any) -> Connection:
        return _connected(options, SESSION, turn)

    event.listen(engine, "do_connect", connect)
    return engine


def reading(url: URL, size: int) -> Engine:
    """Connections that cannot write; every statement is a transaction of its own."""
    engine = _engine(url, size, isolation_level="AUTOCOMMIT")

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: Any) -> Connection:
        return _connected(options, SESSION | {"default_transaction_read_only": "on"}, None)

    event.listen(engine, "do_connect", connect)
    return engine


@contextmanager
def patient(db: sqlalchemy.Connection) -> Generator[None]:
    """No time limit in this transaction, and no second one like it in this database."""
    connection = db.connection.driver_connection
    assert isinstance(connection, Connection)  # noqa: S101 - for the type checker: `writing` makes no other
    connection.limit_s = None
    try:
        connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION])
        yield
    finally:
        del connection.limit_s  # back to that of every connection


def _engine(url: URL, size: int, **options: Any) -> Engine:
    engine = create_engine(
        url, pool_size=size, max_overflow=0, hide_parameters=True, use_native_hstore=False, **options
    )
    event.listen(engine, "checkout", _awake)
    return engine


def _connected(options: Any, session: dict[str, str], turn: Turn | None) -> Connection:
    connection = Connection.connect(**options, connect_timeout=CONNECT_S, client_encoding="utf8")
    try:
        for name, value in session.items():
            connection.execute(sql.SQL("SET SESSION {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        connection.execute(DURABLE)
        if (encoding := _value(connection, ENCODING)) != "UTF8":
            raise psycopg.OperationalError(f"the encoding of the database is {encoding}, it must be UTF8")
        if turn:
            turn.take(connection)
        connection.commit()
    except (psycopg.Error, StoreInUse):
        connection.close()
        raise
    return connection


def _awake(connection: Any, _record: object, _proxy: object) -> None:
    """Where the server has said something to an idle connection, it has said that it ends: take a new one."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def _value(connection: Connection, question: Any, *parameters: Any) -> Any:
    row = connection.execute(question, parameters).fetchone()
    return row[0] if row else None
