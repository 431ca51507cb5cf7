"""Coming in and going out: a person shows a token once and gets a session, kept by a cookie."""

from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from aiohttp import web

from gateway.people.attempts import TooManyTries
from gateway.people.service import NotLetIn
from gateway.people.token_file import TokensUnreadable
from gateway.people.tokens import TokenExpired
from gateway.web.entrance import COOKIE, address, read
from gateway.web.markup import Html, tag
from gateway.web.origin import ours, over_tls
from gateway.web.problems import UNREADABLE, Problem
from gateway.web.services import Services

DOOR = Template((Path(__file__).parent / "pages/door.html").read_text(encoding="utf-8"))
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 4
OTHER_SITE = "only the page of this gateway may ask this: Origin or Sec-Fetch-Site is missing, or names another site"


def door(status: int) -> web.Response:
    """For those who are not let in: where to show a token. A link may fill it in, see static/door.js."""
    return _shut(status, f"令牌暂时无法核对 · {UNREADABLE}" if status == 503 else None)


async def sign_in(request: web.Request, services: Services) -> web.Response:
    """Take the token that the page of the door asked for."""
    _from_here(request, services)
    if request.content_type != FORM:
        raise Problem(415, f"the body must be {FORM}, not {request.content_type:.60}")
    try:
        fields = parse_qs((await read(request)).decode(), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Problem(400, "the body is not a form with a token") from error
    return await _enter(request, services, fields.get("token", [""])[0])


async def sign_out(request: web.Request, services: Services) -> web.Response:
    """End the session of this browser."""
    _from_here(request, services)
    await services.people.sign_out(request.cookies.get(COOKIE, ""))
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


async def _enter(request: web.Request, services: Services, token: str) -> web.Response:
    try:
        session = await services.people.sign_in(token.strip(), address(request))
    except TooManyTries as error:
        return _shut(429, f"尝试次数过多 · {error}", {"Retry-After": str(error.wait_s)})
    except TokenExpired as error:
        return _shut(401, f"令牌已过期 · {error}")
    except TokensUnreadable:
        return door(503)
    except NotLetIn as error:
        return _shut(401, f"令牌无效 · {error}")
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(COOKIE, session, httponly=True, samesite="Strict", secure=over_tls(request))
    return response


def _shut(status: int, wrong: str | None = None, headers: dict[str, str] | None = None) -> web.Response:
    text = DOOR.substitute(wrong=tag("p", wrong, class_="wrong") if wrong else Html())
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def _from_here(request: web.Request, services: Services) -> None:
    if not ours(request):
        services.people.refused(address(request), "origin")
        raise Problem(403, OTHER_SITE)
