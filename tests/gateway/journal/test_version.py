"""Every older store comes to today's schema, and no newer one is touched."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url
from stores import Database, stores

from gateway.core.errors import GatewayError, WrongInput
from gateway.core.model import Cursor, Event
from gateway.journal.head import prepare
from gateway.journal.journal import Journal
from gateway.journal.lock import Holder
from gateway.journal.migrations.upgrade import upgrade
from gateway.journal.rows import Recorded
from gateway.journal.store import writing
from gateway.journal.verify import verify
from gateway.journal.version import NEWEST, VERSIONS, bring_up, migrate

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
OLD = Path(__file__).with_name("store-0.1.0.sql")
HOLDER = Holder(1, "here", "liandu", "2025-03-01T12:00:00+00:00")


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={"door": 1}, clock_offset_s=0.25)


@pytest.fixture
def engine(url: str) -> Engine:
    return writing(url)


def shape(database: Database) -> object:
    """Everything of the schema that the database knows."""
    if not database.is_file:
        return stores.cluster.dump(str(make_url(database.url).database))
    tables = [name for (name,) in database.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        table: (
            database.rows("SELECT * FROM pragma_table_xinfo(?)", table),
            sorted(
                (index[1:4], database.rows("SELECT * FROM pragma_index_xinfo(?)", index[1]))
                for index in database.rows("SELECT * FROM pragma_index_list(?)", table)
            ),
        )
        for table in tables
    }


def age(database: Database) -> None:
    """Make it what release 0.1.0 left: without what came later."""
    later = ("retained", "holders", "seals", "departed", "persons", "alembic_version")
    indexes = ("at", "part", "person", "reason")
    database.do(*(f"DROP INDEX journal_{index}" for index in indexes), *(f"DROP TABLE {table}" for table in later))


def test_versions_follow_one_another_without_a_gap() -> None:
    assert tuple(f"{number:04d}" for number in range(1, len(VERSIONS) + 1)) == VERSIONS


def test_migrations_make_what_the_schema_says(url: str, kind: str, engine: Engine, tmp_path: Path) -> None:
    bring_up(engine)
    engine.dispose()
    fresh = shape(Database(url))
    old = Database(stores.url(tmp_path / "old") if kind == "postgresql" else f"sqlite:///{tmp_path}/old.db")
    engine = writing(old.url)
    with engine.begin() as db:
        upgrade(db)
    assert bring_up(engine) == (NEWEST, NEWEST)
    engine.dispose()
    assert shape(old) == fresh
    assert old.rows("SELECT version_num FROM alembic_version") == [(NEWEST,)]


async def test_a_store_of_the_last_release_is_brought_up_with_its_rows(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await journal.record("door-1", [event("a"), event("b")], cursor=Cursor("door-1/log", "2"))
    before = shape(database)
    age(database)
    async with opened() as journal:
        assert await journal.record("door-1", [event("b"), event("c")]) == [
            Recorded(2, new=False),
            Recorded(3, new=True),
        ]
        assert await journal.cursor("door-1/log") == "2"
    assert verify(url, key=key).what == "site liandu: 3 rows are whole"
    assert shape(database) == before


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_file_that_0_1_0_wrote_is_adopted(opened: Opened, database: Database, url: str, key: bytes) -> None:
    with closing(sqlite3.connect(database.path)) as db:
        db.executescript(OLD.read_text())
    async with opened() as journal:
        assert [row.source_key for row in await journal.read()] == ["log/1", "log/2"]
        assert await journal.record("door-1", [event("log/2"), event("log/3")]) == [
            Recorded(2, new=False),
            Recorded(3, new=True),
        ]
    assert verify(url, key=key).rows == 3
    assert database.rows("SELECT version_num FROM alembic_version") == [(NEWEST,)]


def test_a_newer_store_is_refused_and_left_alone(database: Database, engine: Engine) -> None:
    prepare(engine, site="liandu", key=bytes(32))
    database.do("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongInput, match=rf"its version is 9999, this program knows {NEWEST}$"):
        prepare(engine, site="liandu", key=bytes(32))
    engine.dispose()


def test_a_migration_that_fails_leaves_the_store_as_it_was(database: Database, engine: Engine, url: str) -> None:
    prepare(engine, site="liandu", key=bytes(32))
    age(database)
    database.do("CREATE TABLE retained (other TEXT)")
    before = shape(database)
    with pytest.raises(
        GatewayError, match=rf"version 0001 and cannot be brought to {NEWEST}: .*retained.* already exi"
    ):
        prepare(engine, site="liandu", key=bytes(32))
    engine.dispose()
    assert shape(database) == before


def test_a_store_is_migrated_by_hand_and_says_what_it_was(database: Database, url: str) -> None:
    assert migrate(url, HOLDER) == (None, NEWEST)
    age(database)
    assert migrate(url, HOLDER) == ("0001", NEWEST)
    assert migrate(url, HOLDER) == (NEWEST, NEWEST)


async def test_a_store_in_use_is_not_migrated(opened: Opened, url: str) -> None:
    async with opened():
        with pytest.raises(GatewayError, match="is in use by the gateway of site liandu"):
            migrate(url, HOLDER)


def test_a_current_store_is_opened_without_alembic(database: Database, engine: Engine, url: str) -> None:
    prepare(engine, site="liandu", key=bytes(32))
    engine.dispose()
    program = (
        "import json, sys\nfrom gateway.journal.head import prepare\nfrom gateway.journal.store import writing\n"
        f"engine = writing({url!r})\nprepare(engine, site='liandu', key=bytes(32))\nengine.dispose()\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('alembic')]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout) == []
