"""Bearer tokens: a file of names, roles and SHA-256 hashes; the token itself is shown once and never kept.

A token is 32 random bytes, so a plain hash cannot be reversed by guessing.
"""

import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.core.errors import GatewayError, WrongInput
from gateway.people.rights import Principal, Role

PREFIX = "hall_"  # lets a secret scanner recognise one in a log or a repository
MOST_NAME = 64


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the token file."""

    name: str
    role: Role
    sha256: str
    created_at: datetime
    screen: str | None = None


class Tokens:
    """The token file. A change by another process is seen at the next question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_at: tuple[int, int] | None = None
        self._by_hash: dict[str, Entry] = {}

    def entries(self) -> list[Entry]:
        """All tokens, by name. Raises GatewayError when the file is damaged."""
        self._refresh()
        return sorted(self._by_hash.values(), key=lambda entry: entry.name)

    def who(self, token: str) -> Principal | None:
        """The principal behind a token, None for an unknown one."""
        self._refresh()
        entry = self._by_hash.get(_hash(token))
        return Principal(entry.name, entry.role, entry.screen) if entry else None

    def new(self, name: str, role: Role, *, screen: str | None = None) -> str:
        """Make a token and keep its hash. Raises GatewayError when the name is taken, or none to show in an audit.

        `screen` is the id of the screen that a token of the role `screen` is for; no other role has one.
        """
        if (role is Role.SCREEN) != (screen is not None):
            raise WrongInput("a token of the role screen is for one screen, and no other token is for a screen")
        if not name.strip() or not name.isprintable() or len(name) > MOST_NAME:
            raise GatewayError(f"the name of a token must be 1 to {MOST_NAME} visible characters")
        entries = self.entries()
        if any(entry.name == name for entry in entries):
            raise GatewayError(f"a token named {name!r} exists; revoke it first, or choose another name")
        token = PREFIX + secrets.token_urlsafe(32)
        self._write([*entries, Entry(name, role, _hash(token), datetime.now(UTC), screen)])
        return token

    def revoke(self, name: str) -> None:
        """Forget a token. Raises GatewayError when there is none of this name."""
        entries = self.entries()
        if all(entry.name != name for entry in entries):
            raise GatewayError(f"there is no token named {name!r}")
        self._write([entry for entry in entries if entry.name != name])

    def _refresh(self) -> None:
        try:
            stat = self.path.stat()
            if (stat.st_mtime_ns, stat.st_ino) == self._read_at:
                return
            entries = msgspec.json.decode(self.path.read_bytes(), type=list[Entry])
        except FileNotFoundError:
            self._by_hash, self._read_at = {}, None
        except (OSError, msgspec.MsgspecError) as error:
            raise GatewayError(f"token file {self.path} cannot be read: {error}") from error
        else:
            self._by_hash = {entry.sha256: entry for entry in entries}
            self._read_at = (stat.st_mtime_ns, stat.st_ino)

    def _write(self, entries: list[Entry]) -> None:
        """Replace the file in one step, readable by its owner only."""
        draft = self.path.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(entries)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if os.geteuid() == 0:  # root makes it for the gateway, which runs as the owner of the folder
                folder = self.path.parent.stat()
                os.chown(draft, folder.st_uid, folder.st_gid)
            draft.replace(self.path)
        except OSError as error:
            raise GatewayError(f"token file {self.path} cannot be written: {error.strerror}") from error


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()  # what comes in need not be text
