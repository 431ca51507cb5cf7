"""How a browser came here: by our own page, or another site's; over TLS, or in the clear."""

from urllib.parse import urlsplit

from aiohttp import web


def ours(request: web.Request) -> bool:
    """Whether a page of ours asks: what a cookie alone may ask must not be another site's doing.

    The browser vouches for it: `Sec-Fetch-Site` (W3C Fetch Metadata, 2.3), which it sends over TLS and on
    this machine only; else `Origin` (RFC 6454, 7), which it sends with every POST.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc.lower() == request.host.lower() != ""
    except ValueError:
        return False


def over_tls(request: web.Request) -> bool:
    """Whether the browser speaks TLS, to a proxy before us: then a cookie is `Secure` (RFC 6265, 4.1.2.5).

    Any peer may say so: who forges it gets a cookie that their own browser does not send, and changes nothing else.
    """
    return request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower() == "https"
