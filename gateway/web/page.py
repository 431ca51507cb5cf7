"""The status page: made whole on the server; static/status.js fetches it again and swaps what changed."""

from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.web import alarms_panel, doors_panel, panels
from gateway.web.markup import tag
from gateway.web.problems import Problem
from gateway.web.services import Services

HERE = Path(__file__).parent
PAGE = Template((HERE / "pages/page.html").read_text(encoding="utf-8"))
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = [path for path in (HERE / "static").iterdir() if path.suffix in MEDIA]
STATIC = {path.name: (path.read_bytes(), MEDIA[path.suffix]) for path in FILES}


async def page(_request: web.Request, services: Services) -> web.Response:
    """The page."""
    zone = ZoneInfo(services.site.general.site.timezone)
    text = PAGE.substitute(
        site=tag("span", services.site.general.site.name),
        who=panels.who(services),
        about=panels.about(services, zone),
        summary=panels.summary(services, zone),
        alarms=alarms_panel.alarms(services, zone),
        windows=panels.windows(services),
        doors=await doors_panel.doors(services, zone),
        calls=await panels.calls(services, zone),
        devices=panels.devices(services, zone),
    )
    return web.Response(text=text, content_type="text/html")


async def static(request: web.Request, _services: Services) -> web.Response:
    """The files of the page."""
    name = request.match_info["name"]
    if name not in STATIC:
        raise Problem(404, f"there is no file {name:.60}")
    body, media_type = STATIC[name]
    return web.Response(body=body, content_type=media_type, charset="utf-8")
