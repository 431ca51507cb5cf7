"""Rows counted by what they are, in steps, on both stores."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.model import Event, Retention
from gateway.journal import tally
from gateway.journal.journal import Journal

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
BEGIN = datetime(2026, 7, 17, tzinfo=UTC)


def passed(number: int) -> Event:
    said = {"person": f"p-{number % 3}", "reason": "card"}
    when = BEGIN + timedelta(minutes=number)
    part = f"d{number % 2}"
    return Event(
        type="access.granted", source_key=f"1-{number}", part=part, payload=said, retention=Retention.ACCESS, at=when
    )


@pytest.mark.parametrize("step", [20_000, 7])
async def test_counts_what_is_alike_between_two_times(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(tally, "STEP", step)
    since, until = BEGIN + timedelta(minutes=10), BEGIN + timedelta(minutes=50)
    found = Counter[tuple[str | None, str | None, str | None]]()
    async with opened() as journal:
        await journal.record("acs", [passed(number) for number in range(60)])
        await journal.record("other", [Event(type="access.granted", source_key="o", payload={}, at=since)])
        counting = tally.tallies(journal, devices={"acs"}, types=["access.granted"], since=since, until=until)
        async for each in counting:
            assert (each.device, each.type, each.erased) == ("acs", "access.granted", False)
            found[each.part, each.person, each.reason] += each.count
    right = Counter((f"d{number % 2}", f"p-{number % 3}", "card") for number in range(10, 50))
    assert found == right


async def test_nothing_is_counted_where_nothing_is(opened: Opened) -> None:
    async with opened() as journal:
        counting = tally.tallies(journal, devices=set(), types=["x"], since=BEGIN, until=BEGIN + timedelta(days=1))
        assert [each async for each in counting] == []
