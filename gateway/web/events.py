"""The journal, page by page."""

from typing import Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field

from gateway.web import answers
from gateway.web.route import QUERY, reply
from gateway.web.services import Services


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
    query: EventsQuery = request[QUERY]
    rows = await services.house.journal.read(
        after=query.after,
        limit=query.limit,
        device=query.device,
        type=query.type,
        text=query.q,
        since=query.since,
        until=query.until,
        newest_first=query.order == "desc",
    )
    return reply(answers.Events(rows, rows[-1].seq if len(rows) == query.limit else None))
