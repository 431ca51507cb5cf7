"""How far the clock of a device is ahead: measured by what it tells, and kept for rows that come before it tells."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from drivers.access.zkteco_push import codec
from gateway.core.model import Cursor

CURSOR = "clock"
KEPT_WITHIN_S = 1.0
"""What is kept may differ by so much from what was measured last."""


class BoxClock:
    """The clock of one device. What was kept counts until the device starts anew or its clock is set."""

    def __init__(self, timezone: str, now: Callable[[], datetime]) -> None:
        self._zone, self._now = ZoneInfo(timezone), now
        self.measured_s: float | None = None
        """By what it has told since it was connected."""
        self._kept_s: float | None = None
        self._on_disk_s: float | None = None

    @property
    def ahead_s(self) -> float | None:
        """What rows are recorded with; None while nobody knows."""
        return self._kept_s if self.measured_s is None else self.measured_s

    def begin(self, kept: str | None) -> None:
        """The device is being connected; this is what its cursor keeps."""
        self._kept_s = self._on_disk_s = float(kept) if kept else None
        self.measured_s = None

    def measure(self, told: str | None) -> None:
        """Its clock shows this just now."""
        if (at := codec.when(told)) is not None:
            self.measured_s = round((at.replace(tzinfo=self._zone) - self._now()).total_seconds(), 1)

    def unknown(self) -> None:
        """It may show anything from now on."""
        self.measured_s = self._kept_s = None

    def owed(self) -> Cursor | None:
        """The cursor that is to be recorded, None where what is on disk will do."""
        now, kept = self.ahead_s, self._on_disk_s
        if now == kept or (now is not None and kept is not None and abs(now - kept) < KEPT_WITHIN_S):
            return None
        return Cursor(CURSOR, "" if now is None else str(now))

    def recorded(self, cursor: Cursor | None) -> None:
        """Note what is on disk."""
        if cursor is not None:
            self._on_disk_s = float(cursor.value) if cursor.value else None
