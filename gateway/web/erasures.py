"""Erasure on request: the payload of a record, for ever."""

from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from gateway.core.rights import REASON
from gateway.keeping.erasure import Wanted, erase
from gateway.web.problems import Problem
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


class Reason(BaseModel, frozen=True, extra="forbid"):
    """Why a record is erased."""

    reason: str = Field(min_length=1, max_length=200, description=REASON)


class Erasure(Reason, frozen=True):
    """What is erased, and why."""

    call: str | None = Field(default=None, min_length=1, max_length=64, description="All that is recorded of a call.")
    source: str | None = Field(
        default=None, min_length=1, max_length=200, description="What its source_key is, or begins with before a `/`."
    )

    person: str | None = Field(
        default=None, min_length=1, max_length=40, description="The pseudonym of somebody: all of class access of them."
    )

    @model_validator(mode="after")
    def _one(self) -> "Erasure":
        if [self.call, self.source, self.person].count(None) != 2:
            raise ValueError("must have exactly one of call, source and person")
        return self


async def one(request: web.Request, services: Services) -> web.Response:
    """Erase one record."""
    seq = request.match_info["seq"]
    if not seq.isascii() or not seq.isdigit() or len(seq) > 18:
        raise Problem(404, f"there is no record {seq:.40}")
    return await _erase(request, services, Wanted(seq=int(seq)))


async def several(request: web.Request, services: Services) -> web.Response:
    """Erase what is recorded of a call, of a source, or of a person."""
    body: Erasure = request[BODY]
    return await _erase(request, services, Wanted(call=body.call, source=body.source, person=body.person))


async def _erase(request: web.Request, services: Services, wanted: Wanted) -> web.Response:
    body: Reason = request[BODY]
    if request[WHO].zones is not None:
        raise Problem(403, f"{request[WHO].name} is for some zones only, and what is erased may tell of the whole hall")
    done = await erase(services.house.journal, wanted, actor=request[WHO].name, reason=body.reason)
    return reply(done)
