"""Events by door, person, reason and text: the right ones, in pages of bounded work."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest
from sqlalchemy.event import listen
from stores import Database

from gateway.core.model import Event, Retention
from gateway.journal import search as searching
from gateway.journal.journal import Journal
from gateway.journal.search import search

SOUGHT: list[tuple[dict[str, Any], Callable[[int], bool]]] = [
    ({"person": "p-1"}, lambda number: number % 3 == 1),
    ({"why": "no_rights"}, lambda number: number % 4 == 0),
    ({"device": "acs", "part": "door-1", "person": "p-2"}, lambda number: number % 2 == 1 and number % 3 == 2),
    ({"text": '"person":"p-0"'}, lambda number: number % 3 == 0),
    ({"text": "p-0", "why": "swipe"}, lambda number: number % 3 == 0 and number % 4 != 0),
    ({"person": "p-9"}, lambda _number: False),
]
Opened = Callable[..., AbstractAsyncContextManager[Journal]]


def passed(number: int, **payload: Any) -> Event:
    said = {"person": f"p-{number % 3}", "reason": "swipe" if number % 4 else "no_rights", **payload}
    door, kept = f"door-{number % 2}", Retention.ACCESS
    return Event(type="access.granted", source_key=f"1-{number}", part=door, payload=said, retention=kept)


@pytest.fixture
async def journal(opened: Opened) -> AsyncGenerator[Journal]:
    """Forty passages at two doors of one controller, and an audit record that names a person too."""
    async with opened() as journal:
        await journal.record("acs", [passed(number) for number in range(40)])
        seen = Event(type="person.unmasked", source_key="a", payload={"person": "p-1"}, retention=Retention.AUDIT)
        await journal.record(None, [seen])
        yield journal


async def every(journal: Journal, *, limit: int = 7, newest_first: bool = False, **sought: Any) -> list[int]:
    """The seqs of all pages."""
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = await search(journal, after=after, limit=limit, newest_first=newest_first, **sought)
        found += [row.seq for row in page.rows]
        after = page.next
    return found


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("sought", "right"),
    SOUGHT,
)
async def test_pages_have_what_was_sought_and_nothing_else(
    journal: Journal, sought: dict[str, Any], right: Callable[[int], bool], newest_first: bool
) -> None:
    expected = [number + 1 for number in range(40) if right(number)]
    found = await every(journal, newest_first=newest_first, **sought)
    assert found == (expected[::-1] if newest_first else expected)


async def test_a_text_is_sought_in_stretches_and_what_is_left_is_told(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STRETCH_ROWS", 5)
    monkeypatch.setattr(searching, "LOOK_S", 0.0)
    page = await search(journal, after=0, limit=100, newest_first=False, text="unmasked?")
    assert (page.rows, page.next, page.upto) == ([], 5, 41)
    assert await every(journal, text="p-0") == [number + 1 for number in range(40) if number % 3 == 0]
    assert await every(journal, text="p-0", newest_first=True, limit=2) == [
        number + 1 for number in reversed(range(40)) if number % 3 == 0
    ]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_persons_reasons_and_doors_are_found_by_index(journal: Journal, database: Database) -> None:
    wanted: list[dict[str, Any]] = [{"person": "p-1"}, {"why": "x"}, {"device": "acs", "part": "door-1"}]
    asked: list[str] = []

    def told(_db: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    listen(journal._engine, "before_cursor_execute", told)
    for sought in wanted:
        await journal.read(**sought, limit=1)
        plan = str(database.rows(f"EXPLAIN QUERY PLAN {asked[-1]}", *["x"] * asked[-1].count("?")))
        assert re.search("USING INDEX journal_(person|reason|part)", plan), plan


@pytest.mark.parametrize("text", ["\0", "{", '"', "\\u0000", "王'; DROP TABLE journal; --"])
async def test_strange_payloads_are_kept_and_found(opened: Opened, kind: str, text: str) -> None:
    async with opened() as journal:
        await journal.record("acs", [passed(1, reason="x", other=text), passed(2, other=text, reason="y")])
        assert await every(journal, device="acs") == [1, 2]
        found = await every(journal, why="y")
    hidden = kind == "postgresql" and "u0000" in msgspec.json.encode(text).decode()  # it has no text with NUL
    assert found == ([] if hidden else [2])
