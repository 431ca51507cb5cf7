"""Wall times as seconds of the loop's clock, and back: what is timed goes on when somebody sets the clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.contract import Clock


class Timeline:
    """One steady time for what this run hears, and for what the run before it has kept. `zone` is that of the site."""

    def __init__(self, clock: Clock, zone: ZoneInfo | None = None) -> None:
        self._clock, self.zone = clock, zone or ZoneInfo("UTC")

    def now(self) -> float:
        """The steady time."""
        return self._clock.monotonic()

    def steady(self, at: datetime, *, ahead_s: float = 0.0) -> float:
        """A wall time as seconds: by its age, for somebody may have set the clock. It is at most `ahead_s` to come."""
        return self.now() - max(-ahead_s, (self._clock.now() - at).total_seconds())

    def wall(self, seconds: float) -> datetime:
        """Seconds as a wall time."""
        return self._clock.now() - timedelta(seconds=self.now() - seconds)
