"""The people of the hall: who is let in, and what is recorded of it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec

from gateway.core.contract import Clock
from gateway.core.errors import GatewayError, WrongInput
from gateway.core.model import Cursor
from gateway.core.rights import Right
from gateway.journal.journal import Journal
from gateway.meters import Meters
from gateway.people.attempts import Attempts, TooManyTries
from gateway.people.audit import Audit
from gateway.people.rights import Principal, Role
from gateway.people.sessions import Sessions
from gateway.people.token_file import Entry, TokensUnreadable
from gateway.people.token_log import Known, changes, known
from gateway.people.tokens import TokenExpired, Tokens, UnknownToken, hash_of

LOOK_S = 1.0  # at the token file, for what the command line has changed
NOTE_S = 60.0  # between two writings of when tokens were used
DoneT = TypeVar("DoneT")
CURSOR = "people/tokens"
log = logging.getLogger(__name__)


class NotLetIn(GatewayError):
    """What was shown is no token that opens the console."""


class People:
    """Tokens and sessions, and the record of both."""

    def __init__(self, tokens: Tokens, journal: Journal, *, clock: Clock, meters: Meters) -> None:
        self.tokens, self._journal, self._clock, self._meters = tokens, journal, clock, meters
        self.audit = Audit(journal)
        self.sessions = Sessions(tokens, clock)
        self.attempts = Attempts(clock)
        self._known: Known | None = None
        self._doers: dict[str, str] = {}
        self._changing = asyncio.Lock()
        self._unnoted = False

    async def run(self, up: Callable[[], None]) -> None:
        """Record what becomes of tokens and who was refused, and note when tokens were used, for ever."""
        noted = self._clock.monotonic()
        while True:
            await self.look()
            up()
            if refused := self.attempts.report():
                await self.audit.tell("nobody", "session.refused", refused)
            if self._clock.monotonic() >= noted + NOTE_S:
                noted = self._clock.monotonic()
                await self._note()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Record what became of tokens since the last look, also that of an earlier run. Raises GatewayError."""
        async with self._changing:
            await self._look()

    def refused(self, address: str, reason: str) -> None:
        """Somebody was not let in, for this reason: one of a few words."""
        self._meters.refused.labels(reason).inc()
        self.attempts.refused(address, reason)

    def turn_away(self, address: str, reason: str) -> None:
        """Somebody has shown a token or key that is good for nothing. Raises TooManyTries."""
        try:
            self.attempts.failed(address)
        except TooManyTries:
            self.refused(address, "limit")
            raise
        self.refused(address, reason)

    async def sign_in(self, token: str, address: str) -> str:
        """Begin a session for a person; gives its id. Raises TooManyTries, NotLetIn, TokenExpired, TokensUnreadable.

        It begins even if it cannot be recorded: with a full disk people must be able to look.
        """
        try:
            who = self.tokens.who(token)
        except TokenExpired:
            self.turn_away(address, "expired")
            raise
        if who is None or not who.may(Right.VIEW):
            self.turn_away(address, "unknown")
            raise NotLetIn("this token is unknown" if who is None else f"a token of the role {who.role} opens no page")
        await self.audit.tell(who.name, "session.opened", {"address": address, "role": who.role})
        return self.sessions.open(hash_of(token))

    async def sign_out(self, id_: str) -> None:
        """End a session."""
        who = self.sessions.who(id_)
        self.sessions.close(id_)
        if who is not None:
            await self.audit.tell(who.name, "session.closed", {})

    def tokens_of(self, who: Principal) -> list[Entry]:
        """The tokens that somebody may see and revoke: those whose zones are among their own."""
        return [entry for entry in self.tokens.entries() if _within(entry.zones, who)]

    async def make(
        self,
        who: Principal,
        name: str,
        role: Role,
        *,
        screen: str | None,
        zones: frozenset[str] | None,
        expires_at: datetime | None,
    ) -> str:
        """Make a token for somebody who may; gives it. Raises as `Tokens.new`; JournalError (nothing was made)."""
        if not _within(zones, who) or (who.zones is not None and screen is not None):
            raise WrongInput("a token made by somebody of some zones is for zones of those, and for no screen")
        detail = {"name": name, "role": role, "screen": screen, "zones": zones and sorted(zones)}
        async with self._changing, self.audit.change(who.name, "token.new", detail | {"expires_at": expires_at}):
            make = partial(self.tokens.new, name, role, screen=screen, zones=zones, expires_at=expires_at, by=who.name)
            return await _written(make)

    async def revoke(self, who: Principal, name: str) -> None:
        """Revoke a token for somebody who may. Raises as `Tokens.revoke`; JournalError (nothing was revoked)."""
        if name not in {entry.name for entry in self.tokens_of(who)}:
            raise UnknownToken(f"there is no token named {name!r}")
        async with self._changing, self.audit.change(who.name, "token.revoke", {"name": name}):
            await _written(partial(self.tokens.revoke, name))
            self._doers[name] = who.name

    async def _note(self) -> None:
        used = self.tokens.used()
        try:
            if used:
                await asyncio.to_thread(self.tokens.note, used)
            self._unnoted = False
        except TokensUnreadable as error:  # nobody is kept out because it is not known when they came
            if not self._unnoted:
                log.warning("when tokens were used last is not noted: %s", error)
            self._unnoted = True

    async def _look(self) -> None:
        if self._known is None:
            kept = await self._journal.cursor(CURSOR)
            self._known = msgspec.json.decode(kept, type=Known) if kept else {}
        now = known(self.tokens.entries())
        if now != self._known:
            cursor = Cursor(CURSOR, msgspec.json.encode(now).decode())
            await self._journal.record(None, changes(self._known, now, self._doers), cursor=cursor)
            self._known = now
            self._doers.clear()


async def _written(change: Callable[[], DoneT]) -> DoneT:
    try:
        return await asyncio.to_thread(change)
    except TokensUnreadable as error:
        log.error("%s", error)
        raise


def _within(zones: frozenset[str] | None, who: Principal) -> bool:
    return who.zones is None or (zones is not None and zones <= who.zones)
