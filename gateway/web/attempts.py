"""Wrong keys are counted for each address, so that nobody can try many."""

from collections import OrderedDict
from collections.abc import Callable

FREE = 5  # wrong keys that cost nothing: a person who types one
EVERY_S = 10.0  # after these, one try in so many seconds
ADDRESSES = 1000  # remembered at a time


class Attempts:
    """A bucket of tries for each address, which fills again by itself."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long this address must wait before its next try; 0 when it may try now."""
        return max(0.0, (self._level(address) - FREE + 1) * EVERY_S)

    def wrong(self, address: str) -> None:
        """It gave a wrong key."""
        self._spent[address] = self._level(address) + 1, self._monotonic()
        self._spent.move_to_end(address)
        while len(self._spent) > ADDRESSES:
            self._spent.popitem(last=False)

    def _level(self, address: str) -> float:
        spent, at = self._spent.get(address, (0.0, 0.0))
        return max(0.0, spent - (self._monotonic() - at) / EVERY_S)
