"""Bearer tokens: shown once when they are made, and kept as hashes.

A token is 32 random bytes, so a plain hash cannot be reversed by guessing.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.clock import SystemClock
from gateway.core.errors import GatewayError, WrongInput
from gateway.people.rights import Principal, Role
from gateway.people.token_file import Entry, State, TokenFile, TokensUnreadable

PREFIX = "hall_"  # lets a secret scanner recognise one in a log or a repository
MOST_NAME = 64
NOW = SystemClock().now
OTHERS = 0o077  # the bits of a file's mode that are not its owner's
log = logging.getLogger(__name__)


class TokenExpired(GatewayError):
    """The token was good once."""


class NameTaken(GatewayError):
    """A token has this name already."""


class UnknownToken(GatewayError):
    """No token has this name."""


class Tokens:
    """The token file. A change by another process is seen at the next question; an unchanged file is not read."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = NOW) -> None:
        self.path = path
        self._file, self._now = TokenFile(path), now
        self._state: State | None = None
        self._by_hash: dict[str, Entry] = {}
        self._damage: str | None = None
        self._used: dict[str, datetime] = {}

    def entries(self) -> list[Entry]:
        """All tokens, by name. Raises TokensUnreadable."""
        self._refresh()
        return sorted(self._by_hash.values(), key=lambda entry: entry.name)

    def who(self, token: str) -> Principal | None:
        """The principal behind a token, None for an unknown one. Raises TokenExpired, TokensUnreadable."""
        return self.holder(hash_of(token))

    def holder(self, sha256: str) -> Principal | None:
        """As `who`, for the hash of a token."""
        self._refresh()
        entry = self._by_hash.get(sha256)
        if entry is None:
            return None
        now = self._now()
        if entry.until is not None and entry.until <= now:
            raise TokenExpired(f"the token {entry.name} has expired at {entry.until:%Y-%m-%dT%H:%M:%SZ}")
        self._used[entry.name] = now
        return entry.principal()

    def new(
        self,
        name: str,
        role: Role,
        *,
        screen: str | None = None,
        zones: Collection[str] | None = None,
        expires_at: datetime | None = None,
        by: str | None = None,
    ) -> str:
        """Make a token and keep its hash. Raises WrongInput, NameTaken, TokensUnreadable.

        `screen` is the id of the screen that a token of the role `screen` is for; no other role has one. `zones` None
        is the whole hall, `expires_at` None is never; `by` is who makes it. Does input and output.
        """
        self._check(name, role, screen, zones, expires_at)
        token = PREFIX + secrets.token_urlsafe(32)
        made = Entry(
            name=name,
            role=role,
            sha256=hash_of(token),
            created_at=self._now(),
            by=by,
            screen=screen,
            zones=None if zones is None else frozenset(zones),
            expires_at=expires_at and expires_at.astimezone(UTC),
        )
        with self._file.changing() as entries:
            if any(entry.name == name for entry in entries):
                raise NameTaken(f"a token named {name!r} exists; revoke it first, or choose another name")
            entries.append(made)
        return token

    def revoke(self, name: str) -> None:
        """Forget a token. Raises UnknownToken, TokensUnreadable. Does input and output."""
        with self._file.changing() as entries:
            kept = [entry for entry in entries if entry.name != name]
            if len(kept) == len(entries):
                raise UnknownToken(f"there is no token named {name!r}")
            entries[:] = kept

    def used(self) -> Mapping[str, datetime]:
        """Who was let in since the last time this was asked, and when last."""
        used, self._used = self._used, {}
        return used

    def note(self, used: Mapping[str, datetime]) -> None:
        """Write down when tokens were used last. Raises TokensUnreadable. Does input and output."""
        with self._file.changing() as entries:
            entries[:] = [
                msgspec.structs.replace(entry, last_used_at=used.get(entry.name, entry.last_used_at))
                for entry in entries
            ]

    def _check(
        self, name: str, role: Role, screen: str | None, zones: Collection[str] | None, expires_at: datetime | None
    ) -> None:
        if not name.strip() or not name.isprintable() or len(name) > MOST_NAME:
            raise WrongInput(f"the name of a token must be 1 to {MOST_NAME} visible characters")
        if (role is Role.SCREEN) != (screen is not None):
            raise WrongInput("a token of the role screen is for one screen, and no other token is for a screen")
        if zones is not None and not zones:
            raise WrongInput("a token for no zone at all would be good for nothing")
        if expires_at is not None and expires_at <= self._now():
            raise WrongInput("a token must expire in the future")

    def _refresh(self) -> None:
        """Read the file if it is another one than before. Raises TokensUnreadable, and logs it once."""
        state, mode = self._file.state()
        if state != self._state:
            self._state, self._by_hash, self._damage = state, {}, None
            try:
                self._by_hash = {entry.sha256: entry for entry in self._file.read()}
            except TokensUnreadable as error:
                self._damage = str(error)
                log.error("nobody is let in: %s", error)
            if mode & OTHERS:
                log.warning("token file %s is not its owner's alone (mode %03o): chmod 600 it", self.path, mode & 0o777)
        if self._damage is not None:
            raise TokensUnreadable(self._damage)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()  # what comes in need not be text
