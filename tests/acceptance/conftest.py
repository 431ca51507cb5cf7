"""Every hall of real processes runs twice: on SQLite and on PostgreSQL."""

import pytest
from stores import KINDS, stores


@pytest.fixture(params=KINDS, autouse=True)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kind of store that `Hall` takes."""
    monkeypatch.setattr(stores, "kind", request.param)
    return str(request.param)
