"""The store of a test: a SQLite file in its folder, or a database of the run's one PostgreSQL cluster.

`pytest --store=postgresql`, or the variable HALL_TEST_STORE, chooses; tests of the store itself run on both.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from postgres import Postgres
from sqlalchemy import make_url

KINDS = ("sqlite", "postgresql")


class Stores:
    """The stores of one run. `kind` is what is made now."""

    def __init__(self) -> None:
        self.kind = KINDS[0]
        self._cluster: Postgres | None = None
        self._databases: dict[Path, str] = {}

    @property
    def cluster(self) -> Postgres:
        """The cluster of this run, started when it is first needed."""
        self._cluster = self._cluster or Postgres()
        return self._cluster

    def url(self, folder: Path) -> str:
        """The store of a folder: the same one each time that it is asked for within a test."""
        if self.kind == "sqlite":
            return f"sqlite:///{folder / 'hall.db'}"
        if folder not in self._databases:
            self._databases[folder] = self.cluster.database()
        return self.cluster.url(self._databases[folder])

    def forget(self) -> None:
        """Remove the databases of a test; its files go with its folder."""
        for name in self._databases.values():
            self.cluster.drop(name)
        self._databases.clear()

    def close(self) -> None:
        """Stop the cluster, if there is one."""
        if self._cluster:
            self._cluster.__exit__(None, None, None)


stores = Stores()


class Database:
    """A store as a stranger sees it: by a driver of its own, with SQL. `?` stands for a value."""

    def __init__(self, url: str) -> None:
        self.url, self._at = url, make_url(url)
        self.is_file = self._at.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The file, where it is one."""
        return Path(self._at.database or "")

    def connect(self) -> Any:
        """A connection in autocommit."""
        if self.is_file:
            return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        host = str(self._at.query["host"])
        return psycopg.connect(host=host, user=self._at.username, dbname=self._at.database, autocommit=True)

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a question finds."""
        with closing(self.connect()) as db:
            found: list[tuple[Any, ...]] = db.execute(self._own(question), values).fetchall()
        return found

    def do(self, *statements: str) -> None:
        """Run statements, each a transaction of its own."""
        with closing(self.connect()) as db:
            for statement in statements:
                db.execute(statement if self.is_file else statement.encode())

    def text(self) -> str:
        """Everything that it holds of events and desired state; of a file, what was erased as well."""
        if self.is_file:
            return self.path.read_bytes().decode(errors="replace")
        return str([self.rows(f"SELECT * FROM {table}") for table in ("journal", "desired", "cursors")])  # noqa: S608 - ours

    def refuse(self, event: str, table: str, sentence: str, *, when: str = "1 = 1") -> None:
        """Let the database refuse an INSERT or UPDATE with a sentence."""
        if self.is_file:
            self.do(
                f"CREATE TRIGGER refusal BEFORE {event} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
            return
        body = f"BEGIN RAISE EXCEPTION '{sentence}'; END"
        self.do(
            f"CREATE FUNCTION refuse() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql",
            f"CREATE TRIGGER refusal BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()",
        )

    @contextmanager
    def held_up(self) -> Generator[Any]:
        """Keep the writer waiting: nothing commits before this is left, or the connection rolls back."""
        with closing(self.connect()) as db:
            if self.is_file:
                db.execute("BEGIN IMMEDIATE")
            else:
                db.execute("BEGIN")
                db.execute("LOCK TABLE journal, cursors IN EXCLUSIVE MODE")
            yield db

    def _own(self, question: str) -> Any:
        return question if self.is_file else question.replace("%", "%%").replace("?", "%s").encode()
