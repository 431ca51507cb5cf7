"""Whether a browser was sent here by our own page: what a cookie alone may ask must not be another site's doing."""

from urllib.parse import urlsplit

from aiohttp import web


def ours(request: web.Request) -> bool:
    """Whether the browser vouches for it: `Sec-Fetch-Site` (W3C Fetch Metadata, 2.3), which it sends over TLS and on
    this machine only; else `Origin` (RFC 6454, 7), which it sends with every POST.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc.lower() == request.host.lower() != ""
    except ValueError:
        return False
