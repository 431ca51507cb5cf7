"""The gateway's own HTTP client: what the command line asks of a running gateway."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp

from gateway.core.errors import GatewayError, WrongInput

log = logging.getLogger("gateway")
URL = re.compile(
    r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[^\s?#]*)?|https?://\[[0-9a-fA-F:]+\](:[0-9]{1,5})?(/[^\s?#]*)?"
)
ANSWERS_S = 0.5
"""How often a gateway that does not answer yet is asked again."""
ANSWER = aiohttp.ClientTimeout(total=15)


class Client:
    """A session with one gateway."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url.rstrip("/")

    async def get(self, path: str) -> Any:
        """GET below /api/v1. Raises GatewayError with the gateway's own sentence."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON below /api/v1. Raises GatewayError with the gateway's own sentence."""
        return await self._ask("POST", path, body)

    async def answers(self) -> None:
        """Wait until the gateway answers, with this token; the log tells once why it does not."""
        said = False
        while True:
            try:
                await self.get("/windows")
                return
            except GatewayError as error:
                if not said:
                    log.warning("waiting for the gateway: %s", error)
                said = True
            await asyncio.sleep(ANSWERS_S)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        try:
            async with self._session.request(method, f"{self._url}/api/v1{path}", json=body) as answer:
                content: Any = await answer.json(content_type=None)
        except aiohttp.ClientConnectorError as error:
            raise GatewayError(f"{self._url} does not answer: {error.os_error.strerror or error.os_error}") from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise GatewayError(f"{self._url} does not answer: {error or type(error).__name__}") from error
        if answer.status >= 400:
            told = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
            raise GatewayError(f"{answer.status}: {told.get('detail') or answer.reason}")
        return content


def ask(url: str, token: str, question: Callable[[Client], Awaitable[Any]]) -> Any:
    """Ask the gateway something, out of no event loop. Raises GatewayError with its own sentence."""

    async def asked() -> Any:
        async with connect(url, token) as client:
            return await question(client)

    return asyncio.run(asked())


@asynccontextmanager
async def connect(url: str, token: str) -> AsyncGenerator[Client]:
    """A session that carries this token. Raises WrongInput where `url` is none."""
    if not URL.fullmatch(url):
        raise WrongInput(f"--url: {url!r:.100} must be http://HOST:PORT or https://HOST:PORT")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=ANSWER) as session:
        yield Client(session, url)
