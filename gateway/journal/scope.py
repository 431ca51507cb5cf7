"""Which rows somebody may see: narrowed in the query, so that pages stay full and nothing is told by its absence."""

import msgspec
from sqlalchemy import ColumnElement, Table, and_, or_

from gateway.core.model import Retention


class Scope(msgspec.Struct, frozen=True):
    """`devices` None is everything; else the rows of these devices, and the calls to these windows.

    `without` are the classes of rows that are left out.
    """

    devices: frozenset[str] | None = None
    windows: frozenset[str] = frozenset()
    without: frozenset[Retention] = frozenset()

    def conditions(self, table: Table) -> list[ColumnElement[bool]]:
        """What a row of the journal must fulfil."""
        found: list[ColumnElement[bool]] = []
        if self.without:
            found.append(table.c["class"].not_in(sorted(self.without)))
        if self.devices is not None:
            own = table.c.device.in_(sorted(self.devices))
            found.append(or_(own, *(_called(table, window) for window in sorted(self.windows))))
        return found


EVERYTHING = Scope()


def _called(table: Table, window: str) -> ColumnElement[bool]:
    """A call is of no device, and flat. Payloads are canonical JSON: in a text, every quotation mark has a backslash
    before it, so that no ticket can pass for a key.
    """
    named = table.c.payload.contains(f'"window":"{window}"', autoescape=True)
    return and_(table.c.device.is_(None), table.c.type.startswith("call."), named)
