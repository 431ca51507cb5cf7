"""The page of a waiting-area screen, on the field listener: its key becomes a cookie, its driver is behind an inlet.

The key is swapped by a page that goes on by itself, not by a redirect: a browser sends a SameSite=Strict cookie only
when the page that asks is of our site, and a kiosk begins at a page of its own (RFC 6265bis, 5.2; tested in chromium).
"""

import re
from string import Template

from aiohttp import web

from gateway.calls.rendering import NotRendered
from gateway.hub import Status
from gateway.people.attempts import TooManyTries
from gateway.people.token_file import TokensUnreadable
from gateway.people.tokens import TokenExpired
from gateway.web.answers import Health
from gateway.web.entrance import address
from gateway.web.inlets import exchange
from gateway.web.markup import tag
from gateway.web.origin import ours, over_tls
from gateway.web.problems import UNREADABLE, Problem
from gateway.web.route import reply
from gateway.web.screen_files import BUILD, FOR_EVER, HERE, PAGE
from gateway.web.services import Services
from gateway.web.sockets import converse
from gateway.wire.inlet import Kind

COOKIE = "hall_screen"
AGE_S = 400 * 86400  # the longest that browsers keep one: a screen that was switched off for a year still opens
AGAIN_S = "10"
GO_ON = Template((HERE / "go_on.html").read_text(encoding="utf-8"))
REFUSED = Template((HERE / "refused.html").read_text(encoding="utf-8"))
HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; media-src 'self'; "
    "worker-src 'self'; connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TALK = ("live", "poll")  # what a page says with its cookie alone


async def page(request: web.Request, services: Services) -> web.StreamResponse:
    """The page for who has the key; with a key in the address, the way in; else a page that says what is missing."""
    try:
        if "key" in request.query:
            return _swap(request, services, request.match_info["id"])
        if not _has_key(request, services):
            return _refused(401, "此屏幕需要密钥", "this screen needs its key: open the address that was set up for it")
    except TokensUnreadable:  # nobody stands before a screen who would load it again
        return _refused(503, "密钥暂时无法核对", UNREADABLE, {"Refresh": AGAIN_S})
    return _page(request, services)


def _page(request: web.Request, services: Services) -> web.Response:
    screen = request.match_info["id"]
    site = services.site.general.site
    name = tag("span", site.name)
    text = PAGE.substitute(title=name, site=name, screen=screen, zone=site.timezone, build=BUILD)
    response = web.Response(text=text, content_type="text/html", headers={"ETag": f'"{BUILD}"'})
    if HOST.fullmatch(request.host):  # browsers before CSP 3 do not count ws: as 'self'
        response.headers["Content-Security-Policy"] = POLICY.format(socket=f"ws://{request.host} wss://{request.host}")
    return response


async def live(request: web.Request, services: Services) -> web.StreamResponse:
    """The WebSocket of the page."""
    _admit(request, services)
    if not web.WebSocketResponse().can_prepare(request):
        raise Problem(400, "this address is for a WebSocket")
    inlet = services.house.inlets.find(Kind.SCREEN, request.match_info["id"])
    if inlet is None:
        raise Problem(503, "the driver of this screen is not ready, come again")
    return await converse(request, inlet, lambda: _still(request, services))


async def poll(request: web.Request, services: Services) -> web.StreamResponse:
    """The same messages for a page whose WebSocket does not work."""
    _admit(request, services)
    return await exchange(request, services.house.inlets, request.match_info["id"], Kind.SCREEN)


async def picture(request: web.Request, services: Services) -> web.StreamResponse:
    """A picture of the site file, for the screen that shows it."""
    _admit(request, services)
    screen, name = request.match_info["id"], request.match_info["name"]
    configs = [summary.config for summary in services.calls.boards.summaries.values()]
    for each in (config.map for config in configs if config.device == screen):
        if each is not None and each.name == name:
            return web.Response(body=each.data, content_type=each.media_type, headers=FOR_EVER)
    raise Problem(404, f"this screen shows no picture {name:.60}")


async def speech(request: web.Request, services: Services) -> web.StreamResponse:
    """What a page without a voice plays: rendered when it is asked for."""
    _admit(request, services)
    try:
        audio = await services.calls.voice.renderer.audio(request.match_info["name"], request.match_info["id"])
    except NotRendered as error:
        raise Problem(404, str(error)) from error
    return web.Response(body=audio, content_type="audio/wav")


async def alive(request: web.Request, services: Services) -> web.StreamResponse:
    """Whether a page of this screen is heard: for the watchdog of its box."""
    _admit(request, services)
    life = services.lives.get(request.match_info["id"])
    if life is None or life.view.status is not Status.ONLINE:
        raise Problem(503, "no page of this screen is heard")
    return reply(Health("ok"))


def _swap(request: web.Request, services: Services, screen: str) -> web.Response:
    """Keep the key as a cookie of this screen, and have the browser go on to the address without it."""
    key = request.query["key"]
    if not _opens(key, screen, services):
        try:
            services.people.turn_away(address(request), "unknown")
        except TooManyTries as error:
            again = str(error.wait_s)  # nobody stands before a screen who would press a key
            return _refused(429, "尝试次数过多", str(error), {"Retry-After": again, "Refresh": again})
        return _refused(403, "密钥无效", f"this key is unknown, or not for the screen {screen}")
    response = web.Response(text=GO_ON.substitute(screen=screen), content_type="text/html")
    path = f"/screens/{screen}"
    secure = over_tls(request)
    response.set_cookie(COOKIE, key, httponly=True, samesite="Strict", path=path, max_age=AGE_S, secure=secure)
    return response


def _admit(request: web.Request, services: Services) -> None:
    """Raises Problem 401 without the screen's key, 403 for a page of another site."""
    if not _has_key(request, services):
        raise Problem(401, "this screen needs its key")
    if request.path.rpartition("/")[2] in TALK and not ours(request):
        services.people.refused(address(request), "origin")
        raise Problem(403, "only a page of this gateway may ask")


def _has_key(request: web.Request, services: Services) -> bool:
    return _opens(request.cookies.get(COOKIE, ""), request.match_info["id"], services)


def _opens(key: str, screen: str, services: Services) -> bool:
    """Whether this is the key of that screen. Raises TokensUnreadable."""
    try:
        who = services.tokens.who(key)
    except TokenExpired:
        return False
    return who is not None and who.shows(screen)


def _still(request: web.Request, services: Services) -> bool:
    """Whether the key of an open page is valid; where that cannot be told it must come again."""
    try:
        return _has_key(request, services)
    except TokensUnreadable:
        return False


def _refused(status: int, chinese: str, english: str, headers: dict[str, str] | None = None) -> web.Response:
    text = REFUSED.substitute(chinese=tag("h1", chinese), english=tag("p", english))
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
