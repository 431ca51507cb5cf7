"""A clock that tests hold, and a file of tokens that goes by it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.people.tokens import Tokens


class TurnedClock:
    """Wall and loop time, each moved by hand."""

    def __init__(self) -> None:
        self.wall, self.seconds = datetime(2026, 7, 17, 12, tzinfo=UTC), 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def go(self, seconds: float) -> None:
        """Let time go by."""
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def tokens(tmp_path: Path, clock: TurnedClock) -> Tokens:
    return Tokens(tmp_path / "tokens.json", now=clock.now)
