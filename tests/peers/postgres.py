"""PostgreSQL as a child of a test: a real cluster in a folder of its own, reached by a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from child import Child

STOPS_S = 20.0
SETTINGS = """
listen_addresses = ''
fsync = on
shared_buffers = 16MB
max_connections = 40
log_min_messages = fatal
"""


class Postgres:
    """A cluster, fsync on; `database` makes a database in it. Killed, it comes back with what was committed."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        assert found, "PostgreSQL is not installed: run scripts/install-test-programs"
        self._programs = found[-1]
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 bytes
        self._uid = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None  # initdb and postgres refuse root
        if self._uid is not None:
            os.chown(self.folder, self._uid, -1)
        self._numbers = count(1)
        options = ["-A", "trust", "-U", "hall", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        initdb = self._run("initdb", "-D", f"{self.folder}/data", *options)
        assert initdb.process.wait(60) == 0, self.log()
        with (self.folder / "data/postgresql.auto.conf").open("a") as settings:
            settings.write(f"{SETTINGS}unix_socket_directories = '{self.folder}'\n")
        self._child = self._start()

    def _run(self, program: str, *arguments: str) -> Child:
        return Child([str(self._programs / program), *arguments], self.folder / "log", uid=self._uid)

    def _start(self) -> Child:
        child = self._run("postgres", "-D", f"{self.folder}/data")
        child.until(self._answers)
        return child

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection as the owner of everything, in autocommit."""
        return psycopg.connect(host=str(self.folder), user="hall", dbname=database, autocommit=True, connect_timeout=5)

    def url(self, database: str, *, user: str = "hall") -> str:
        """The address of a database, as in a site file."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def database(self) -> str:
        """Make an empty database; gives its name."""
        name = f"hall_{next(self._numbers)}"
        with self.connect("postgres") as db:
            db.execute(f"CREATE DATABASE {name}".encode())
        return name

    def drop(self, name: str) -> None:
        """Remove a database, and end whoever uses it."""
        with self.connect("postgres") as db:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def dump(self, database: str) -> str:
        """The schema of a database, as pg_dump writes it."""
        command = [str(self._programs / "pg_dump"), "-s", "-h", str(self.folder), "-U", "hall", database]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\", "--")))

    def kill(self) -> None:
        """kill -9 the postmaster; its children go by themselves."""
        self._child.process.kill()
        self._child.process.wait()

    def restart(self) -> None:
        """Start again; it may still be running, or be dead."""
        self._end()
        self._child = self._start()

    def _end(self) -> None:
        if self._child.process.poll() is None:
            self._child.process.send_signal(signal.SIGINT)  # SIGTERM would wait for the clients
            self._child.process.wait(STOPS_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._end()
        finally:
            self._child.kill()
        shutil.rmtree(self.folder)
