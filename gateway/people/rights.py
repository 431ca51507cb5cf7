"""Who asks, and what they may do: roles are sets of rights."""

from enum import StrEnum

import msgspec

from gateway.core.rights import Right


class Role(StrEnum):
    """A set of rights."""

    QUEUE = "queue"
    ADMIN = "admin"
    SCREEN = "screen"


RIGHTS = {
    Role.QUEUE: frozenset({Right.VIEW, Right.CALL}),
    Role.ADMIN: frozenset(Right) - {Right.SCREEN},
    Role.SCREEN: frozenset({Right.SCREEN}),
}


class Principal(msgspec.Struct, frozen=True):
    """Who asks: the name that the audit shows, and the role. `screen` is the one screen of the role `screen`."""

    name: str
    role: Role
    screen: str | None = None

    def may(self, right: Right) -> bool:
        """Whether the role has this right."""
        return right in RIGHTS[self.role]

    def shows(self, screen: str) -> bool:
        """Whether this is the key of that screen: it is good for the page of its own screen, and for nothing else."""
        return self.may(Right.SCREEN) and self.screen == screen
