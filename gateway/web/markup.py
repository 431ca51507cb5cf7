"""HTML that cannot forget to escape: only what `tag` made is HTML, every other text is text."""

from html import escape

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
