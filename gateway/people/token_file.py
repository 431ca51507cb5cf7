"""The file of tokens: names, roles, scopes and SHA-256 hashes; what a token is itself stands nowhere."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from gateway.core.errors import GatewayError
from gateway.people.rights import Principal, Role

LOCK_S = 5.0  # another program writes the file in milliseconds
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
State = tuple[int, int, int]


class TokensUnreadable(GatewayError):
    """The file of tokens is damaged, or cannot be read or written."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One token. An unknown field is refused: a scope that is misspelt must not become the whole hall.

    `by` made it; `zones` None is the whole hall; `expires_at` None is never.
    """

    name: str
    role: Role
    sha256: str
    created_at: Moment
    by: str | None = None
    screen: str | None = None
    zones: frozenset[str] | None = None
    expires_at: Moment | None = None
    last_used_at: Moment | None = None

    @property
    def until(self) -> datetime | None:
        """When it expires, UTC: a file that people edit may have another zone."""
        return self.expires_at and self.expires_at.astimezone(UTC)

    def principal(self) -> Principal:
        """Whom the token names."""
        return Principal(self.name, self.role, self.screen, self.zones, self.until)


class TokenFile:
    """The file on disk. Every method does input and output, and raises TokensUnreadable, naming the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def state(self) -> tuple[State | None, int]:
        """What changes when the file does, None while there is none; and its mode."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None, 0
        except OSError as error:
            return (0, 0, error.errno or 0), 0  # `read` will say what is wrong
        return (stat.st_mtime_ns, stat.st_ino, stat.st_size), stat.st_mode

    def read(self) -> list[Entry]:
        """All entries."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[Entry])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError) as error:
            raise self._error("read", error) from error

    @contextmanager
    def changing(self) -> Generator[list[Entry]]:
        """The entries, to be changed in place; they are written when left, and nobody else writes meanwhile."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._error("written", error) from error
        try:
            self._lock(folder)
            entries = self.read()
            yield entries
            self._write(entries)
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        """Hold the folder: the file itself is replaced at every change."""
        end = time.monotonic() + LOCK_S
        while True:
            try:
                return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TokensUnreadable(f"token file {self.path} is being changed by another program") from None
            time.sleep(0.02)

    def _write(self, entries: list[Entry]) -> None:
        """Replace the file in one step, readable by its owner only."""
        draft = self.path.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(entries, order="deterministic")) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if os.geteuid() == 0:  # root makes it for the gateway, which runs as the owner of the folder
                folder = self.path.parent.stat()
                os.chown(draft, folder.st_uid, folder.st_gid)
            draft.replace(self.path)
        except OSError as error:
            raise self._error("written", error) from error

    def _error(self, done: str, error: Exception) -> TokensUnreadable:
        reason = error.strerror if isinstance(error, OSError) else error
        return TokensUnreadable(f"token file {self.path} cannot be {done}: {reason}")
