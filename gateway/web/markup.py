"""HTML that cannot forget to escape: only what `tag` made is HTML, every other text is text."""

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

VOID = frozenset({"img"})  # elements without an end


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *inside: str, **attributes: str) -> Html:
    """An element. In names of attributes a last `_` is dropped, any other becomes `-`."""
    marks = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{marks}>{join(*inside)}" + ("" if name in VOID else f"</{name}>"))


def join(*inside: str) -> Html:
    """Pieces one after the other."""
    return Html("".join(piece if isinstance(piece, Html) else escape(piece) for piece in inside))


def both(chinese: str, english: str) -> Html:
    """A word in both languages."""
    return join(chinese, " ", tag("small", english))


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A time as people of the site read it."""
    return f"{at.astimezone(zone):%m-%d %H:%M:%S}"
