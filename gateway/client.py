"""The gateway's own HTTP client: what the command line asks of a running gateway."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp

from gateway.core.errors import GatewayError, WrongInput

log = logging.getLogger("gateway")
URL = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(?P<port>:[0-9]{1,5})?(?:/[^\s?#]*)?")
MOST_PORT = 65535
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
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise GatewayError(unanswered(self._url, error)) from error
        if answer.status >= 400:
            told = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
            raise GatewayError(f"{answer.status}: {told.get('detail') or answer.reason}")
        return content


def unanswered(url: str, error: Exception) -> str:
    """Why a question to this address had no answer that can be read, in one sentence."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", None) or error.certificate_error
        return f"the certificate of {url} is not trusted: {why}; the variable SSL_CERT_FILE names the file of its CA"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{url} does not speak TLS as it should; a gateway without a proxy before it is http://"
    if isinstance(error, aiohttp.ClientConnectorError):
        found = error.os_error  # its own text holds addresses as Python writes them
        why = os.strerror(found.errno) if found.errno and found.errno > 0 else found.strerror or found
        return f"{url} does not answer: {why}"
    if isinstance(error, ValueError | aiohttp.ClientResponseError):
        return f"what answers at {url} is no hall-gateway; name its console, such as http://127.0.0.1:8080"
    if isinstance(error, aiohttp.ServerDisconnectedError) and url.startswith("http:"):
        return f"{url} hangs up without an answer: it may be https://"
    return f"{url} does not answer: {error or 'it takes too long'}"


def checked(url: str, what: str) -> str:
    """The address of a gateway, which the command line calls `what`. Raises WrongInput where it is none."""
    found = URL.fullmatch(url)
    if found is None or int((found["port"] or ":0")[1:]) > MOST_PORT:
        raise WrongInput(f"{what}: {url!r:.100} must be http://HOST:PORT or https://HOST:PORT")
    return url


def ask(url: str, token: str, question: Callable[[Client], Awaitable[Any]]) -> Any:
    """Ask the gateway something, out of no event loop. Raises GatewayError with its own sentence."""

    async def asked() -> Any:
        async with connect(url, token) as client:
            return await question(client)

    return asyncio.run(asked())


@asynccontextmanager
async def connect(url: str, token: str) -> AsyncGenerator[Client]:
    """A session that carries this token. Raises WrongInput where `url` is none."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=ANSWER) as session:
        yield Client(session, checked(url, "--url"))
