"""Where the journal lives: a SQLite file or a PostgreSQL database. This module alone knows that there are two.

One connection writes, and only under the lock of its gateway; the others cannot write.
"""

import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)

from gateway.core.errors import WrongInput
from gateway.journal.lock import Holder, held_file

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg"
ALLOWED = f"{SQLITE}PATH without ? and # ({SQLITE}/PATH for an absolute path) or {POSTGRESQL}://USER@HOST:PORT/DATABASE"
READERS = 2  # for pages; one more connection is for look-ups that a call waits for
OPTIONS = frozenset(
    [
        *("host", "port", "service", "passfile", "target_session_attrs", "application_name"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding", "require_auth"),
    ]
)
"""Of libpq's, those that a site needs; time limits are our own."""
FILES = ("passfile", "sslrootcert", "sslcert", "sslkey", "sslcrl")
ONE_CALL = (DataError, IntegrityError, InterfaceError, ProgrammingError)
ONE_CALL_STATES = ("22", "23", "54", "P0")
"""Classes of SQLSTATE: data, integrity, a limit of the program, raised by a trigger (PostgreSQL, appendix A)."""


def address(text: str) -> URL:
    """The address of a store, as the site file has it. Raises ValueError, whose sentence repeats no password."""
    try:
        return _file_url(text) if text.startswith("sqlite:") else _server_url(make_url(text))
    except ArgumentError as error:
        raise ValueError(f"must be {ALLOWED}") from error


def located(url: str | URL) -> URL:
    """The address of a store; one that is no text any more may hold a password. Raises WrongInput."""
    try:
        return url if isinstance(url, URL) else address(url)
    except ValueError as error:
        raise WrongInput(f"store.url: {error}") from error


def placed(url: URL, folder: Path) -> URL:
    """The same address with every path in it absolute, as seen from a folder."""
    if is_file(url):
        return url.set(database=str((folder / str(url.database)).resolve()))
    files = {name: str(folder / str(url.query[name])) for name in FILES if url.query.get(name, "system") != "system"}
    return url.update_query_dict(files)


def is_file(url: URL) -> bool:
    """Whether the store is a file, `url.database`, and not a server's database."""
    return url.get_backend_name() == "sqlite"


def label(url: URL) -> str:
    """The store, for people: never a password."""
    return str(url.database) if is_file(url) else unquote(url.render_as_string(hide_password=True))


def held(url: URL, holder: Holder) -> AbstractContextManager[None]:
    """Keep every other gateway from a store that is a file; a server's lock comes with the connection that writes.

    Raises StoreInUse, naming the holder; OSError.
    """
    return held_file(Path(str(url.database)), holder) if is_file(url) else nullcontext()


def writing(url: str | URL, holder: Holder | None = None) -> Engine:
    """The one connection that writes: a commit is on disk before it returns.

    With a holder, each connection to PostgreSQL has the site's lock, or is none: then StoreInUse.
    """
    store = located(url)
    if not is_file(store):
        found: Engine = _postgresql().writing(store, holder, label(store))
        return found
    database = str(Path(str(store.database)).absolute())
    engine = create_engine(store.set(database=database), pool_size=1, max_overflow=0, hide_parameters=True)
    _stay_with(engine, database)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def reading(url: str | URL) -> Engine:
    """Connections that cannot write; every statement is a transaction of its own."""
    store = located(url)
    if not is_file(store):
        found: Engine = _postgresql().reading(store, READERS + 1)
        return found
    query = {"mode": "ro", "uri": "true"}
    path = Path(str(store.database)).absolute()
    readonly = URL.create("sqlite", database=path.as_uri(), query=query)
    engine = create_engine(readonly, pool_size=READERS + 1, max_overflow=0, hide_parameters=True)
    _stay_with(engine, str(path))
    return engine


@contextmanager
def migrating(db: Connection) -> Generator[None]:
    """For one transaction that may take long, and that no gateway of another site may run at the same time."""
    if db.dialect.name == "sqlite":
        yield
    else:
        with _postgresql().patient(db):
            yield


def scrub(engine: Engine) -> bool | None:
    """Let no copy of what was erased stay in the files of the store; False when a reader prevents it just now.

    SQLite: fold the write-ahead log back and empty it. PostgreSQL overwrites it in its own time: None, never promised.
    """
    if engine.dialect.name != "sqlite":
        return None
    with suppress(sqlite3.Error), closing(engine.raw_connection()) as connection:  # no transaction may be open
        cursor = connection.cursor()
        [(patience,)] = cursor.execute("PRAGMA busy_timeout")
        cursor.execute("PRAGMA busy_timeout = 0")  # records wait behind it
        try:
            (busy, *_), *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return not busy
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
    return False


def reason(error: Exception) -> str:
    """What the database said, in one line and without the data."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def is_of_one_call(error: Exception) -> bool:
    """Whether only a call's own data can have caused it. Anything else may have ended the whole transaction."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, TypeError | ValueError | OverflowError)
    state = getattr(error.orig, "sqlstate", None)
    return (
        state.startswith(ONE_CALL_STATES) if state else isinstance(error, ONE_CALL) and not error.connection_invalidated
    )


def _file_url(text: str) -> URL:
    path = text.removeprefix(SQLITE)
    if not text.startswith(SQLITE) or not path or path.startswith(":") or set(path) & set("?#\0"):
        raise ArgumentError
    return URL.create("sqlite", database=path)


def _server_url(url: URL) -> URL:
    if url.drivername != POSTGRESQL or not url.database or not 1 <= (5432 if url.port is None else url.port) <= 65535:
        raise ArgumentError
    if url.password is not None or "password" in url.query:
        raise ValueError("must hold no password: that goes into store.password, as {file: …} or {env: …}")
    if unknown := sorted(set(url.query) - OPTIONS):
        raise ValueError(f"has no option {unknown[0]!r}; allowed: {', '.join(sorted(OPTIONS))}")
    return url


def _postgresql() -> Any:
    """The module that needs psycopg, which is an extra and takes 0.1 s to load: only where it is used."""
    if find_spec("psycopg") is None:
        raise WrongInput("store.url: PostgreSQL needs the package psycopg: install hall-gateway[postgresql]")
    return import_module("gateway.journal.postgresql")


def _stay_with(engine: Engine, path: str) -> None:
    """Let no connection be used on a file that has another in its place by now: all that it wrote would be lost.

    None is made to the new file either: the log of the old one, which has its name, would be written into it.
    """
    opened = _identity(path)

    def look(*_: object) -> None:
        nonlocal opened
        found = _identity(path)
        opened = opened or found  # the first connection makes a file that was not there
        if opened != found:
            raise sqlite3.OperationalError(
                f"another file is in the place of {path}: stop the gateway, put back the right one"
            )

    event.listen(engine, "do_connect", look)
    event.listen(engine, "checkout", look)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only let go


def _begin(connection: Connection) -> None:
    """The driver itself begins only before the first change: too late for what is read before it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
