"""Who asks, and what they may do: roles are sets of rights, and a scope of zones narrows them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.core.model import Verb
from gateway.core.rights import Right


class Role(StrEnum):
    """A set of rights."""

    VIEWER = "viewer"
    FACILITIES = "facilities"
    SECURITY = "security"
    QUEUE = "queue"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SCREEN = "screen"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW, Right.PERSONS}),
    Role.FACILITIES: frozenset({Right.VIEW, Right.COMMAND, Right.ALARM}),
    Role.SECURITY: frozenset({Right.VIEW, Right.PERSONS, Right.ALARM, Right.UNMASK, Right.ENROL, Right.UNLOCK}),
    Role.QUEUE: frozenset({Right.VIEW, Right.CALL}),
    Role.AUDITOR: frozenset({Right.VIEW, Right.PERSONS, Right.AUDIT, Right.EXPORT}),
    Role.ADMIN: frozenset(Right) - {Right.SCREEN},  # who makes tokens can make any: to withhold more would be pretence
    Role.SCREEN: frozenset({Right.SCREEN}),
}


class Principal(msgspec.Struct, frozen=True):
    """Who asks: the name that the audit shows, and the role.

    `screen` is the one screen of the role `screen`. `zones` None is the whole hall; else only what stands in one of
    these zones exists, and what stands in no zone does not. Without a role it is an outlet that no person stands
    behind: it has no right, and may ask of devices what `allows` says, given device and verb.
    """

    name: str
    role: Role | None
    screen: str | None = None
    zones: frozenset[str] | None = None
    expires_at: datetime | None = None
    allows: Callable[[str, str], bool] | None = None

    def may(self, right: Right) -> bool:
        """Whether the role has this right."""
        return self.role is not None and right in RIGHTS[self.role]

    def may_ask(self, device: str, verb: Verb) -> bool:
        """Whether it may ask this verb of a device that it sees."""
        if self.role is None:
            return not verb.dangerous and self.allows is not None and self.allows(device, verb.name)
        return self.may(verb.right)

    def sees(self, zone: str | None) -> bool:
        """Whether what stands in this zone exists for it; None is no zone."""
        return self.zones is None or zone in self.zones

    def shows(self, screen: str) -> bool:
        """Whether this is the key of that screen: it is good for the page of its own screen, and for nothing else."""
        return self.may(Right.SCREEN) and self.screen == screen
