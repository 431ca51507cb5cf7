"""What somebody may do: every route and every verb names one of these."""

from enum import StrEnum


class Right(StrEnum):
    """A right. docs/reference/people.md tells which role has which."""

    VIEW = "view"
    CALL = "call"
    COMMAND = "command"
    SCREEN = "screen"
