"""The system's clock, behind `core.contract.Clock`."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Wall time from the system, monotonic time from the running loop."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the event loop's clock."""
        return asyncio.get_running_loop().time()
