"""The journal, page by page."""

import csv
import io
from typing import Literal

import msgspec
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field

from gateway.journal.rows import Row
from gateway.web import answers
from gateway.web.route import QUERY, WHO, reply
from gateway.web.services import Services

COLUMNS = ("seq", "at", "device", "part", "type", "device_at", "payload")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


class EventsQuery(BaseModel, frozen=True, extra="forbid"):
    """Which events."""

    device: str | None = Field(default=None, max_length=64)
    type: str | None = Field(default=None, max_length=64, description="The exact type, for example call.accepted.")
    q: str | None = Field(default=None, min_length=1, max_length=64, description="Text that the payload holds.")
    since: AwareDatetime | None = Field(default=None, alias="from", description="Not before; RFC 3339.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Before; RFC 3339.")
    after: int = Field(default=0, ge=0, lt=2**63, description="Go on behind this seq: the `next` of the page before.")
    limit: int = Field(default=100, ge=1, le=1000)
    order: Literal["asc", "desc"] = "asc"


async def events(request: web.Request, services: Services) -> web.Response:
    """One page of events by seq."""
    rows = await _rows(request, services)
    return reply(answers.Events(rows, rows[-1].seq if len(rows) == request[QUERY].limit else None))


async def table(request: web.Request, services: Services) -> web.Response:
    """The same page as a table for a spreadsheet: UTF-8 with BOM, and no cell that a spreadsheet would compute.

    That it was taken is recorded first. Raises JournalError.
    """
    asked = request[QUERY].model_dump(mode="json", by_alias=True, exclude_none=True)
    await services.people.audit.record(request[WHO].name, "events.exported", {"query": asked})
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for row in await _rows(request, services):
        payload = msgspec.json.encode(row.payload).decode() if row.payload is not None else ""
        cells = [row.seq, row.at.isoformat(), row.device, row.part, row.type, row.device_at, payload]
        lines.writerow([_harmless("" if cell is None else str(cell)) for cell in cells])
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    body = text.getvalue().encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


async def _rows(request: web.Request, services: Services) -> list[Row]:
    query: EventsQuery = request[QUERY]
    return await services.house.journal.read(
        after=query.after,
        limit=query.limit,
        device=query.device,
        type=query.type,
        text=query.q,
        since=query.since,
        until=query.until,
        newest_first=query.order == "desc",
        scope=services.scope,
    )
