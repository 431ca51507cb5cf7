"""The journal as JSON lines, every column of every row: what an auditor takes away and can verify elsewhere."""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import URL, ColumnElement, Select, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.core.known import unknown
from gateway.journal import schema
from gateway.journal.rows import stamp
from gateway.journal.store import reading, reason

SLICE_ROWS = 4_000  # one short read each: a long one would keep the writer's log from being folded back
TABLE = schema.journal


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which rows: those not before `since`, before `until`, of one type, of one device; None: all. And as what."""

    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    device: str | None = None
    part: str | None = None
    format: Literal["jsonl", "csv"] = "jsonl"


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


def recorded(url: str | URL, *, site: str, name: str, value: str) -> bool:
    """Whether a row has this `type` or `device`, by an index. Raises GatewayError when the store cannot be read."""
    query = select(TABLE.c.seq).where(TABLE.c.site == site, TABLE.c[name] == value)
    return bool(_asked(url, query.order_by(TABLE.c.seq).limit(1)))


def strange(url: str | URL, *, site: str, choice: Choice) -> Generator[str]:
    """A sentence for the type, the device and the part of a choice that no row has. Raises GatewayError.

    What rows have is read from the indexes; after an export that found nothing that is worth the time it takes.
    """
    for name, wanted in (("type", choice.type), ("device", choice.device), ("part", choice.part)):
        own = TABLE.c[name]
        known = select(own).distinct().where(TABLE.c.site == site, own.is_not(None))
        if name == "part" and choice.device is not None:
            known = known.where(TABLE.c.device == choice.device)
        there: Sequence[str] = [] if wanted is None else _asked(url, known)
        if wanted is not None and wanted not in there:
            yield f"--{name}: {unknown(wanted, there, f'{name} of a row')}"


def _asked(url: str | URL, query: Select[Any]) -> Sequence[str]:
    """The first column of what a query finds. Raises GatewayError."""
    engine = reading(url)
    try:
        with engine.connect() as db:
            return db.execute(query).scalars().all()
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
    if choice.part is not None:
        yield TABLE.c.part == choice.part


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
