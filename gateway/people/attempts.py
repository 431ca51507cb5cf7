"""Who was not let in: how often signing in may be tried, and what is told of it afterwards."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from gateway.core.contract import Clock

BURST = 10
EVERY_S = 6.0  # then one try
MOST = 1000  # addresses
NAMED = 20  # addresses that one event tells of
REPORT_S = 600.0  # from one event to the next, while it goes on


class Attempts:
    """Counts who was refused. For signing in, each address has a leaking bucket."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._addresses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._next = 0.0

    def wait_s(self, address: str) -> float:
        """How long an address has to wait before it may sign in; 0 is not at all."""
        over = self._full.get(address, 0.0) - self._clock.monotonic() - (BURST - 1) * EVERY_S
        return max(0.0, over)

    def tried(self, address: str) -> None:
        """An address tried to sign in, and failed."""
        self._full[address] = max(self._full.pop(address, 0.0), self._clock.monotonic()) + EVERY_S
        while len(self._full) > MOST:
            self._full.popitem(last=False)

    def refused(self, address: str, reason: str) -> None:
        """Count somebody who was not let in."""
        self._reasons[reason] += 1
        if address in self._addresses or len(self._addresses) < NAMED:
            self._addresses[address] += 1

    def report(self) -> Mapping[str, Any] | None:
        """What has not been told yet, at most once in ten minutes; None for nothing."""
        now = self._clock.monotonic()
        if not self._reasons or now < self._next:
            return None
        told = {"count": self._reasons.total(), "reasons": dict(self._reasons), "addresses": dict(self._addresses)}
        self._next = now + REPORT_S
        self._reasons.clear()
        self._addresses.clear()
        return told
