"""Who is behind the pseudonyms of the record: masked, unmasked for a reason, enrolled and forgotten."""

import msgspec
from aiohttp import web
from pydantic import BaseModel, Field, field_validator

from gateway.core.errors import WrongInput
from gateway.core.rights import REASON
from gateway.people.known_as import known_as
from gateway.people.persons import Enrolled, Masked, Whole
from gateway.people.pseudonyms import Person
from gateway.web.problems import Problem
from gateway.web.route import BODY, QUERY, WHO, reply
from gateway.web.services import Services

MOST = 200  # people in one request or page
Name = Field(min_length=1, max_length=40)


class Persons(msgspec.Struct, frozen=True):
    """A page of people; `next` is the `after` of the next page, null on the last."""

    persons: list[Masked]
    next: str | None


class Found(msgspec.Struct, frozen=True):
    """The people that were sought."""

    persons: list[Whole]


class Forgotten(msgspec.Struct, frozen=True):
    """Somebody is forgotten; `scrubbed`: no copy is left in the files of the store either."""

    person: str
    scrubbed: bool


class PersonsQuery(BaseModel, frozen=True, extra="forbid"):
    """Which page."""

    after: str = Field(default="", max_length=40, description="The `next` of the page before.")
    limit: int = Field(default=100, ge=1, le=MOST)


class ForReason(BaseModel, frozen=True, extra="forbid"):
    """Why."""

    reason: str = Field(min_length=1, max_length=200, description=REASON)


class Sought(ForReason, frozen=True):
    """Who is sought, and why."""

    name: str = Field(
        min_length=1, max_length=64, description="A part of a name, or card:NUMBER, card:BITS:HEX or employee:NUMBER."
    )


class PersonBody(BaseModel, frozen=True, extra="forbid"):
    """Somebody of the house."""

    known_as: str = Field(
        max_length=64, description="card:NUMBER, card:BITS:HEX or employee:NUMBER, as devices know them."
    )
    name: str = Name
    department: str | None = Field(default=None, min_length=1, max_length=40)

    @field_validator("known_as")
    @classmethod
    def _canonical(cls, text: str) -> str:
        kind, _, value = text.partition(":")
        try:
            return known_as(kind, value)
        except WrongInput as error:
            raise ValueError(f"must be card:NUMBER, card:BITS:HEX or employee:NUMBER; {error}") from error

    @field_validator("name", "department")
    @classmethod
    def _printable(cls, text: str | None) -> str | None:
        if text is not None and not text.isprintable():
            raise ValueError("must have only characters that can be printed")
        return text


class Enrolment(BaseModel, frozen=True, extra="forbid"):
    """Who is behind which cards."""

    persons: list[PersonBody] = Field(min_length=1, max_length=MOST)
    dry_run: bool = Field(default=False, description="Tell what would be done, and do nothing.")


async def page(request: web.Request, services: Services) -> web.Response:
    """The people whose cards the hall knows."""
    query: PersonsQuery = request[QUERY]
    _whole_hall(request)
    found = await services.persons.page(after=query.after, limit=query.limit)
    return reply(Persons(found, found[-1].person if len(found) == query.limit else None))


async def unmask(request: web.Request, services: Services) -> web.Response:
    """Somebody's whole name."""
    body: ForReason = request[BODY]
    _whole_hall(request)
    return reply(await services.persons.unmask(request[WHO].name, request.match_info["id"], body.reason))


async def find(request: web.Request, services: Services) -> web.Response:
    """People by name or card."""
    body: Sought = request[BODY]
    _whole_hall(request)
    return reply(Found(await services.persons.find(request[WHO].name, body.name, body.reason)))


async def enrol(request: web.Request, services: Services) -> web.Response:
    """Say who is behind cards."""
    body: Enrolment = request[BODY]
    _whole_hall(request)
    people = [Person(each.known_as, each.name, each.department) for each in body.persons]
    told: Enrolled = await services.persons.enrol(request[WHO].name, people, dry_run=body.dry_run)
    return reply(told)


async def forget(request: web.Request, services: Services) -> web.Response:
    """Delete what is known of somebody."""
    body: ForReason = request[BODY]
    _whole_hall(request)
    person = request.match_info["id"]
    return reply(Forgotten(person, await services.persons.forget(request[WHO].name, person, body.reason)))


def _whole_hall(request: web.Request) -> None:
    if request[WHO].zones is not None:
        raise Problem(403, f"{request[WHO].name} is for some zones only, and people are of the whole hall")
