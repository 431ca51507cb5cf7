"""One gateway per store."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.errors import GatewayError
from gateway.journal.journal import Journal
from gateway.journal.lock import StoreInUse, held
from gateway.journal.verify import verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from gateway.journal.lock import held
with held(Path(sys.argv[1]), site="liandu", since=datetime(2025, 3, 1, 12, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def written(path: Path) -> dict[str, object]:
    return dict(json.loads(Path(f"{path}.lock").read_text()))


async def test_the_second_gateway_is_refused_and_told_who_holds_the_store(opened: Opened, path: Path) -> None:
    async with opened():
        with pytest.raises(StoreInUse) as refused:
            async with opened(site="qingtian"):
                pass
        assert str(refused.value).startswith(
            f"store.url: {path} is in use by the gateway of site liandu, process {os.getpid()} on "
        )
        assert set(written(path)) == {"pid", "host", "site", "since"}
    async with opened():
        pass


async def test_the_store_can_be_verified_while_it_is_held(opened: Opened, url: str, key: bytes) -> None:
    async with opened():
        assert verify(url, key=key).ok


def test_a_killed_holder_frees_the_store_and_the_next_one_is_named(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as child:
        assert child.stdout
        child.stdout.readline()
        with pytest.raises(StoreInUse, match=f"process {child.pid} on .*, since 2025-03-01T12:00:00"):
            held(path, site="liandu", since=NOON).__enter__()
        child.send_signal(signal.SIGKILL)
        child.wait()
    with held(path, site="qingtian", since=NOON):
        assert written(path)["site"] == "qingtian"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_holder_that_has_not_written_its_name_yet_is_no_riddle(path: Path, content: str) -> None:
    with held(path, site="liandu", since=NOON):
        Path(f"{path}.lock").write_text(content)
        with pytest.raises(StoreInUse, match="in use by another gateway that has only just started"):
            held(path, site="liandu", since=NOON).__enter__()


async def test_a_missing_folder_is_told_in_one_sentence(opened: Opened, tmp_path: Path) -> None:
    lost = tmp_path / "none" / "hall.db"
    with pytest.raises(GatewayError, match=f"store.url: {lost} cannot be opened: .*No such file or directory"):
        async with opened.func(f"sqlite:///{lost}", **opened.keywords):  # type: ignore[attr-defined]  # a partial
            pass


@pytest.fixture
def no_store(path: Path) -> None:
    path.write_text("no database " * 100)


@pytest.mark.usefixtures("no_store")
async def test_a_file_that_is_no_store_is_told_in_one_sentence(opened: Opened, path: Path) -> None:
    with pytest.raises(GatewayError, match=f"store.url: {path} cannot be opened: file is not a database"):
        async with opened():
            pass
