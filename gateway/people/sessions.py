"""Sessions: how a person's browser stays let in without holding the token."""

import hashlib
import secrets

import msgspec

from gateway.core.contract import Clock
from gateway.people.rights import Principal
from gateway.people.tokens import TokenExpired, Tokens

LONGEST_S = 12 * 3600.0  # a working day and a half
IDLE_S = 3600.0
MOST = 500
MOST_OF_ONE = 20  # of one token: a person has a few browsers


class Session(msgspec.Struct):
    """One browser. Times are the loop's: the wall clock may be set without anybody staying or leaving."""

    token: str
    began: float
    seen: float


class Sessions:
    """Kept in memory: after a restart people sign in again. A session ends with its token, whatever its own age."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens, self._clock = tokens, clock
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, token: str) -> str:
        """Begin a session for the hash of a token; gives its id. Where there are too many, the oldest seen ends."""
        now = self._clock.monotonic()
        self._open = {key: session for key, session in self._open.items() if self._left(session, now)}
        own = {key: session for key, session in self._open.items() if session.token == token}
        for crowd, most in ((own, MOST_OF_ONE), (self._open, MOST)):
            if len(crowd) >= most:
                self._open.pop(min(crowd, key=lambda key: crowd[key].seen), None)
        id_ = secrets.token_urlsafe(32)
        self._open[_key(id_)] = Session(token, now, now)
        return id_

    def who(self, id_: str) -> Principal | None:
        """Whose session this is, None when there is none (any more). Raises TokensUnreadable."""
        session = self._open.get(_key(id_))
        if session is None:
            return None
        now = self._clock.monotonic()
        who = self._holder(session) if self._left(session, now) else None
        if who is None:
            self.close(id_)
        session.seen = now
        return who

    def close(self, id_: str) -> None:
        """End a session."""
        self._open.pop(_key(id_), None)

    def _left(self, session: Session, now: float) -> bool:
        return now < session.began + LONGEST_S and now < session.seen + IDLE_S

    def _holder(self, session: Session) -> Principal | None:
        try:
            return self._tokens.holder(session.token)
        except TokenExpired:
            return None


def _key(id_: str) -> str:
    """What is kept of an id: who could read our memory could not use it."""
    return hashlib.sha256(id_.encode(errors="surrogatepass")).hexdigest()
