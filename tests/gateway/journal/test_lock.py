"""One gateway per store."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import pytest
from stores import Database

from gateway.core.errors import GatewayError
from gateway.core.model import Event
from gateway.journal.journal import Journal
from gateway.journal.lock import Holder, StoreInUse, held_file
from gateway.journal.rows import Recorded
from gateway.journal.store import label, located, writing
from gateway.journal.verify import verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
HOLDING = Holder(1, "here", "liandu", "2025-03-01T12:00:00+00:00")
HOLDER = """
import asyncio, sys
from pathlib import Path
from gateway.clock import SystemClock
from gateway.journal.journal import open_journal
async def main():
    url, anchors = sys.argv[1:]
    async with open_journal(url, site="liandu", key=bytes(range(32)), clock=SystemClock(), anchors=Path(anchors)):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def who(database: Database) -> dict[str, object]:
    """The holder, as it is written down for others."""
    if database.is_file:
        return dict(json.loads(Path(f"{database.path}.lock").read_text()))
    [row] = database.rows("SELECT pid, host, site, since FROM holders")
    return dict(zip(("pid", "host", "site", "since"), row, strict=True))


async def test_the_second_gateway_is_refused_and_told_who_holds_the_store(opened: Opened, database: Database) -> None:
    async with opened():
        with pytest.raises(StoreInUse) as refused:
            async with opened():
                pass
        name = label(located(database.url))
        holder = f"the gateway of site liandu, process {os.getpid()} on {socket.gethostname()}, since 20"
        assert str(refused.value).startswith(f"store.url: {name} is in use by {holder}")
        assert set(who(database)) == {"pid", "host", "site", "since"}
    async with opened():
        pass


async def test_gateways_of_two_sites_share_a_database_and_never_a_file(opened: Opened, database: Database) -> None:
    async with opened():
        with pytest.raises(StoreInUse) if database.is_file else nullcontext():
            async with opened(site="qingtian") as journal:
                assert await journal.record(None, [Event(type="a", source_key="a", payload={})]) == [
                    Recorded(1, new=True)
                ]


async def test_the_store_can_be_verified_while_it_is_held(opened: Opened, url: str, key: bytes) -> None:
    async with opened():
        assert verify(url, key=key).ok


async def test_a_killed_holder_frees_the_store_and_the_next_one_is_named(
    opened: Opened, database: Database, anchors: Path
) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, database.url, str(anchors)),
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert child.stdout
    assert await child.stdout.readline() == b"held\n"
    with pytest.raises(StoreInUse, match=f"process {child.pid} on .*, since 20"):
        await opened().__aenter__()
    child.kill()
    await child.wait()
    async with asyncio.timeout(5):
        while not await free(opened):  # noqa: ASYNC110 - a server needs a moment to see it, and tells nobody
            await asyncio.sleep(0.01)
    assert who(database)["pid"] == os.getpid()


async def free(opened: Opened) -> bool:
    try:
        async with opened():
            return True
    except StoreInUse:
        return False


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_holder_that_has_not_written_its_name_yet_is_no_riddle(database: Database, content: str) -> None:
    with held_file(database.path, HOLDING):
        Path(f"{database.path}.lock").write_text(content)
        with pytest.raises(StoreInUse, match="in use by another gateway that has only just started"):
            held_file(database.path, HOLDING).__enter__()


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_holder_that_has_not_made_the_tables_yet_is_no_riddle(url: str) -> None:
    engines = writing(url, HOLDING), writing(url, HOLDING)
    with engines[0].connect(), pytest.raises(StoreInUse, match="in use by another gateway that has only just started"):
        engines[1].connect()
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_missing_folder_is_told_in_one_sentence(opened: Opened, tmp_path: Path) -> None:
    lost = tmp_path / "none" / "hall.db"
    with pytest.raises(GatewayError, match=f"store.url: {lost} cannot be opened: .*No such file or directory"):
        async with opened.func(f"sqlite:///{lost}", **opened.keywords):  # type: ignore[attr-defined]  # a partial
            pass


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
async def test_a_missing_server_is_told_in_one_sentence(opened: Opened, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://hall@/hall?host={tmp_path}/none"
    with pytest.raises(GatewayError, match=r"^store.url: .* cannot be opened: connection is bad: .*/none/.*$"):
        async with opened.func(url, **opened.keywords):  # type: ignore[attr-defined]  # a partial
            pass


@pytest.fixture
def no_store(database: Database) -> None:
    database.path.write_text("no database " * 100)


@pytest.mark.usefixtures("no_store")
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_file_that_is_no_store_is_told_in_one_sentence(opened: Opened, database: Database) -> None:
    with pytest.raises(GatewayError, match=f"store.url: {database.path} cannot be opened: file is not a database"):
        async with opened():
            pass
