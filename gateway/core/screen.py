"""What a screen is asked to show: one vocabulary for every display driver and for `gateway/calls`."""

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
