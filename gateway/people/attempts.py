"""Who was not let in: how often signing in may be tried, and what is told of it afterwards."""

import math
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from gateway.core.contract import Clock
from gateway.core.errors import GatewayError

BURST = 10
EVERY_S = 6.0  # then one try
MOST = 1000  # addresses
NAMED = 20  # addresses that one event tells of
REPORT_S = 600.0  # from one event to the next, while it goes on


class TooManyTries(GatewayError):
    """This address has failed too often: it may try again in `wait_s`, which is a second at least."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(f"too many failed tries from this address: try again in {self.wait_s} s")


class Attempts:
    """Counts who was refused. For failed tries, each address has a leaking bucket.

    Who shows what is right is never held back: many may come through one proxy, and have its address.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._addresses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._next = 0.0

    def failed(self, address: str) -> None:
        """What an address has shown is good for nothing. Raises TooManyTries, and counts those tries no further."""
        now, full = self._clock.monotonic(), self._full.get(address, 0.0)
        if (over_s := full - now - (BURST - 1) * EVERY_S) > 0:
            raise TooManyTries(over_s)
        self._full.pop(address, None)
        self._full[address] = max(full, now) + EVERY_S
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
