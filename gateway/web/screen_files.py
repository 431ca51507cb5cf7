"""What the page of a screen loads: its scripts, styles and fonts, and the pictures of the site. All in memory."""

import hashlib
from pathlib import Path
from string import Template

from aiohttp import web

from gateway.web.problems import Problem
from gateway.web.services import Services

HERE = Path(__file__).parent / "screen"
MEDIA = {".css": "text/css", ".js": "text/javascript"}
SHEETS = [path for path in sorted([*HERE.iterdir(), HERE / "fonts/fonts.css"]) if path.suffix in MEDIA]
FILES = {path.name: (path.read_bytes(), MEDIA[path.suffix]) for path in SHEETS}
FONTS = {path.name: path.read_bytes() for path in HERE.glob("fonts/*.woff2")}
PAGE = Template((HERE / "page.html").read_text(encoding="utf-8"))
BUILD = hashlib.sha256(b"".join([*(body for body, _ in FILES.values()), PAGE.template.encode()])).hexdigest()[:12]
WORKER = "worker.js"
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""Their names have a hash of what is in them."""


async def file(request: web.Request, _services: Services) -> web.StreamResponse:
    """A script or a style. The worker may keep the page itself, which is not below its folder."""
    name = request.match_info["name"]
    if name not in FILES:
        raise Problem(404, f"there is no file {name:.60}")
    body, media_type = FILES[name]
    headers = {"Service-Worker-Allowed": f"/screens/{request.match_info['id']}"} if name == WORKER else {}
    return web.Response(body=body, content_type=media_type, charset="utf-8", headers=headers)


async def font(request: web.Request, _services: Services) -> web.StreamResponse:
    """A part of the font."""
    name = request.match_info["name"]
    if name not in FONTS:
        raise Problem(404, f"there is no font {name:.60}")
    return web.Response(body=FONTS[name], content_type="font/woff2", headers=FOR_EVER)
