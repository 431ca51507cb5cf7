"""The journal, page by page."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web

from gateway.journal.journal import Journal
from gateway.journal.rows import Row
from gateway.journal.search import Page, search
from gateway.journal.spreadsheet import BOM, line
from gateway.people.persons import Masked
from gateway.web import answers
from gateway.web.route import QUERY, WHO, reply
from gateway.web.services import Services
from gateway.web.sought import EventsQuery, check, place

COLUMNS = ("seq", "at", "device", "part", "type", "device_at", "person", "name", "payload")


async def events(request: web.Request, services: Services) -> web.Response:
    """One page of events by seq."""
    await check(request[QUERY], services)
    page = await _found(request, services)
    return reply(answers.Events(page.rows, page.next, page.upto, await _persons(page.rows, services)))


async def table(request: web.Request, services: Services) -> web.Response:
    """The same page as a table for a spreadsheet: UTF-8 with BOM, and no cell that a spreadsheet would compute.

    That it was taken is recorded first. Raises JournalError.
    """
    await check(request[QUERY], services)
    asked = request[QUERY].model_dump(mode="json", by_alias=True, exclude_none=True)
    await services.people.audit.record(request[WHO].name, "events.exported", {"query": asked})
    rows = (await _found(request, services)).rows
    persons = await _persons(rows, services)
    body = BOM + line(COLUMNS) + b"".join(line(_cells(row, persons)) for row in rows)
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _cells(row: Row, persons: Mapping[str, Masked]) -> list[object]:
    payload = msgspec.json.encode(row.payload).decode() if row.payload is not None else None
    person = _person(row)
    name = persons[person].name if person is not None and person in persons else None
    return [row.seq, row.at.isoformat(), row.device, row.part, row.type, row.device_at, person, name, payload]


async def _persons(rows: Iterable[Row], services: Services) -> dict[str, Masked]:
    """Who is in these rows, masked, by pseudonym: as far as the hall knows them."""
    return await services.persons.named({person for row in rows if (person := _person(row))})


def _person(row: Row) -> str | None:
    person = (row.payload or {}).get("person")
    return person if isinstance(person, str) else None


async def _found(request: web.Request, services: Services) -> Page:
    """A page; where nothing is there yet, what comes within the time that who asks is ready to wait."""
    query: EventsQuery = request[QUERY]
    until = asyncio.get_running_loop().time() + query.wait_s
    while True:
        page = await _page(query, services)
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


async def _page(query: EventsQuery, services: Services) -> Page:
    device, part = place(query, services)
    return await search(
        services.house.journal,
        after=query.after,
        limit=query.limit,
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
