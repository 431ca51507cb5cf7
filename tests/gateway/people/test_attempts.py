"""Failed tries: bounded by address, told in one event."""

from typing import Any

import pytest

from gateway.people import attempts as limits
from gateway.people.attempts import Attempts


@pytest.fixture
def attempts(clock: Any) -> Attempts:
    return Attempts(clock)


def test_ten_tries_are_free_and_then_there_is_one_every_six_seconds(attempts: Attempts, clock: Any) -> None:
    for _ in range(10):
        assert attempts.wait_s("a") == 0
        attempts.tried("a")
    assert attempts.wait_s("a") == 6
    assert attempts.wait_s("b") == 0
    clock.go(6)
    assert attempts.wait_s("a") == 0
    attempts.tried("a")
    assert attempts.wait_s("a") == 6
    clock.go(3600)
    attempts.tried("a")
    assert attempts.wait_s("a") == 0


def test_a_million_addresses_take_no_memory(attempts: Attempts) -> None:
    for number in range(limits.MOST * 2):
        attempts.tried(str(number))
        attempts.refused(str(number), "unknown")
    assert len(attempts._full) == limits.MOST
    told = attempts.report()
    assert told
    assert (told["count"], told["reasons"]) == (limits.MOST * 2, {"unknown": limits.MOST * 2})
    assert len(told["addresses"]) == limits.NAMED


def test_the_first_refusal_is_told_at_once_and_the_next_ones_together(attempts: Attempts, clock: Any) -> None:
    assert attempts.report() is None
    attempts.refused("a", "unknown")
    assert attempts.report() == {"count": 1, "reasons": {"unknown": 1}, "addresses": {"a": 1}}
    for reason in ("unknown", "limit", "limit"):
        attempts.refused("b", reason)
    clock.go(limits.REPORT_S - 1)
    assert attempts.report() is None
    clock.go(1)
    assert attempts.report() == {"count": 3, "reasons": {"unknown": 1, "limit": 2}, "addresses": {"b": 3}}
    assert attempts.report() is None
