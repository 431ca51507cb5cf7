"""HTTP with Digest to one device: bounded answers, no request sent twice by itself, and no password tried again."""

import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import aiohttp

from drivers.access.hikvision import codec
from drivers.access.hikvision.config import HikvisionConfig
from drivers.shared.text import printable
from gateway.core.errors import AuthFailed, CommandRejected, DeviceBusy, DeviceOffline, NotSupported, ProtocolError

CHUNK = 65536
TIMES = 10
"""How many times as long as a device may be silent a whole answer may take."""
XML, JSON = "application/xml", "application/json"


class Once:
    """Lets one request through: aiohttp sends a GET or PUT again when its answer was lost, and opens a door twice."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self._sent:
            raise DeviceOffline("it hung up in the middle of an answer")
        self._sent = True
        return await handler(request)


async def challenge_only(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let go of an answer that wants a login: its head says all, and nobody reads or closes the rest."""
    response = await handler(request)
    if response.status == 401:
        response.close()
    return response


class Client:
    """Asks one device. Every request brings its own login: some firmware takes a nonce once only."""

    def __init__(self, session: aiohttp.ClientSession, config: HikvisionConfig, password: str) -> None:
        self._session, self._config = session, config
        self._login = aiohttp.DigestAuthMiddleware(config.username, password, preemptive=False)
        self._refused = False

    async def ask(self, method: str, path: str, body: bytes = b"", media_type: str = XML) -> bytes:
        """The answer to one request.

        Raises AuthFailed, at once for every request after the first of them: five wrong tries lock an account.
        Raises DeviceOffline, DeviceBusy, ProtocolError; CommandRejected, NotSupported for what the device refuses.
        """
        headers = {"Content-Type": media_type} if body else {}
        with _said():
            silent_s = self._config.timeout_s
            limit = aiohttp.ClientTimeout(total=TIMES * silent_s, sock_connect=silent_s, sock_read=silent_s)
            async with self._request(method, path, data=body or None, headers=headers, timeout=limit) as response:
                data = await _bounded(response)
        if response.status == 200:
            return data
        why = f"{path.partition('?')[0]}: {codec.refusal(data) or 'refused'} (HTTP {response.status})"
        raise {404: NotSupported, 503: DeviceBusy}.get(response.status, CommandRejected)(why)

    async def read(self, path: str, body: bytes = b"") -> bytes:
        """The answer to a question that a device must be able to answer. Raises ProtocolError where it cannot."""
        try:
            return await self.ask("POST" if body else "GET", path, body, JSON)
        except (CommandRejected, NotSupported) as error:
            raise ProtocolError(str(error)) from error

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncGenerator[aiohttp.StreamReader]:
        """An answer without an end."""
        limit = aiohttp.ClientTimeout(total=None, sock_connect=self._config.timeout_s)
        with _said():
            async with self._request("GET", path, timeout=limit) as response:
                if response.status != 200:
                    raise ProtocolError(f"{path}: HTTP {response.status}")
                yield response.content

    @asynccontextmanager
    async def _request(self, method: str, path: str, **more: object) -> AsyncGenerator[aiohttp.ClientResponse]:
        if self._refused:
            raise AuthFailed(f"{self._config.address} refused the password of {self._config.username}")
        url, way = self._config.address + path, (Once(), self._login, challenge_only)
        async with self._session.request(method, url, allow_redirects=False, middlewares=way, **more) as response:  # type: ignore[arg-type]  # its own keywords
            if response.status == 401:
                if "stale=true" in response.headers.get("WWW-Authenticate", "").lower():
                    raise DeviceBusy(f"{self._config.address} takes no login just now")  # the password was right
                self._refused = True
                raise AuthFailed(f"{self._config.address} refuses the password of {self._config.username}")
            yield response


@asynccontextmanager
async def connected(config: HikvisionConfig, password: str) -> AsyncGenerator[Client]:
    """What asks the device until left. Raises AuthFailed for a CA file that is none."""
    connector = aiohttp.TCPConnector(force_close=True, ssl=_tls(config))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Client(session, config, password)


@contextmanager
def _said() -> Generator[None]:
    """Say what went wrong on the wire as a driver says it."""
    try:
        yield
    except TimeoutError as error:
        raise DeviceOffline("it did not answer in time") from error
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
        raise DeviceOffline("it hung up in the middle of an answer") from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise DeviceOffline(printable(str(error), 200) or "the connection was lost") from error
    except (aiohttp.ClientError, ValueError) as error:  # a nonce that is no text is a ValueError
        raise ProtocolError(printable(str(error), 200) or "no HTTP") from error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    data = b""
    while chunk := await response.content.read(CHUNK):
        data += chunk
        if len(data) > codec.MOST:
            raise ProtocolError(f"an answer of more than {codec.MOST} bytes")
    return data


def _tls(config: HikvisionConfig) -> ssl.SSLContext | bool:
    if not config.address.startswith("https:"):
        return True
    try:
        return ssl.create_default_context(cafile=config.ca)
    except OSError as error:
        raise AuthFailed(f"ca: {config.ca} has no certificate in PEM form that can be read") from error
