"""The newest rows in memory: what the store would give, and nothing that it no longer has."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal import tail
from gateway.journal.journal import Journal

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


def event(number: int) -> Event:
    return Event(
        type="door.granted",
        payload={"door": number, "of": [1.5, None, "黄\U00020000"]},
        source_key=f"{number}",
        at=datetime(2026, 11, 23, 8, 0, number, 123456, tzinfo=UTC),
        device_at="2026-11-23T16:00:00",
        clock_offset_s=-0.0004,
        part="door-1" if number % 2 else None,
        retention=Retention.ACCESS,
        volatile=bool(number % 2),
    )


async def refuse(**_: Any) -> None:
    raise JournalError("nobody needs to ask the store")


async def test_a_follower_is_given_what_the_store_has_without_asking_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as journal:
        for number in (1, 2, 2, 3):
            await journal.record("acs", [event(number)])
        stored = await journal.read()
        monkeypatch.setattr(journal, "read", refuse)
        assert await journal.follow(0, 100) == stored
        assert await journal.follow(1, 1) == stored[1:2]


async def test_of_a_record_that_was_refused_there_is_nothing(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record("acs", [event(1)])
        with pytest.raises(JournalError):
            await journal.record("acs", [event(2), Event(type="\ud800", source_key="bad", payload={})])
        await journal.record("acs", [event(3)])
        assert await journal.follow(0, 100) == await journal.read()


async def test_whoever_is_far_behind_is_given_what_the_store_has(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "MOST_ROWS", 2)
    async with opened() as journal:
        await journal.record("acs", [event(number) for number in range(5)])
        assert [row.seq for row in await journal.follow(1, 100)] == [2, 3, 4, 5]
        monkeypatch.setattr(journal, "read", refuse)
        assert [row.seq for row in await journal.follow(3, 100)] == [4, 5]
        with pytest.raises(JournalError, match="nobody needs to ask"):
            await journal.follow(2, 100)


async def test_great_payloads_do_not_fill_the_memory(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MOST_CHARACTERS", 100)
    async with opened() as journal:
        await journal.record("acs", [event(1), Event(type="log.other", source_key="x", payload={"text": "x" * 100})])
        monkeypatch.setattr(journal, "read", refuse)
        with pytest.raises(JournalError, match="nobody needs to ask"):
            await journal.follow(1, 100)


async def test_what_was_erased_is_given_to_nobody(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record("acs", [event(1), event(2)])
        assert await journal.upkeep.erase([1]) == 1
        assert [row.payload is None for row in await journal.follow(0, 100)] == [True, False]
        await journal.record("acs", [event(3)])
        assert [row.payload is None for row in await journal.follow(0, 100)] == [True, False, False]
