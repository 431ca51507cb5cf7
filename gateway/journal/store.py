"""Where the journal lives: one SQLite file, one connection that writes, others that only read."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from gateway.core.errors import GatewayError

SCHEME = "sqlite:///"
READERS = 2  # for pages; one more connection is for look-ups that a call waits for


def store_path(url: str) -> Path:
    """The file behind `sqlite:///PATH` (`sqlite:////PATH` when absolute). Raises GatewayError."""
    path = url.removeprefix(SCHEME)
    if not url.startswith(SCHEME) or not path or path.startswith(":") or set(path) & set("?\0"):
        scheme = url.partition(":")[0]  # never the whole: other addresses carry a password
        raise GatewayError(f"store.url: not a store of this gateway ({scheme}:…), allowed: sqlite:///PATH")
    return Path(path)


def writing(path: Path) -> Engine:
    """The one connection that writes: WAL, and every commit is on disk before it returns."""
    url = URL.create("sqlite", database=str(path.absolute()))
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def reading(path: Path) -> Engine:
    """Connections that cannot write; every statement is a transaction of its own."""
    query = {"mode": "ro", "uri": "true"}
    url = URL.create("sqlite", database=path.absolute().as_uri(), query=query)
    return create_engine(url, pool_size=READERS + 1, max_overflow=0, hide_parameters=True)


def scrub(engine: Engine) -> bool:
    """Let no copy of what was erased stay in the files of the store; False when a reader prevents it just now.

    SQLite: fold the write-ahead log back and empty it. Elsewhere the database does it in its own time.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()  # a checkpoint cannot be part of a transaction
    try:
        (busy, *_), *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return not busy


def reason(error: Exception) -> str:
    """What the database said, in one line and without the data."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only let go


def _begin(connection: Connection) -> None:
    """The driver itself begins only before the first change: too late for what is read before it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
