"""Doors: how they stand, whether they are closed right after opening, and the drills."""

from calendar import monthrange
from datetime import date, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from gateway.core.access import Mode
from gateway.doors.compliance import DoorDay, compliance
from gateway.doors.drills import Report
from gateway.doors.heard import Position
from gateway.doors.known_days import known_days
from gateway.doors.report import report
from gateway.doors.verbs import ALL
from gateway.web.route import QUERY, reply
from gateway.web.services import Services

MOST_DAYS = 62
FIRST, BEYOND = date(2000, 1, 1), date(2200, 1, 1)  # of a month as well
MONTH = r"^(20|21)\d\d-(0[1-9]|1[0-2])$"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A door. `open_for_s` is null while it is not known to be open, `hold_until` unless it is held for a time.

    `hold_overdue`: that time is over, and nothing has ended it. `detail`: why nobody hears of it, where its controller
    does not have it.
    """

    door: str
    name: str
    zone: str | None
    device: str
    part: str
    staff_entrance: bool
    state: Position
    since: datetime
    opened_at: datetime | None
    open_for_s: float | None
    unlocked: bool | None
    mode: Mode | None
    forced: bool
    held: Literal["no", "warned", "held"]
    fire: bool | None
    released: bool
    hold_until: datetime | None
    hold_overdue: bool
    camera: str | None
    detail: str | None


class Doors(msgspec.Struct, frozen=True):
    """The doors, in the order of the site file."""

    doors: list[Door]


class Compliance(msgspec.Struct, frozen=True):
    """A line for each day and each entrance of the staff."""

    days: list[DoorDay]


class Drills(msgspec.Struct, frozen=True):
    """Reports, the newest first."""

    drills: list[Report]


class ComplianceQuery(BaseModel, frozen=True, extra="forbid"):
    """Which days of the site, both included; without, today."""

    first: date | None = Field(
        default=None, alias="from", ge=FIRST, lt=BEYOND, description="The first day, such as 2026-07-01."
    )
    last: date | None = Field(
        default=None, alias="to", ge=FIRST, lt=BEYOND, description="The last day; by default the first."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.first is None:
            raise ValueError("to needs a from")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError("to must not be before from")
        if self.first is not None and self.last is not None and (self.last - self.first).days >= MOST_DAYS:
            raise ValueError(f"at most {MOST_DAYS} days can be asked for at once")
        return self


class ReportQuery(BaseModel, frozen=True, extra="forbid"):
    """Which day, or which month, of the site; without, today."""

    day: date | None = Field(default=None, ge=FIRST, lt=BEYOND, description="Such as 2026-11-22.")
    month: Annotated[str, Field(pattern=MONTH)] | None = Field(default=None, description="Such as 2026-11.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.day is not None and self.month is not None:
            raise ValueError("day and month exclude each other")
        return self

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day."""
        if self.month is None:
            return self.day or today, self.day or today
        year, month = map(int, self.month.split("-"))
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])


class DrillsQuery(BaseModel, frozen=True, extra="forbid"):
    """How many drills."""

    limit: int = Field(default=20, ge=1, le=200)


async def every(_request: web.Request, services: Services) -> web.Response:
    """All doors."""
    seen = [door for door in services.doors.all() if services.sees(door["zone"])]
    return reply(Doors(msgspec.convert(seen, list[Door])))


async def entrances(request: web.Request, services: Services) -> web.Response:
    """How the entrances of the staff were closed, day by day."""
    query: ComplianceQuery = request[QUERY]
    zone, now = ZoneInfo(services.site.general.site.timezone), services.house.clock.now()
    first = query.first or now.astimezone(zone).date()
    known = await known_days(services.house.journal, first, query.last or first, zone, now=now)
    first, last = known.within(first, query.last or first, zone, now=now)
    seen = [each for each in services.doors.entrances.values() if services.sees(services.doors.zone(each))]
    doors = [each.config for each in seen if each.config.staff_entrance]
    return reply(Compliance(await compliance(services.house.journal, doors, first, last, zone)))


async def what_happened(request: web.Request, services: Services) -> web.Response:
    """What happened at the doors on a day, or in a month."""
    zone, now = ZoneInfo(services.site.general.site.timezone), services.house.clock.now()
    query: ReportQuery = request[QUERY]
    first, last = query.days(now.astimezone(zone).date())
    seen = [each.config for each in services.doors.entrances.values() if services.sees(services.doors.zone(each))]
    happened_at = services.doors.happened_at
    return reply(await report(services.house.journal, seen, first, last, zone, now=now, happened_at=happened_at))


async def drills(request: web.Request, services: Services) -> web.Response:
    """The newest drills."""
    limit: int = request[QUERY].limit
    return reply(Drills(await services.doors.drills.reports(limit, lambda place: services.sees(_zone(place)))))


def _zone(place: str) -> str | None:
    return None if place == ALL else place
