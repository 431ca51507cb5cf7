"""The journal as JSON lines, every column of every row: what an auditor takes away and can verify elsewhere."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import URL, ColumnElement, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.journal import schema
from gateway.journal.rows import stamp
from gateway.journal.store import reading, reason

SLICE_ROWS = 4_000  # one short read each: a long one would keep the writer's log from being folded back
TABLE = schema.journal


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which rows: those not before `since`, before `until`, of one type, of one device; None: all."""

    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    device: str | None = None


ALL = Choice()


def lines(url: str | URL, *, site: str, choice: Choice = ALL) -> Generator[bytes]:
    """One JSON object a row, by seq; bytes are lower-case hex. Raises GatewayError when the store cannot be read."""
    engine = reading(url)
    after = 0
    try:
        with engine.connect() as db:
            page = select(TABLE).where(TABLE.c.site == site, *_chosen(choice)).order_by(TABLE.c.seq).limit(SLICE_ROWS)
            while rows := db.execute(page.where(TABLE.c.seq > after)).mappings().all():
                yield from (msgspec.json.encode(_plain(row)) for row in rows)
                after = rows[-1]["seq"]
    except SQLAlchemyError as error:
        raise GatewayError(f"the journal cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()


def _chosen(choice: Choice) -> Generator[ColumnElement[bool]]:
    if choice.since is not None:
        yield TABLE.c.at >= stamp(choice.since)
    if choice.until is not None:
        yield TABLE.c.at < stamp(choice.until)
    if choice.type is not None:
        yield TABLE.c.type == choice.type
    if choice.device is not None:
        yield TABLE.c.device == choice.device


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
