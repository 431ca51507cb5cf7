"""A thing is done once for each id."""

import asyncio

import pytest

from gateway.core.errors import JournalError
from gateway.once import Once

GIVEN_UP = JournalError("given up")


class Work:
    """Counts how often it was done; ends when it is let go."""

    def __init__(self) -> None:
        self.done = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.done += 1
        await self.go.wait()
        return self.done


async def test_who_asks_meanwhile_and_who_asks_later_gets_the_first_answer() -> None:
    once, work = Once[str, int](2), Work()
    both = [asyncio.create_task(once.do("a", "A", work, GIVEN_UP)) for _ in range(2)]
    await asyncio.sleep(0)
    work.go.set()
    assert [await task for task in both] == [1, 1]
    assert await once.do("a", "A", work, GIVEN_UP) == 1
    assert once.asked("a") == "A"


async def test_a_failure_is_everybodys_and_frees_the_id() -> None:
    once, work = Once[str, int](2), Work()

    async def fails() -> int:
        await work.go.wait()
        raise JournalError("disk full")

    both = [asyncio.create_task(once.do("a", "A", fails, GIVEN_UP)) for _ in range(2)]
    await asyncio.sleep(0)
    work.go.set()
    assert [str(error) for error in await asyncio.gather(*both, return_exceptions=True)] == ["disk full"] * 2
    assert once.asked("a") is None
    assert await once.do("a", "B", work, GIVEN_UP) == 1


async def test_who_waited_for_one_that_was_cancelled_is_told_to_ask_again() -> None:
    once, work = Once[str, int](2), Work()
    first = asyncio.create_task(once.do("a", "A", work, GIVEN_UP))
    await asyncio.sleep(0)
    second = asyncio.create_task(once.do("a", "A", work, GIVEN_UP))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(JournalError, match="given up"):
        await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_only_the_newest_are_remembered() -> None:
    once, work = Once[str, int](2), Work()
    work.go.set()
    for id_ in ("a", "b", "c"):
        await once.do(id_, id_.upper(), work, GIVEN_UP)
    assert [once.asked(id_) for id_ in ("a", "b", "c")] == [None, "B", "C"]
