"""The roles of docs/how-to/keep-the-journal-in-postgresql.md: each can do its work, and nothing else."""

import re
from collections.abc import Generator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest
from postgres import Postgres
from sqlalchemy import URL, make_url

from gateway.clock import SystemClock
from gateway.core.errors import GatewayError
from gateway.core.model import Cursor, Event, Retention
from gateway.journal.export import lines
from gateway.journal.journal import open_journal
from gateway.journal.lock import Holder
from gateway.journal.rows import Recorded
from gateway.journal.upkeep import Old
from gateway.journal.verify import verify
from gateway.journal.version import NEWEST, migrate

PAGE = Path(__file__).parents[3] / "docs/how-to/keep-the-journal-in-postgresql.md"
HOLDER = Holder(1, "here", "liandu", "2025-03-01T12:00:00+00:00")
EVENT = Event(type="door.opened", source_key="a", payload={"door": 1})


@pytest.fixture(scope="module")
def server() -> Generator[Postgres]:
    """A server that asks for passwords, with the roles and the database of the page."""
    roles, grants = re.findall(r"(?s)```sql\n(.*?)```", PAGE.read_text())
    with Postgres() as server:
        (server.folder / "data/pg_hba.conf").write_text("local all hall trust\nlocal all all scram-sha-256\n")
        run(server, "postgres", "SELECT pg_reload_conf();" + roles.replace("…", "s3cret"))
        migrate(store(server, "hall_owner"), HOLDER)
        run(server, "hall", "SET ROLE hall_owner;" + grants)
        yield server


def run(server: Postgres, database: str, statements: str) -> None:
    with server.connect(database) as db:
        for statement in filter(str.strip, statements.split(";")):
            db.execute(statement.encode())


def store(server: Postgres, role: str) -> URL:
    return make_url(server.url("hall", user=role)).set(password="s3cret")


async def test_the_gateway_records_and_moves_cursors(server: Postgres, key: bytes, anchors: Path) -> None:
    for new in (True, False):
        gateway = store(server, "hall_gateway")
        async with open_journal(gateway, site="liandu", key=key, clock=SystemClock(), anchors=anchors) as journal:
            assert await journal.record(None, [EVENT], cursor=Cursor("log", "1")) == [Recorded(1, new=new)]
            assert len(await journal.read()) == 1


async def test_the_reader_verifies_and_exports(server: Postgres, key: bytes, anchors: Path) -> None:
    gateway, reader = store(server, "hall_gateway"), store(server, "hall_reader")
    async with open_journal(gateway, site="qingtian", key=key, clock=SystemClock(), anchors=anchors) as journal:
        await journal.record(None, [EVENT])
        assert verify(reader, key=key, site="qingtian", anchors=[anchors]).rows == 1
        assert len(list(lines(reader, site="qingtian"))) == 1
    with pytest.raises(GatewayError, match="permission denied for table holders"):
        async with open_journal(reader, site="songyang", key=key, clock=SystemClock(), anchors=anchors):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM seals",
        "UPDATE seals SET rows = 1",
        "TRUNCATE journal",
        "UPDATE journal SET type = 'x'",
        "UPDATE journal SET hash = prev_hash",
        "DROP TABLE journal",
        "CREATE TABLE mine (a int)",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM cursors",
    ],
)
@pytest.mark.parametrize("role", ["hall_gateway", "hall_reader"])
def test_neither_may_change_the_record(server: Postgres, role: str, statement: str) -> None:
    with (
        psycopg.connect(host=str(server.folder), user=role, password="s3cret", dbname="hall") as db,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        db.execute(statement.encode())


async def test_the_gateway_seals_erases_and_lets_days_leave(server: Postgres, key: bytes, anchors: Path) -> None:
    gateway = store(server, "hall_gateway")
    async with open_journal(gateway, site="yunhe", key=key, clock=SystemClock(), anchors=anchors) as journal:
        await journal.record(None, [EVENT])
        await journal.retain(["a"])
        await journal.retain([], emptied=["a"])
        await journal.upkeep.seal(date(2026, 3, 1), 1, datetime.now(UTC))
        await journal.record(None, [msgspec.structs.replace(EVENT, source_key="b")])
        assert await journal.upkeep.expire(Retention.DEVICE, Old("", 2)) == 2
        assert await journal.upkeep.leave(date(2026, 3, 2), 2) == ["2026-03-01"]
    assert verify(gateway, key=key, site="yunhe").what.endswith(
        "1 row is whole, 1 payload erased, 1 before them have left"
    )


async def test_a_store_that_the_gateway_may_not_bring_up_names_the_verb(
    server: Postgres, key: bytes, anchors: Path
) -> None:
    run(server, "hall", "DROP TABLE seals, departed, persons; UPDATE alembic_version SET version_num = '0004'")
    run(server, "hall", "DROP INDEX journal_part, journal_person, journal_reason")
    why = rf"version 0004 and cannot be brought to {NEWEST}: permission denied .*journal migrate SITE` does it as the "
    gateway = store(server, "hall_gateway")
    with pytest.raises(GatewayError, match=why):
        async with open_journal(gateway, site="liandu", key=key, clock=SystemClock(), anchors=anchors):
            pass
    assert migrate(store(server, "hall_owner"), HOLDER) == ("0004", NEWEST)
    run(server, "hall", "GRANT INSERT, SELECT ON seals, departed TO hall_gateway; GRANT ALL ON persons TO hall_gateway")


def test_a_wrong_password_is_told_and_not_shown(server: Postgres, key: bytes) -> None:
    with pytest.raises(GatewayError, match="password authentication failed for user") as refused:
        verify(store(server, "hall_gateway").set(password="wr0ng"), key=key)
    assert "wr0ng" not in str(refused.value)
