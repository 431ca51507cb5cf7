"""The journal, page by page."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping

import msgspec
from aiohttp import web
from msgspec.structs import asdict

from gateway.core.errors import JournalError
from gateway.journal.journal import Journal
from gateway.journal.rows import Row, stamp
from gateway.journal.search import Page, search
from gateway.journal.spreadsheet import BOM, COLUMNS, cells, line
from gateway.people.persons import Masked
from gateway.web import answers
from gateway.web.route import QUERY, WHO, reply
from gateway.web.services import Services
from gateway.web.sought import EventsQuery, check, place

PAGE_ROWS, TABLE_ROWS = 100, 1000
log = logging.getLogger(__name__)


async def events(request: web.Request, services: Services) -> web.Response:
    """One page of events by seq."""
    await check(request[QUERY], services)
    page = await _found(request, services, PAGE_ROWS)
    return reply(answers.Events(page.rows, page.next, page.upto, await _persons(page.rows, services)))


async def table(request: web.Request, services: Services) -> web.Response:
    """The same as a table for a spreadsheet: UTF-8 with BOM, and no cell that a spreadsheet would compute.

    That it was taken is recorded first. Without a `limit` it goes to the end. Raises JournalError.
    """
    await check(request[QUERY], services)
    asked = request[QUERY].model_dump(mode="json", by_alias=True, exclude_none=True)
    await services.people.audit.record(request[WHO].name, "events.exported", {"query": asked})
    first = await _found(request, services, TABLE_ROWS)
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return web.Response(
        body=_lines(request, services, first), content_type="text/csv", charset="utf-8", headers=headers
    )


async def _lines(request: web.Request, services: Services, page: Page) -> AsyncGenerator[bytes]:
    """A table page by page; cut off where the journal cannot be read, so that nobody takes it for whole."""
    yield BOM + line((*COLUMNS, "name"))
    query: EventsQuery = request[QUERY]
    left = (query.limit or sys.maxsize) - len(page.rows)
    try:
        yield await _table(page, services)
        while page.next is not None and left:
            page = await _page(query, services, after=page.next, limit=min(left, TABLE_ROWS))
            left -= len(page.rows)
            yield await _table(page, services)
    except JournalError as error:
        log.error("events.csv is cut off: %s", error)
        if request.transport is not None:
            request.transport.abort()


async def _table(page: Page, services: Services) -> bytes:
    persons = await _persons(page.rows, services)
    return b"".join(line(_cells(row, persons)) for row in page.rows)


def _cells(row: Row, persons: Mapping[str, Masked]) -> list[object]:
    payload = msgspec.json.encode(row.payload).decode() if row.payload is not None else None
    person = persons.get(_person(row) or "")
    return [*cells({**asdict(row), "at": stamp(row.at), "payload": payload}), person and person.name]


async def _persons(rows: Iterable[Row], services: Services) -> dict[str, Masked]:
    """Who is in these rows, masked, by pseudonym: as far as the hall knows them."""
    return await services.persons.named({person for row in rows if (person := _person(row))})


def _person(row: Row) -> str | None:
    person = (row.payload or {}).get("person")
    return person if isinstance(person, str) else None


async def _found(request: web.Request, services: Services, most: int) -> Page:
    """A page, of `most` rows by default; where nothing is there yet, what comes while who asks is ready to wait."""
    query: EventsQuery = request[QUERY]
    until = asyncio.get_running_loop().time() + query.wait_s
    while True:
        page = await _page(query, services, after=query.after, limit=query.limit or most)
        if page.rows or page.next is not None or not await _more(services.house.journal, page.upto, until):
            return page


async def _more(journal: Journal, seq: int, until: float) -> bool:
    """Whether a row after `seq` is committed by then."""
    try:
        async with asyncio.timeout_at(until):
            await journal.beyond(seq)
    except TimeoutError:
        return False
    return True


async def _page(query: EventsQuery, services: Services, *, after: int, limit: int) -> Page:
    device, part = place(query, services)
    return await search(
        services.house.journal,
        after=after,
        limit=limit,
        device=device,
        part=part,
        type=query.type,
        person=query.person,
        why=query.reason,
        text=query.q,
        since=query.since,
        until=query.until,
        newest_first=query.order == "desc",
        scope=services.scope,
    )
