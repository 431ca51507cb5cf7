"""Whether our own clock may be passed on to a device."""

from datetime import UTC, datetime

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""Before it our own clock is wrong, as that of a gateway that has just been switched on and has no battery."""
