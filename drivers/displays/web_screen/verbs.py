"""What a waiting-area screen offers: its points, its verbs, and the parameters that only it has."""

from typing import Annotated

import msgspec

from gateway.core.model import PartKind, Point, Verb
from gateway.core.screen import Board, Play, Power, Show

POINTS = (
    Point("text", "text", "what it shows: its text, or the tickets of its board, the newest first"),
    Point("colour", "text", "the colour of its text; empty for a board"),
    Point("last_rev", "integer", "the revision that it has on the glass"),
    Point("rendered_at", "text", "when that came onto the glass, by the gateway's clock"),
    Point("render_ms", "number", "from its arrival to the glass", "ms"),
    Point("build", "text", "which version of the page runs"),
    Point("viewport", "text", "the size of the page in CSS pixels"),
    Point("fps", "number", "frames that the browser draws", "1/s"),
    Point("speech", "text", "its voice: ready, no voice (no Chinese one), none, hung, or needs a touch"),
    Point("stale", "boolean", "whether it shows something older than the newest, or its banner"),
    Point("intact", "boolean", "whether its document has what it was sent"),
    Point("clients", "integer", "pages that are open, those in the background too"),
)


class Identify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `identify`."""

    seconds: Annotated[float, msgspec.Meta(ge=1, le=600)] = 15


class Reload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reload` has no parameters."""


DEVICE = PartKind(
    points=POINTS,
    verbs=(
        Verb(name="board", meaning="show the last called numbers", params=Board, desired=True),
        Verb(name="show", meaning="show a text; beside a board, as its notice", params=Show, desired=True),
        Verb(name="power", meaning="show anything at all, or black", params=Power, desired=True),
        Verb(name="identify", meaning="show its id in large letters", params=Identify),
        Verb(name="speak", meaning="say something, behind what is being said", params=Play),
        Verb(name="reload", meaning="load the page anew", params=Reload),
    ),
)
