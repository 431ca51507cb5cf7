"""Which rows somebody may see: narrowed in the query, so that pages stay full and nothing is told by its absence."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Table, and_, func, not_, or_

from gateway.core.access import DURESS
from gateway.core.model import Retention
from gateway.journal.facets import Facet

Place = tuple[str, str]
"""A part of a device, by their ids."""


class Scope(msgspec.Struct, frozen=True):
    """`devices` None is everything; else the rows of these devices, and the calls to these windows.

    `without` are the classes of rows that are left out. `parts` belong to it though their device does not, and
    `foreign` do not though their device does: a door may lead to another zone than its controller stands in.
    `quiet`: with what tells of duress.
    """

    devices: frozenset[str] | None = None
    windows: frozenset[str] = frozenset()
    without: frozenset[Retention] = frozenset()
    parts: frozenset[Place] = frozenset()
    foreign: frozenset[Place] = frozenset()
    quiet: bool = True

    def conditions(self, table: Table) -> list[ColumnElement[bool]]:
        """What a row of the journal must fulfil."""
        found: list[ColumnElement[bool]] = []
        if self.without:
            found.append(table.c["class"].not_in(sorted(self.without)))
        if not self.quiet:
            found.append(_nothing_quiet(table))
        if self.devices is not None:
            own: ColumnElement[bool] = table.c.device.in_(sorted(self.devices))
            if self.foreign:
                own = and_(own, or_(table.c.part.is_(None), not_(or_(*_of(table, self.foreign)))))
            calls = (_called(table, window) for window in sorted(self.windows))
            found.append(or_(own, *_of(table, self.parts), *calls))
        return found


EVERYTHING = Scope()


def _of(table: Table, parts: Iterable[Place]) -> list[ColumnElement[bool]]:
    """What the rows of these parts fulfil: one condition for each device."""
    by_device: dict[str, list[str]] = {}
    for device, part in sorted(parts):
        by_device.setdefault(device, []).append(part)
    return [and_(table.c.device == device, table.c.part.in_(own)) for device, own in by_device.items()]


def _nothing_quiet(table: Table) -> ColumnElement[bool]:
    """Of class access are the events of devices that tell of duress, and of alarms only those that are quiet."""
    told = or_(table.c.type.startswith("alarm."), func.coalesce(Facet("reason"), "") == DURESS)
    return not_(and_(table.c["class"] == Retention.ACCESS, told))


def _called(table: Table, window: str) -> ColumnElement[bool]:
    """A call is of no device, and flat. Payloads are canonical JSON: in a text, every quotation mark has a backslash
    before it, so that no ticket can pass for a key.
    """
    named = table.c.payload.contains(f'"window":"{window}"', autoescape=True)
    return and_(table.c.device.is_(None), table.c.type.startswith("call."), named)
