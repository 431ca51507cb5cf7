"""A store of its own for every test, and every test on both kinds."""

import runpy
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from stores import KINDS, Database, stores

from gateway.clock import SystemClock
from gateway.journal.journal import Journal, open_journal

VERIFIER = Path(__file__).with_name("independent_verifier.py")


@pytest.fixture
def key() -> bytes:
    return bytes(range(32))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(stores, "kind", request.param)
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path) -> str:
    return stores.url(tmp_path)


@pytest.fixture
def database(url: str) -> Database:
    """This test's store, as a stranger sees it."""
    return Database(url)


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return tmp_path / "anchors.jsonl"


@pytest.fixture
def opened(url: str, key: bytes, anchors: Path) -> Callable[..., AbstractAsyncContextManager[Journal]]:
    """`open_journal` on this test's store; keywords replace the usual ones."""
    return partial(open_journal, url, site="liandu", key=key, clock=SystemClock(), anchors=anchors)


@pytest.fixture(scope="session")
def independent() -> Callable[[Database, bytes], int]:
    """The verifier that shares nothing with ours: gives the number of rows, or raises ValueError naming a seq."""
    verify: Callable[..., int] = runpy.run_path(str(VERIFIER))["verify"]
    return lambda database, key: verify(database.connect(), key)
