"""The journal as JSON lines, every column of every row: what an auditor takes away and can verify elsewhere."""

from collections.abc import Generator
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.journal import schema
from gateway.journal.store import reading, reason, store_path

SLICE_ROWS = 2_000  # one short read each: a long one would keep the writer's log from being folded back
TABLE = schema.journal


def lines(url: str, *, site: str) -> Generator[bytes]:
    """One JSON object a row, by seq; bytes are lower-case hex. Raises GatewayError when the store cannot be read."""
    engine = reading(store_path(url))
    after = 0
    try:
        with engine.connect() as db:
            page = select(TABLE).where(TABLE.c.site == site).order_by(TABLE.c.seq).limit(SLICE_ROWS)
            while rows := db.execute(page.where(TABLE.c.seq > after)).mappings().all():
                yield from (msgspec.json.encode(_plain(row)) for row in rows)
                after = rows[-1]["seq"]
    except SQLAlchemyError as error:
        raise GatewayError(f"the journal cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
