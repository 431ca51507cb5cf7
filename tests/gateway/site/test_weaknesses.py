"""Weak choices are warned of, each at its line; a site with warnings is right all the same."""

from pathlib import Path

import pytest

from gateway.sections import SECTIONS
from gateway.site.load import load
from gateway.site.weaknesses import PLAIN_PAGES

KEY = "5e" * 32


def warnings(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text("site: {id: hall, name: A}\n" + text)
    return [
        str(warning).replace(f"{tmp_path}/site.yaml:", "").replace(str(tmp_path), "FOLDER")
        for warning in load(path, SECTIONS).warnings
    ]


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for name, text, mode in (
        ("journal.key", KEY, 0o600),
        ("open.key", KEY, 0o644),
        ("short", "hunter2", 0o600),
        ("open.db", "", 0o644),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    monkeypatch.setenv("HALL_TEST_DEFAULT", "12345678")
    monkeypatch.setenv("HALL_TEST_GOOD", "correct horse")


GUESSED = "is easily guessed: choose 8 or more characters that no manual has"
WEAK: dict[str, tuple[str, list[str]]] = {
    "a broker in the clear": (
        "mqtt: {url: mqtt://10.8.1.2, username: a}",
        ["2: mqtt.url: everything crosses the network in the clear: use mqtts:// to this broker"],
    ),
    "a broker by a name, without a user": (
        "\nmqtt:\n  url: mqtt://broker.hall",
        [
            "4: mqtt.url: everything crosses the network in the clear: use mqtts:// to this broker",
            "3: mqtt: the broker takes us without a username: then it takes everybody",
        ],
    ),
    "a console for everybody": (
        "http: {console: '0.0.0.0:8080'}",
        ["2: http.console: is served without TLS: keep it on 127.0.0.1, behind a proxy with TLS"],
    ),
    "pages of screens in the clear": (
        "http: {field: '10.8.1.2:8081'}\ndevices: [{id: tv, driver: displays.web_screen}]",
        [f"2: http.field: {PLAIN_PAGES}"],
    ),
    "a key that others may read": (
        "store: {url: sqlite:///a.db, key: {file: open.key}}",
        ["2: store.key: everybody on this machine may use open.key: chmod 600"],
    ),
    "a record that others may read": (
        "store: {url: sqlite:///open.db, key: {file: journal.key}}",
        ["2: store.url: everybody on this machine may use open.db: chmod 600"],
    ),
    "a server that anybody can play": (
        "store: {url: 'postgresql+psycopg://h@10.8.1.20/d?sslmode=require', key: {file: journal.key},"
        " password: {file: short}}",
        [
            "2: store.url: nobody knows which server answers: use ?sslmode=verify-full&sslrootcert=…",
            f"2: store.password: {GUESSED}",
        ],
    ),
    "a server that proves itself": (
        "store: {url: 'postgresql+psycopg://h@10.8.1.20/d?sslmode=verify-full', key: {file: journal.key}}",
        [],
    ),
    "a server of this machine": (
        "store: {url: 'postgresql+psycopg://h@/d?host=/run/postgresql', key: {file: journal.key}}",
        [],
    ),
    "a roster that is not there": (
        "roster: [{id: visits, file: visits.ics}]",
        ["2: roster[0].file: there is no file FOLDER/visits.ics: nothing is shown until it comes"],
    ),
    "a short password": (
        "mqtt: {url: mqtt://localhost, username: a, password: {file: short}}",
        [f"2: mqtt.password: {GUESSED}"],
    ),
    "a password of a manual": (
        "mqtt: {url: 'mqtt://[::1]', username: a, password: {env: HALL_TEST_DEFAULT}}",
        [f"2: mqtt.password: {GUESSED}"],
    ),
    "nothing": (
        "store: {url: sqlite:///a.db, key: {file: journal.key}}\n"
        "mqtt: {url: mqtt://127.0.0.1, username: a, password: {env: HALL_TEST_GOOD}}\n"
        "http: {console: 'localhost:8080', field: '10.8.1.2:8081'}",
        [],
    ),
}


@pytest.mark.parametrize(("text", "expected"), WEAK.values(), ids=WEAK)
def test_warns_of_a_weak_choice(text: str, expected: list[str], tmp_path: Path) -> None:
    assert warnings(tmp_path, text) == expected
