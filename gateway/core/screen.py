"""What a screen is asked to show: one vocabulary for every display driver and for `gateway/calls`."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec


class Colour(StrEnum):
    """The colours that every two-colour LED card has."""

    RED = "red"
    GREEN = "green"
    YELLOW = "yellow"


class Fit(StrEnum):
    """What to do with a text that is longer than the screen."""

    WHOLE = "whole"
    """Refuse it: a called number never scrolls."""
    SCROLL = "scroll"
    """Let it scroll."""


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `show`: a single paragraph of Unicode text, at most 200 characters."""

    text: Annotated[str, msgspec.Meta(max_length=200)]
    colour: Colour = Colour.RED
    fit: Fit = Fit.WHOLE


class BoardRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One called number: `window` is what people call the window, `name` is masked already."""

    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    ticket: Annotated[str, msgspec.Meta(max_length=32)]
    window: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters of the verb `board`: the last called numbers, the newest first, and a line for everybody.

    `size` is for how many rows there is room, so that the letters keep their size while there are fewer.
    """

    title: Annotated[str, msgspec.Meta(max_length=80)] = ""
    rows: Annotated[tuple[BoardRow, ...], msgspec.Meta(max_length=20)] = ()
    size: Annotated[int, msgspec.Meta(ge=1, le=20)] = 8
    notice: Annotated[str, msgspec.Meta(max_length=200)] | None = None
