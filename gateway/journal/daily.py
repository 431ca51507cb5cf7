"""The days of a journal: how many rows were committed in each, and with which hash it was sealed."""

import msgspec
from sqlalchemy import URL, func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.journal import schema, sealing
from gateway.journal.store import reading, reason

ROWS = schema.journal.c


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the site. `day`, `end_hash` and `sealed_at` are null for what is not sealed yet; `left`: rows gone."""

    day: str | None
    rows: int
    first_seq: int
    last_seq: int
    end_hash: str | None = None
    sealed_at: str | None = None
    left: bool = False

    def left_text(self) -> str:
        """What a person reads of rows that have left."""
        return ", its rows have left" if self.left else ""


def days(url: str | URL, *, site: str) -> list[Day]:
    """All sealed days of a site, oldest first, then what is not sealed yet. Raises GatewayError."""
    engine = reading(url)
    try:
        with engine.connect() as db:
            gone = sealing.departed(db, site)
            sealed = [_day(seal, gone.seq if gone else 0) for seal in sealing.seals(db, site)]
            head = db.execute(select(func.max(ROWS.seq)).where(ROWS.site == site)).scalar() or 0
    except SQLAlchemyError as error:
        raise GatewayError(f"the journal cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()
    last = sealed[-1].last_seq if sealed else 0
    return [*sealed, *([Day(day=None, rows=head - last, first_seq=last + 1, last_seq=head)] if head > last else [])]


def _day(seal: sealing.Seal, gone: int) -> Day:
    return Day(
        day=seal.day,
        rows=seal.rows,
        first_seq=seal.first_seq,
        last_seq=seal.last_seq,
        end_hash=seal.end_hash.hex(),
        sealed_at=seal.sealed_at,
        left=seal.last_seq <= gone,
    )
