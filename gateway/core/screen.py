"""What a screen is asked to show: one vocabulary for every display driver and for `gateway/calls`."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

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


MOST = 500
"""Characters of a text on a screen: the longest notice that anybody reads to its end."""
Text = Annotated[str, msgspec.Meta(max_length=MOST)]


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `show`: a single paragraph of Unicode text.

    `shorter` are other ways of saying it, tried in their order where the text does not fit even in the smallest
    letters of the screen. `attention`: a screen that can blink by itself does so for 3 s when this is new on it.
    """

    text: Text
    colour: Colour = Colour.RED
    fit: Fit = Fit.WHOLE
    shorter: Annotated[tuple[Text, ...], msgspec.Meta(max_length=4)] = ()
    attention: bool = False


class Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `power`: whether a screen shows anything at all."""

    on: bool


class Brightness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `brightness`: of the brightest that the screen can, 1 to 100."""

    percent: Annotated[int, msgspec.Meta(ge=1, le=100)]


class SetClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`set_clock` has no parameters: the device gets the gateway's time, in its own zone."""


class Speak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `speak`: said `repeat` times, `volume` of the loudest in percent.

    `language` is that of the text, for devices that have a voice for each.
    """

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    repeat: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    volume: Annotated[int, msgspec.Meta(ge=0, le=100)] = 80
    language: Literal["zh", "en"] = "zh"


class Play(Speak, frozen=True, forbid_unknown_fields=True):
    """The parameters of `speak` where the device can also play what the gateway has rendered.

    `audio` is its name on the field listener, for a device that has no voice of its own; empty: there is none.
    """

    audio: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32}\.wav)?$")] = ""


class BoardRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One called number: `window` is what people call the window, `name` is masked already.

    `priority` is the tag beside the number of who comes before others, in the words that people know; empty for most.
    """

    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    ticket: Annotated[str, msgspec.Meta(max_length=32)]
    window: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    priority: Annotated[str, msgspec.Meta(max_length=16)] = ""
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class Over(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text over the whole of a board, in place of all that it lists."""

    text: Text
    colour: Colour = Colour.RED


MOST_LEAFLETS, MOST_LINES, MOST_COLUMNS = 6, 12, 4
Column = Annotated[str, msgspec.Meta(max_length=80)]


class Leaflet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something to read while one waits: a heading over lines of short columns, or over a picture.

    `picture` is the name of one that the site file brings; what shows no pictures leaves such a leaflet out.
    """

    title: Annotated[str, msgspec.Meta(max_length=80)] = ""
    rows: Annotated[
        tuple[Annotated[tuple[Column, ...], msgspec.Meta(max_length=MOST_COLUMNS)], ...],
        msgspec.Meta(max_length=MOST_LINES),
    ] = ()
    picture: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9-]{1,40}\.(png|jpg|webp))?$")] = ""


class Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters of the verb `board`: the last called numbers, the newest first, and a line for everybody.

    `size` is for how many rows there is room, so that the letters keep their size while there are fewer. `leaflets`
    never hide a call: they take turns in the room beside the calls, and have all of it while there is none.
    """

    title: Annotated[str, msgspec.Meta(max_length=80)] = ""
    rows: Annotated[tuple[BoardRow, ...], msgspec.Meta(max_length=20)] = ()
    size: Annotated[int, msgspec.Meta(ge=1, le=20)] = 8
    notice: Text | None = None
    over: Over | None = None
    leaflets: Annotated[tuple[Leaflet, ...], msgspec.Meta(max_length=MOST_LEAFLETS)] = ()


BLANKS: tuple[msgspec.Struct, ...] = (Show(""), Board())
"""Nothing, in each kind of content that a screen may be asked to show."""
