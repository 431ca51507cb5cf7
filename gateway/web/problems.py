"""Errors as problem details (RFC 9457): one place turns what was raised into a status and one sentence."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.alarms.desk import AlarmRefused, UnknownAlarm
from gateway.calls.model import CallConflict, CallRefused, UnknownCall, UnknownWindow
from gateway.calls.notice import NoticeConflict, NoticeRefused, UnknownNotice
from gateway.commands import CommandConflict, UnknownTarget
from gateway.core.errors import CommandRejected, GatewayError, JournalError, NotSupported, WrongInput
from gateway.keeping.erasure import NotErasable, NothingToErase
from gateway.people.persons import NoSuchPerson
from gateway.people.pseudonyms import PersonUnreadable
from gateway.people.token_file import TokensUnreadable
from gateway.people.tokens import NameTaken, TokenExpired, UnknownToken
from gateway.permission import Forbidden
from gateway.web.route import reply

STATUS: Mapping[type[GatewayError], int] = {
    UnknownTarget: 404,
    UnknownCall: 404,
    UnknownAlarm: 404,
    UnknownNotice: 404,
    NothingToErase: 404,
    NotSupported: 404,
    UnknownToken: 404,
    WrongInput: 422,
    UnknownWindow: 422,
    CallRefused: 422,
    NoticeRefused: 422,
    NotErasable: 422,
    CommandRejected: 422,
    AlarmRefused: 409,
    CallConflict: 409,
    NoticeConflict: 409,
    CommandConflict: 409,
    NameTaken: 409,
    TokenExpired: 401,
    Forbidden: 403,
    JournalError: 503,
    NoSuchPerson: 404,
    PersonUnreadable: 503,
}


UNREADABLE = "tokens cannot be checked or changed now; the log of the gateway says why"


class Problem(GatewayError):
    """A request that cannot be answered as asked; `more` are further members of the problem."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.headers, self.more = status, headers or {}, more


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a problem where a known error comes up. A bug is left to aiohttp: logged, and a bare 500."""
    try:
        return await handler(request)
    except Problem as error:
        return _answer(error, request)
    except TokensUnreadable:  # logged where it came up; the path is nobody's business
        return _answer(Problem(503, UNREADABLE), request)
    except tuple(STATUS) as error:
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        problem = Problem(status, str(error))
        if isinstance(error, JournalError) and request.method == "POST":
            problem.more["recorded"] = False
        return _answer(problem, request)
    except web.HTTPException as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _answer(Problem(error.status, _sentence(error, request), headers=allowed), request)


def _sentence(error: web.HTTPException, request: web.Request) -> str:
    """What aiohttp raises by itself, said in our words."""
    if isinstance(error, web.HTTPNotFound):
        return f"there is nothing at {request.path:.100}"
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not allowed here; allowed: {', '.join(sorted(error.allowed_methods))}"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"the body has more than {request.client_max_size} bytes"
    return error.reason


def _answer(problem: Problem, request: web.Request) -> web.Response:
    """As problem details; `instance` is the path that was asked, without its query, which can hold a key."""
    title = HTTPStatus(problem.status).phrase
    members = {"type": "about:blank", "title": title, "status": problem.status, "detail": str(problem)}
    members["instance"] = request.rel_url.raw_path
    response = reply({**members, **problem.more}, status=problem.status, media_type="application/problem+json")
    response.headers.update(problem.headers)
    return response
