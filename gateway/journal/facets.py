"""What a payload says of one thing, as an expression that both databases can search by index.

SQLite uses such an index only where a query has the very words of it: that is why they are made here and nowhere else.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

FACETS = ("person", "reason")
"""What rows of class `access` are found by."""
ACCESS: sa.ColumnElement[str] = sa.literal_column(
    "'access'"
)  # a bound parameter would hide from the database that the index serves


class Facet(sa.ColumnElement[str]):
    """The text of a top-level member of the column `payload`; null where there is none."""

    inherit_cache = True
    type = sa.Text()

    def __init__(self, name: str) -> None:
        self.name = name

    _traverse_internals = [("name", sa.sql.visitors.InternalTraversal.dp_string)]  # noqa: RUF012 - as SQLAlchemy has it


@compiles(Facet, "sqlite")
def _of_sqlite(facet: Facet, _compiler: Any, **_options: Any) -> str:
    return f"CASE WHEN json_valid(payload) THEN json_extract(payload, '$.{facet.name}') END"


@compiles(Facet, "postgresql")
def _of_postgresql(facet: Facet, _compiler: Any, **_options: Any) -> str:
    # PostgreSQL has no text with NUL: it would refuse the row, which says so only by an escape of JSON
    return f"(CASE WHEN position('\\u0000' in payload) = 0 THEN payload::json ->> '{facet.name}' END)"
