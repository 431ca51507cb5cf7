"""Since when nobody on a line answers, and when that is laid to the wire."""

import asyncio
from datetime import datetime

from gateway.core.contract import Clock
from gateway.core.errors import DeviceOffline

STALLED_S = 30.0  # by then every unit has missed one question, and most have missed several probes


class Silence:
    """`since` is when the last unit that had answered fell silent; None while somebody answers.

    A serial server may have hung: its network side confirms every byte, and none goes on. Only a new connection tells
    it from a line whose units are all dead. So a wire on which somebody has answered is given up once nobody has for
    STALLED_S; one on which nobody ever did is kept: the new wire that is silent too has acquitted the old one.
    """

    def __init__(self, clock: Clock) -> None:
        self.since: datetime | None = None
        self._clock = clock
        self._began_at = 0.0
        self._was_answered = False

    def opened(self) -> None:
        """The wire is a new one. A silence goes on until somebody answers."""
        self._was_answered = False

    def heard(self) -> None:
        """A unit has answered."""
        self.since, self._was_answered = None, True

    def nobody_answers(self) -> None:
        """The last unit that had answered has missed a question, or nobody has answered yet and one was missed."""
        if self.since is None:
            self.since, self._began_at = self._clock.now(), _now()

    def judge(self) -> None:
        """Raises DeviceOffline when the wire is to be given up."""
        if self.since is not None and self._was_answered and _now() - self._began_at >= STALLED_S:
            raise DeviceOffline(f"nobody on it has answered for {STALLED_S:g} s: it is opened anew, once")


def _now() -> float:
    return asyncio.get_running_loop().time()
