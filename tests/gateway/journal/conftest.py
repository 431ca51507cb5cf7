"""A store of its own for every test."""

import runpy
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.journal.journal import Journal, open_journal

VERIFIER = Path(__file__).with_name("independent_verifier.py")


@pytest.fixture
def key() -> bytes:
    return bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hall.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return tmp_path / "anchors.jsonl"


@pytest.fixture
def opened(url: str, key: bytes, anchors: Path) -> Callable[..., AbstractAsyncContextManager[Journal]]:
    """`open_journal` on this test's store; keywords replace the usual ones."""
    return partial(open_journal, url, site="liandu", key=key, clock=SystemClock(), anchors=anchors)


@pytest.fixture(scope="session")
def independent() -> Callable[[Path, bytes], int]:
    """The verifier that shares nothing with ours: gives the number of rows, or raises ValueError naming a seq."""
    found: Callable[[Path, bytes], int] = runpy.run_path(str(VERIFIER))["verify"]
    return found
