"""Secrets by reference."""

from pathlib import Path

import pytest

from gateway.core.config import SecretRef
from gateway.core.errors import GatewayError
from gateway.people.secrets import read_secret


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_a_file_gives_what_it_holds_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter 2\r\n")
    assert read_secret(SecretRef(file=str(tmp_path / "key"))) == "hunter 2"


def test_a_variable_gives_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALL_TEST_SECRET", "hunter2")
    assert read_secret(SecretRef(env="HALL_TEST_SECRET")) == "hunter2"


def test_a_systemd_credential_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journal.key").write_text("of the file")
    (tmp_path / "mqtt.password").write_text("of the other file")
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "journal.key").write_text("of systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert read_secret(SecretRef(file=str(tmp_path / "journal.key"))) == "of systemd"
    assert read_secret(SecretRef(file=str(tmp_path / "mqtt.password"))) == "of the other file"


def test_a_credential_stands_in_for_a_file_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journal.key").write_text("of systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(SecretRef(file="/etc/hall-gateway/journal.key")) == "of systemd"


WRONG = {
    "a missing file": (None, "cannot be read: No such file or directory"),
    "an empty file": (b" \n", "is empty"),
    "no text": (b"hunter2\xff", "cannot be read: it is not UTF-8 text"),
}


@pytest.mark.parametrize(("content", "sentence"), WRONG.values(), ids=WRONG)
def test_says_what_is_wrong_with_a_file_but_not_what_it_holds(
    content: bytes | None, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GatewayError) as caught:
        read_secret(SecretRef(file=str(path)))
    assert str(caught.value) == f"secret: {path} {sentence}"


def test_says_which_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALL_TEST_SECRET", "")
    with pytest.raises(GatewayError, match=r"^secret: environment variable HALL_TEST_SECRET is not set$"):
        read_secret(SecretRef(env="HALL_TEST_SECRET"))
