"""Who asks, and the tokens that let others ask."""

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field

from gateway.calls.config import SCREEN
from gateway.core.known import unknown
from gateway.core.rights import Right
from gateway.people.rights import Role
from gateway.people.token_file import Entry
from gateway.web import answers
from gateway.web.problems import Problem
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


class TokenBody(BaseModel, frozen=True, extra="forbid"):
    """A token to be made."""

    name: str = Field(min_length=1, max_length=64, description="What the audit shows.")
    role: Role
    zones: list[str] | None = Field(default=None, min_length=1, max_length=100, description="Only these; null is all.")
    screen: str | None = Field(default=None, pattern=f"^{SCREEN.pattern}$", description="Only for the role screen.")
    expires_at: AwareDatetime | None = Field(default=None, description="Good before this moment; null is for ever.")


async def me(request: web.Request, _services: Services) -> web.Response:
    """Who asks, and what they may."""
    who = request[WHO]
    rights = [right for right in Right if who.may(right)]
    return reply(answers.Me(who.name, who.role, rights, _zones(who.zones), who.expires_at))


async def tokens(request: web.Request, services: Services) -> web.Response:
    """The tokens that who asks may see."""
    return reply(answers.Tokens([_token(entry) for entry in services.people.tokens_of(request[WHO])]))


async def new(request: web.Request, services: Services) -> web.Response:
    """Make a token; it is told here and never again."""
    body: TokenBody = request[BODY]
    known = {zone.id for zone in services.site.general.zones}
    if strange := sorted(set(body.zones or ()) - known):
        raise Problem(422, f"zones: {unknown(strange[0], known, 'zone')}")
    services.site.check_screen(body.screen if body.role is Role.SCREEN else None)
    zones = frozenset(body.zones) if body.zones is not None else None
    token = await services.people.make(
        request[WHO], body.name, body.role, screen=body.screen, zones=zones, expires_at=body.expires_at
    )
    return reply(answers.NewToken(name=body.name, role=body.role, token=token), status=201)


async def revoke(request: web.Request, services: Services) -> web.Response:
    """Revoke a token, and end its sessions."""
    name = request.match_info["name"]
    await services.people.revoke(request[WHO], name)
    return reply(answers.Revoked(name))


def _token(entry: Entry) -> answers.Token:
    return answers.Token(
        name=entry.name,
        role=entry.role,
        zones=_zones(entry.zones),
        screen=entry.screen,
        created_at=entry.created_at,
        by=entry.by,
        expires_at=entry.until,
        last_used_at=entry.last_used_at,
    )


def _zones(zones: frozenset[str] | None) -> list[str] | None:
    return None if zones is None else sorted(zones)
