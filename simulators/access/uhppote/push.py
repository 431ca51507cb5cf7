"""What a controller sends by itself: every event once, and the newest one again every so many seconds."""

import asyncio
from collections.abc import Callable
from random import Random

from drivers.access.uhppote.codec.box import NOWHERE
from drivers.access.uhppote.codec.packet import HEAD, PUSHED_HEAD
from simulators.access.uhppote.params import PushLoss
from simulators.access.uhppote.state import Board

Send = Callable[[bytes, tuple[str, int]], None]


class Push:
    """Sends the events of one controller to its listener, from `send`."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.send: Send | None = None
        self.old_firmware = False
        self.sent = 0
        self._timer: asyncio.TimerHandle | None = None
        self.lose(PushLoss(percent=0))

    def lose(self, given: PushLoss) -> None:
        """See the lever."""
        self._loss, self._dice = given.percent, Random(given.seed)  # noqa: S311 - repeatable, no secret

    def newest(self) -> None:
        """Send the newest event, if anybody listens."""
        listener = self._board.listener
        if self.send is None or listener.address == NOWHERE or not listener.port:
            return
        self.sent += 1
        if self._dice.random() * 100 >= self._loss:
            head = PUSHED_HEAD if self.old_firmware else HEAD
            self.send(self._board.status().wire(self._board.serial, head), (str(listener.address), listener.port))

    def again(self) -> None:
        """Send the newest one again and again, as the listener was set."""
        self.stop()
        if self.send is not None and self._board.listener.interval:
            self._timer = asyncio.get_running_loop().call_later(self._board.listener.interval, self._due)

    def stop(self) -> None:
        """Send nothing by the clock any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self.newest()
        self.again()
