"""What the person who asks must mend first is told in one sentence, before any promise is tried."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from authority import Authority
from child import free_port
from webhall import BoardConfig, WebHall, web_hall

from gateway.calls.config import WindowConfig
from gateway.conformance.run import Outcome, prove
from gateway.core.errors import GatewayError, WrongInput
from gateway.people.rights import Role


def nothing(outcome: Outcome | str) -> None:
    pytest.fail(f"something was tried: {outcome}")


@asynccontextmanager
async def served(answers: Handler, context: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answers)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def refused(url: str, key: str = "hall_x", window: str = "w01") -> str:
    with pytest.raises(WrongInput) as error:
        await prove(url, window=window, token=key, told=nothing, cleared=nothing)
    return str(error.value)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[WebHall]:
    board = BoardConfig(id="led-01", driver="test.board")
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    async with web_hall(tmp_path, devices=[board], windows=[window]) as hall:
        yield hall


@pytest.mark.parametrize("url", ["hall", "ftp://hall", "http://hall:99999", "http://a b"])
async def test_what_is_no_url_is_told(url: str) -> None:
    assert await refused(url) == f"URL: {url!r} must be http://HOST:PORT or https://HOST:PORT"


async def test_an_address_where_nobody_listens_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert await refused(url) == f"{url} does not answer: Connection refused"


async def test_a_listener_that_is_not_the_console_is_told(hall: WebHall) -> None:
    assert "is not the console of a hall-gateway: it answers GET /api/v1/windows with 404" in await refused(hall.field)
    assert "give its address, such as http://127.0.0.1:8080" in await refused(hall.url + "/api/v1", hall.queue)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="welcome"),
        lambda: web.json_response({"windows": "all shut"}),
        lambda: web.Response(status=301, headers={"Location": "https://elsewhere/"}),
    ],
)
async def test_another_server_is_no_hall_gateway(answer: Callable[[], web.Response]) -> None:
    async def answers(_: web.Request) -> web.Response:
        return answer()

    async with served(answers) as url:
        assert f"{url} is not the console of a hall-gateway" in await refused(url)


async def test_tls_that_cannot_be_trusted_is_told_with_what_helps(tmp_path: Path) -> None:
    made = Authority(tmp_path / "ca").issue("hall", "IP:127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*made)

    async def answers(_: web.Request) -> web.Response:
        return web.Response()

    async with served(answers, context) as url:
        said = await refused(url.replace("http:", "https:"))
        assert "is not trusted: " in said
        assert said.endswith("; the variable SSL_CERT_FILE names the file of its CA")
        assert await refused(url) == f"{url} hangs up without an answer: it may be https://"


async def test_what_speaks_no_http_is_told() -> None:
    async def greets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        writer.close()

    async with await asyncio.start_server(greets, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await refused(url)).startswith(f"what answers at {url} is no hall-gateway; name its console, such as ")


async def test_https_to_a_gateway_without_tls_is_told(hall: WebHall) -> None:
    said = await refused(hall.url.replace("http:", "https:"))
    assert said.endswith("does not speak TLS as it should; a gateway without a proxy before it is http://")


async def test_a_token_that_is_no_good_is_told_with_how_to_make_one(hall: WebHall) -> None:
    made = "; hall-gateway token new SITE NAME --role queue makes one"
    assert await refused(hall.url) == f"the token is refused: this token is unknown{made}"
    said = await refused(hall.url, hall.token(Role.VIEWER))
    assert said == f"the token 'viewer 2' has the role viewer, which may not call{made}"
    screen = hall.services.tokens.new("page", Role.SCREEN, screen="led-01")
    assert await refused(hall.url, screen) == (
        f"the token is refused: page has the role screen, which lacks the right view{made}"
    )


async def test_an_unknown_window_is_told_with_those_there_are(hall: WebHall) -> None:
    said = await refused(hall.url, hall.queue, window="w1")
    assert said == "--window: there is no window 'w1' (did you mean 'w01'?); there are: w01"


async def test_a_closed_window_is_told(hall: WebHall) -> None:
    await hall.call("q-1", ticket=None, kind="close")
    said = await refused(hall.url, hall.queue)
    assert said == "--window: w01 is closed; send it a resume, or name another window"


async def test_a_gateway_that_cannot_answer_now_has_not_been_asked_wrongly() -> None:
    async def answers(_: web.Request) -> web.Response:
        return web.json_response({"detail": "the tokens cannot be checked"}, status=503)

    async with served(answers) as url:
        with pytest.raises(GatewayError, match="cannot answer now: the tokens cannot be checked") as error:
            await prove(url, window="w01", token="t", told=nothing, cleared=nothing)
    assert not isinstance(error.value, WrongInput)
