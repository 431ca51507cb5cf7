"""The second step of what is dangerous: a code that is good once, for the same request of the same principal."""

import secrets
from typing import Generic, TypeVar

from gateway.core.contract import Clock

MOST = 100  # that wait for their second step
CONFIRM_S = 60.0  # how long a code is valid (DESIGN §11)
AskedT = TypeVar("AskedT")


class Codes(Generic[AskedT]):
    """The codes that were given out lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, tuple[AskedT, float]] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def take(self, code: str | None) -> AskedT | None:
        """What this code was given for, None for one that is not valid; it is good for nothing afterwards."""
        now = self._clock.monotonic()
        self._codes = {kept: given for kept, given in self._codes.items() if given[1] > now}
        given = self._codes.pop(code, None) if code is not None else None
        return given[0] if given is not None else None

    def give(self, asked: AskedT) -> str:
        """A new code for what is asked; the oldest gives way."""
        while len(self._codes) >= MOST:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_hex(4)
        self._codes[code] = asked, self._clock.monotonic() + CONFIRM_S
        return code
