"""The address of the store, its connections, its key."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.core.errors import GatewayError, WrongInput
from gateway.journal import store
from gateway.journal.key import load_key, make_key
from gateway.journal.store import is_file, label, located, placed, reading, writing


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:////var/lib/hall.db", "/var/lib/hall.db"), ("sqlite:///hall.db", "hall.db"), ("sqlite:///a/b", "a/b")],
)
def test_an_address_names_a_file(url: str, path: str) -> None:
    found = located(url)
    assert (is_file(found), found.database, label(found)) == (True, path, path)
    assert placed(found, Path("/etc/hall")).database == str(Path("/etc/hall", path))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://hall@10.8.1.2:5433/hall",
        "postgresql+psycopg://hall@/hall?host=/run/postgresql",
        "postgresql+psycopg:///hall",
        "postgresql+psycopg://hall@[fe80::1]/hall?sslmode=verify-full&sslrootcert=system",
    ],
)
def test_an_address_names_a_database(url: str) -> None:
    found = located(url)
    assert (is_file(found), found.database, label(found)) == (False, "hall", url)
    assert placed(found, Path("/etc/hall")) == found


def test_the_files_of_an_address_are_seen_from_the_folder_of_the_site_file() -> None:
    found = placed(located("postgresql+psycopg://h/d?sslrootcert=ca.crt&sslkey=/k&sslmode=require"), Path("/etc/hall"))
    assert dict(found.query) == {"sslrootcert": "/etc/hall/ca.crt", "sslkey": "/k", "sslmode": "require"}


def test_an_address_for_people_has_no_password() -> None:
    assert label(located("postgresql+psycopg://hall@h/d").set(password="s3cret")) == "postgresql+psycopg://hall:***@h/d"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///hall.db?mode=ro",
        "sqlite+aiosqlite:///hall.db",
        "hall.db",
        "",
        "postgresql://hall@h/hall",
        "postgresql+asyncpg://hall@h/hall",
        "postgresql+psycopg://hall@h",
        "postgresql+psycopg://hall@h:0/hall",
        "postgresql+psycopg://hall@h:65536/hall",
        "mysql://hall:s3cret@h/hall",
    ],
)
def test_any_other_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(
        WrongInput, match=r"^store\.url: must be sqlite:///PATH .* or postgresql\+psycopg://"
    ) as refused:
        located(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:s3cret@h/d", "postgresql+psycopg://u@h/d?password=s3cret"])
def test_a_password_in_an_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(WrongInput, match=r"^store\.url: must hold no password: .* store\.password") as refused:
        located(url)
    assert "s3cret" not in str(refused.value)


def test_an_option_that_sites_do_not_need_is_refused() -> None:
    with pytest.raises(WrongInput, match=r"^store\.url: has no option 'options'; allowed: application_name, "):
        located("postgresql+psycopg://u@h/d?options=-csynchronous_commit=off")


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: dict[str, str] = {}
    monkeypatch.setattr(store, "find_spec", missing.get)
    with pytest.raises(WrongInput, match=r"^store\.url: .*: install hall-gateway\[postgresql\]$"):
        reading("postgresql+psycopg://u@h/d")


def test_a_commit_is_on_disk_before_it_returns(url: str, kind: str) -> None:
    questions: Mapping[str, Mapping[str, object]] = {
        "sqlite": {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2},
        "postgresql": {"SHOW synchronous_commit": "on", "SHOW fsync": "on"},
    }
    asked = questions[kind]
    engine = writing(url)
    with engine.connect() as db:
        assert {question: db.exec_driver_sql(question).scalar() for question in asked} == asked
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
