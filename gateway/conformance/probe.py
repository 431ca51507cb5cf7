"""Asks the calls API as a queue system would, and keeps what it answered and how long that took."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import msgspec

from gateway.client import unanswered
from gateway.core.errors import GatewayError

ANSWER_S = 15.0
SHOWS = ("call", "recall")  # the kinds that show a number
LOOK_S = 0.05  # between two looks at what is waited for


class Answer(NamedTuple):
    """What came back: `body` is empty where it was no JSON object."""

    status: int
    body: Mapping[str, Any]
    took_ms: float

    def __str__(self) -> str:
        detail = self.body.get("detail")
        return f"{self.status}" + (f", {detail}" if detail else "")


class Unmet(GatewayError):
    """The site did something else than its documents say."""


class Probe:
    """A queue system that calls to one window. `called` are the numbers that may be on screens, in their order."""

    def __init__(self, session: aiohttp.ClientSession, url: str, *, window: str, token: str) -> None:
        self._session, self.url, self._token = session, url.rstrip("/"), token
        self.window, self.run = window, secrets.token_hex(4)
        self.called: dict[str, None] = {}
        self._calls = 0

    def body(self, ticket: str | None = "Z001", **fields: Any) -> dict[str, Any]:
        """A call that nobody made before."""
        self._calls += 1
        named = {"ticket": ticket} if ticket is not None else {}
        return {"call_id": f"conformance-{self.run}-{self._calls}", "window": self.window, **named, **fields}

    async def post(self, body: Mapping[str, Any] | bytes, *, token: str | None = None) -> Answer:
        """POST /calls. Raises Unmet when the site does not answer."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        number = None if isinstance(body, bytes) or body.get("kind", "call") not in SHOWS else body.get("ticket")
        fresh = number is not None and number not in self.called
        if number is not None:
            self.called[number] = None  # before: an answer that never comes says nothing
        answer = await self._ask("POST", "/calls", data, self._token if token is None else token)
        if number is not None and fresh and 400 <= answer.status < 500:
            del self.called[number]
        return answer

    async def get(self, path: str) -> Answer:
        """GET below /api/v1."""
        return await self._ask("GET", path, None, self._token)

    async def shows(self, ticket: str | None, within_s: float) -> None:
        """Wait until the window says that it shows this number, or none. Raises Unmet."""

        async def look() -> bool:
            found = (await self.get("/windows")).body.get("windows", [])
            return next((row.get("ticket") for row in found if row.get("window") == self.window), "") == ticket

        await self.until(look, within_s, f"window {self.window} does not show {ticket or 'its function'}")

    async def until(self, look: Callable[[], Any], within_s: float, unmet: str) -> None:
        """Look until it is so. Raises Unmet."""
        end = time.monotonic() + within_s
        while not await look():
            if time.monotonic() > end:
                raise Unmet(f"{unmet} after {within_s:g} s")
            await asyncio.sleep(LOOK_S)

    async def _ask(self, method: str, path: str, data: bytes | None, token: str) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        began = time.monotonic()
        try:
            async with self._session.request(
                method, f"{self.url}/api/v1{path}", data=data, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unmet(unanswered(self.url, error)) from error
        return Answer(answer.status, _object(content), (time.monotonic() - began) * 1000)


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


@asynccontextmanager
async def probe(url: str, *, window: str, token: str) -> AsyncGenerator[Probe]:
    """A queue system with this token, until left."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
        yield Probe(session, url, window=window, token=token)
