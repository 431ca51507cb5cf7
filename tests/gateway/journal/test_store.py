"""The address of the store, its connections, its key."""

import stat
from pathlib import Path

import pytest

from gateway.core.errors import GatewayError
from gateway.journal.key import load_key, make_key
from gateway.journal.store import store_path, writing


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:////var/lib/hall.db", "/var/lib/hall.db"), ("sqlite:///hall.db", "hall.db"), ("sqlite:///a/b", "a/b")],
)
def test_an_address_names_a_file(url: str, path: str) -> None:
    assert store_path(url) == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://hall:s3cret@/hall",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///hall.db?mode=ro",
        "sqlite+aiosqlite:///hall.db",
        "hall.db",
        "",
    ],
)
def test_any_other_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(GatewayError, match=r"^store\.url: .*, allowed: sqlite:///PATH$") as refused:
        store_path(url)
    assert "s3cret" not in str(refused.value)


def test_a_commit_is_on_disk_before_it_returns(path: Path) -> None:
    engine = writing(path)
    with engine.connect() as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
    engine.dispose()


def test_a_made_key_is_its_owners_alone_and_loads_again(tmp_path: Path) -> None:
    file = tmp_path / "journal.key"
    key = make_key(file)
    assert len(key) == 32
    assert load_key(file.read_text()) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "journal.key"
    key = make_key(file)
    with pytest.raises(GatewayError, match=r"store.key: .*journal.key exists already"):
        make_key(file)
    assert load_key(file.read_text()) == key


@pytest.mark.parametrize("text", ["", "00" * 31, "0" * 65, "zz" * 32, "secret"])
def test_a_weak_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(GatewayError, match=r"^store\.key: must be 64 or more hexadecimal digits$"):
        load_key(text)
