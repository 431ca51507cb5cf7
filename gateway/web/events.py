"""The journal, page by page."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from gateway.core.errors import WrongInput
from gateway.core.known import unknown
from gateway.journal.journal import Journal
from gateway.journal.rows import Row
from gateway.journal.search import Page, search
from gateway.journal.spreadsheet import BOM, line
from gateway.people.persons import Masked
from gateway.web import answers
from gateway.web.route import QUERY, WHO, reply
from gateway.web.services import Services

COLUMNS = ("seq", "at", "device", "part", "type", "device_at", "person", "name", "payload")


class EventsQuery(BaseModel, frozen=True, extra="forbid"):
    """Which events."""

    door: str | None = Field(
        default=None, max_length=64, description="Its id: what happened there, and what was asked."
    )
    device: str | None = Field(default=None, max_length=64)
    part: str | None = Field(default=None, max_length=64, description="Of the device: a door; only with device.")
    type: str | None = Field(default=None, max_length=64, description="The exact type, for example call.accepted.")
    person: str | None = Field(default=None, max_length=40, description="The pseudonym of who passed a door.")
    reason: str | None = Field(default=None, max_length=64, description="Why, at a door: of class access only.")
    q: str | None = Field(default=None, min_length=1, max_length=64, description="Text that the payload holds.")
    since: AwareDatetime | None = Field(default=None, alias="from", description="Not before; RFC 3339.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Before; RFC 3339.")
    after: int = Field(default=0, ge=0, lt=2**63, description="Go on behind this seq: the `next` of the page before.")
    limit: int = Field(default=100, ge=1, le=1000)
    order: Literal["asc", "desc"] = "asc"
    wait_s: float = Field(default=0, ge=0, le=30, description="Where there is nothing yet, wait so long for it.")

    @model_validator(mode="after")
    def _together(self) -> "EventsQuery":
        if self.part is not None and self.device is None:
            raise ValueError("part must come with the device that it is a part of")
        if self.door is not None and self.device is not None:
            raise ValueError("door and device exclude each other")
        if self.wait_s and self.order == "desc":
            raise ValueError("wait_s must come with the order asc: what is new comes last")
        return self


async def events(request: web.Request, services: Services) -> web.Response:
    """One page of events by seq."""
    page = await _found(request, services)
    return reply(answers.Events(page.rows, page.next, page.upto, await _persons(page.rows, services)))


async def table(request: web.Request, services: Services) -> web.Response:
    """The same page as a table for a spreadsheet: UTF-8 with BOM, and no cell that a spreadsheet would compute.

    That it was taken is recorded first. Raises JournalError.
    """
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


def _place(query: EventsQuery, services: Services) -> tuple[str | None, str | None]:
    """The device and the part that are asked for. Raises WrongInput for a door that is none."""
    if query.door is None:
        return query.device, query.part
    doors = {id_: each for id_, each in services.doors.entrances.items() if services.sees(services.doors.zone(each))}
    if query.door not in doors:
        raise WrongInput(f"door: {unknown(query.door, doors, 'door')}")
    return doors[query.door].config.device, doors[query.door].config.part


async def _page(query: EventsQuery, services: Services) -> Page:
    device, part = _place(query, services)
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
