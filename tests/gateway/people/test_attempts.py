"""Failed tries: bounded by address, told in one event."""

from typing import Any

import pytest

from gateway.people import attempts as limits
from gateway.people.attempts import Attempts, TooManyTries


@pytest.fixture
def attempts(clock: Any) -> Attempts:
    return Attempts(clock)


def wait_s(attempts: Attempts, address: str) -> int:
    """Fail once more: how long to wait before the next, 0 where this one was let by."""
    try:
        attempts.failed(address)
    except TooManyTries as error:
        return error.wait_s
    return 0


def test_ten_tries_are_free_and_then_there_is_one_every_six_seconds(attempts: Attempts, clock: Any) -> None:
    assert [wait_s(attempts, "a") for _ in range(12)] == [0] * 10 + [6, 6]
    assert wait_s(attempts, "b") == 0
    clock.go(5.9)
    assert wait_s(attempts, "a") == 1  # never 0
    clock.go(0.1)
    assert [wait_s(attempts, "a") for _ in range(2)] == [0, 6]
    clock.go(3600)
    assert [wait_s(attempts, "a") for _ in range(11)] == [0] * 10 + [6]


def test_a_million_addresses_take_no_memory(attempts: Attempts) -> None:
    for number in range(limits.MOST * 2):
        attempts.failed(str(number))
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
