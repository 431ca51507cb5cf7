"""A gateway whose PostgreSQL server restarts, or that loses its store to another gateway."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hall import Hall, until
from sqlalchemy import Engine
from stores import stores

from gateway.journal.batch import announce
from gateway.journal.lock import Holder, StoreInUse
from gateway.journal.store import writing

pytestmark = [pytest.mark.timeout(180), pytest.mark.parametrize("store", ["postgresql"], indirect=True)]
OTHER = Holder(4711, "spare", "test", "2025-03-01T12:00:00+00:00")
END = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path, windows=1) as hall:
        hall.start()
        yield hall


def test_a_call_after_the_server_restarted_is_on_the_screen_and_recorded(hall: Hall) -> None:
    hall.call("a-1", "w01", "A001")
    stores.cluster.restart()
    hall.call("a-2", "w01", "A002")
    hall.shows("led-01", "A002")
    found = hall.database.rows("SELECT payload FROM journal WHERE type = 'call.accepted' ORDER BY seq")
    assert [payload[0].count('"call_id":"a-') for payload in found] == [1, 1]


def taken_from(hall: Hall, engine: Engine) -> bool:
    """End the gateway's session and be quicker than it; it takes its lock again with its next record."""
    hall.database.do(END)
    try:
        announce(engine, OTHER)
    except StoreInUse:
        return False
    return True


def test_a_gateway_that_lost_its_store_to_another_one_ends_and_names_it(hall: Hall) -> None:
    assert hall.gateway
    process, engine = hall.gateway.process, writing(hall.database.url, OTHER)
    until(lambda: taken_from(hall, engine), 10)
    until(lambda: hall.ask("POST", "/calls", {"call_id": "b-1", "window": "w01", "ticket": "B001"})[0] == 503, 5)
    assert process.wait(20) == 1
    told = (hall.folder / "gateway.log").read_text().splitlines()[-1]
    assert "is in use by the gateway of site test, process 4711 on spare, since 2025-" in told
    assert str(os.getpid()) not in told
    engine.dispose()
