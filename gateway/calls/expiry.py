"""Ends the calls whose time is over."""

import asyncio
from collections.abc import Callable, Collection

from gateway.calls.model import Call
from gateway.calls.window import Window
from gateway.core.contract import Clock

LONGEST_S = 60.0  # between two looks at the wall clock, which may be set


class Expiry:
    """Looks after the windows that there are. `changed` is set when one shows something else than before."""

    def __init__(
        self, windows: Callable[[], Collection[Window]], clock: Clock, expire: Callable[[Window, Call], None]
    ) -> None:
        self._windows, self._clock, self._expire = windows, clock, expire
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Let calls expire, for ever."""
        while True:
            self.changed.clear()
            now = self._clock.now()
            for window in self._windows():
                call = window.showing()
                if call is not None and call.expires_at is not None and call.expires_at <= now:
                    self._expire(window, call)
            ends = [call.expires_at for w in self._windows() if (call := w.showing()) and call.expires_at]
            wait_s = max(0.0, min((min(ends) - now).total_seconds(), LONGEST_S)) if ends else None
            try:
                async with asyncio.timeout(wait_s):
                    await self.changed.wait()
            except TimeoutError:
                continue
