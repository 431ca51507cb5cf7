"""Whether the promises can be tried at all: address, token, window. Nothing is shown or spoken here."""

from typing import TypeVar

import msgspec

from gateway.client import checked
from gateway.conformance.probe import Probe, Unmet
from gateway.core.errors import GatewayError, WrongInput
from gateway.core.known import unknown
from gateway.core.rights import Right

FoundT = TypeVar("FoundT")
LONG_AGO = "2026-01-01T00:00:00Z"
MAKES_ONE = "hall-gateway token new SITE NAME --role queue makes one"


class _Window(msgspec.Struct):
    window: str
    status: str


class _Windows(msgspec.Struct):
    windows: list[_Window]


class _Me(msgspec.Struct):
    name: str
    role: str
    rights: list[str]


async def check_setup(queue: Probe, *, aloud: bool) -> None:
    """Find what the person who asks must mend first. Raises WrongInput, which says what and how.

    Raises GatewayError where the gateway answers that it cannot answer now.
    """
    checked(queue.url, "URL")
    found, me = await _told(queue, "/windows", _Windows), await _told(queue, "/me", _Me)
    if Right.CALL not in me.rights:
        raise WrongInput(f"the token {me.name!r} has the role {me.role}, which may not call; {MAKES_ONE}")
    windows = {row.window: row for row in found.windows}
    if queue.window not in windows:
        raise WrongInput(f"--window: {unknown(queue.window, windows, 'window')}")
    if windows[queue.window].status == "closed":
        raise WrongInput(f"--window: {queue.window} is closed; send it a resume, or name another window")
    if not aloud:
        await _unheard(queue)


async def _told(queue: Probe, path: str, kind: type[FoundT]) -> FoundT:
    try:
        answer = await queue.get(path)
    except Unmet as error:
        raise WrongInput(str(error)) from error
    detail = answer.body.get("detail")
    if answer.status in (401, 403) and detail:
        raise WrongInput(f"the token is refused: {detail}; {MAKES_ONE}")
    if answer.status in (429, 503) and detail:
        raise GatewayError(f"{queue.url} cannot answer now: {detail}")
    try:
        if answer.status == 200:
            return msgspec.convert(answer.body, kind)
        seen = str(answer.status)
    except msgspec.ValidationError:
        seen = "something else"
    raise WrongInput(
        f"{queue.url} is not the console of a hall-gateway: it answers GET /api/v1{path} with {seen};"
        " give its address, such as http://127.0.0.1:8080"
    )


async def _unheard(queue: Probe) -> None:
    """Ask by a call that was over before it came: it is neither shown nor spoken. Raises WrongInput."""
    answer = await queue.post(queue.body(at=LONG_AGO, ttl_s=5))
    if areas := answer.body.get("voice"):
        raise WrongInput(
            f"window {queue.window} is heard in the voice area {', '.join(areas)}: about 80 numbers that nobody has"
            " would be spoken there; name a window that no area hears, or give --aloud"
        )
