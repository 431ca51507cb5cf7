"""The table of topics that an outlet has retained at its broker."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from gateway.core.errors import JournalError
from gateway.journal.journal import Journal

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


async def test_topics_are_noted_and_forgotten_in_one_commit(opened: Opened) -> None:
    async with opened() as journal:
        assert await journal.retained() == set()
        await journal.retain(["a", "b"])
        await journal.retain(["c"], emptied=["a", "never"])
    async with opened() as journal:
        assert await journal.retained() == {"b", "c"}
        assert (journal.head.seq, await journal.read()) == (0, [])


async def test_what_is_noted_twice_does_no_harm(opened: Opened) -> None:
    async with opened() as journal:
        await journal.retain(["a", "b"])
        await journal.retain(["b", "a", "c"])
        assert await journal.retained() == {"a", "b", "c"}


async def test_every_site_has_its_own(opened: Opened) -> None:
    async with opened() as journal:
        await journal.retain(["a"])
    async with opened(site="other") as journal:
        assert await journal.retained() == set()


async def test_thousands_of_topics_are_one_call(opened: Opened) -> None:
    topics = {f"hall/liandu/dev/box-{number}/state" for number in range(3000)}
    async with opened() as journal:
        await journal.retain(topics)
        assert await journal.retained() == topics


async def test_a_journal_that_is_closed_says_so(opened: Opened) -> None:
    async with opened() as journal:
        pass
    with pytest.raises(JournalError):
        await journal.retain(["a"])
