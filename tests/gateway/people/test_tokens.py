"""Tokens: hashes on disk, rights by role, changes of other processes seen at once."""

import fcntl
import hashlib
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import GatewayError, WrongInput
from gateway.core.rights import Right
from gateway.people.rights import Principal, Role
from gateway.people.token_file import TokensUnreadable
from gateway.people.tokens import TokenExpired, Tokens, hash_of

NOON = datetime(2026, 7, 17, 12, tzinfo=UTC)
OLD = b'[{"name": "a", "role": "queue", "created_at": "2026-01-01T00:00:00Z", "sha256": "%s"%s}]'
UNZONED = OLD % (b"0", b', "expires_at": "2026-01-01T00:00:00"')
MISSPELT = OLD % (b"0", b', "zone": ["reception"]')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_names_its_principal(path: Path) -> None:
    tokens = Tokens(path)
    queue, admin = tokens.new("queue-system", Role.QUEUE), tokens.new("boss", Role.ADMIN)
    assert tokens.who(queue) == Principal("queue-system", Role.QUEUE)
    assert tokens.who(admin) == Principal("boss", Role.ADMIN)
    assert queue.startswith("hall_")
    assert len(queue) > 40


@pytest.mark.parametrize("wrong", ["", "hall_", "queue-system", "\ud800", "令牌", "x" * 10_000])
def test_what_is_no_token_names_nobody(wrong: str, path: Path) -> None:
    tokens = Tokens(path)
    tokens.new("queue-system", Role.QUEUE)
    assert tokens.who(wrong) is None


def test_without_a_file_nobody_is_known(path: Path) -> None:
    assert Tokens(path).who("hall_x") is None
    assert Tokens(path).entries() == []


def test_only_the_hash_is_kept_and_only_the_owner_reads_it(path: Path) -> None:
    before = os.umask(0)
    try:
        token = Tokens(path).new("queue-system", Role.QUEUE)
    finally:
        os.umask(before)
    [entry] = json.loads(path.read_text())
    assert entry.pop("created_at")
    assert entry == {"name": "queue-system", "role": "queue", "sha256": hashlib.sha256(token.encode()).hexdigest()}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_the_hash_itself_is_no_token(path: Path) -> None:
    tokens = Tokens(path)
    tokens.new("queue-system", Role.QUEUE)
    assert tokens.who(tokens.entries()[0].sha256) is None


def test_a_revoked_token_names_nobody(path: Path) -> None:
    tokens = Tokens(path)
    kept, revoked = tokens.new("a", Role.QUEUE), tokens.new("b", Role.QUEUE)
    tokens.revoke("b")
    assert tokens.who(revoked) is None
    assert tokens.who(kept) == Principal("a", Role.QUEUE)


def test_what_another_process_changes_is_seen(path: Path) -> None:
    running, other = Tokens(path), Tokens(path)
    assert running.who("hall_x") is None
    token = other.new("queue-system", Role.QUEUE)
    assert running.who(token) == Principal("queue-system", Role.QUEUE)
    other.revoke("queue-system")
    assert running.who(token) is None
    token = other.new("queue-system", Role.QUEUE)
    path.unlink()
    assert running.who(token) is None


def test_a_name_is_used_once(path: Path) -> None:
    tokens = Tokens(path)
    tokens.new("boss", Role.ADMIN)
    with pytest.raises(GatewayError, match=r"^a token named 'boss' exists; revoke it first, or choose another name$"):
        tokens.new("boss", Role.QUEUE)
    assert [(entry.name, entry.role) for entry in tokens.entries()] == [("boss", Role.ADMIN)]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\u202eboss", "x" * 65])
def test_a_name_is_one_that_an_audit_can_show(name: str, path: Path) -> None:
    with pytest.raises(GatewayError, match=r"^the name of a token must be 1 to 64 visible characters$"):
        Tokens(path).new(name, Role.ADMIN)


def test_what_does_not_exist_cannot_be_revoked(path: Path) -> None:
    with pytest.raises(GatewayError, match=r"^there is no token named 'lost'$"):
        Tokens(path).revoke("lost")


@pytest.mark.parametrize(
    "content", [b"", b"{}", UNZONED, MISSPELT, b"[{}]", b"\xff", b'[{"name": "a", "role": "root"}]', b"null", b"[1"]
)
def test_a_damaged_file_is_one_sentence_and_is_never_written_over(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    tokens = Tokens(path)
    for ask in (tokens.entries, lambda: tokens.who("hall_x"), lambda: tokens.new("a", Role.ADMIN)):
        with pytest.raises(GatewayError, match=rf"^token file {path} cannot be read: [^\n]+$"):
            ask()
    assert path.read_bytes() == content


def test_a_file_that_is_mended_is_read_again(path: Path) -> None:
    tokens = Tokens(path)
    token = tokens.new("boss", Role.ADMIN)
    good = path.read_bytes()
    path.write_bytes(b"[")
    with pytest.raises(GatewayError):
        tokens.who(token)
    path.write_bytes(good)
    assert tokens.who(token) == Principal("boss", Role.ADMIN)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "lost" / "tokens.json"
    with pytest.raises(GatewayError, match=rf"^token file {path} cannot be written: No such file or directory$"):
        Tokens(path).new("boss", Role.ADMIN)


def test_a_draft_that_a_crash_left_behind_is_in_nobodys_way(path: Path) -> None:
    path.with_suffix(".new").write_text("half")
    token = Tokens(path).new("boss", Role.ADMIN)
    assert Tokens(path).who(token) == Principal("boss", Role.ADMIN)


def test_the_key_of_a_screen_is_good_for_that_screen_alone(path: Path) -> None:
    tokens = Tokens(path)
    key = tokens.who(tokens.new("waiting-area", Role.SCREEN, screen="hall-1"))
    assert key is not None
    assert key == Principal("waiting-area", Role.SCREEN, "hall-1")
    assert {right for right in Right if key.may(right)} == {Right.SCREEN}
    assert (key.shows("hall-1"), key.shows("hall-2")) == (True, False)
    boss = tokens.who(tokens.new("boss", Role.ADMIN))
    assert boss
    assert not boss.shows("hall-1")


@pytest.mark.parametrize(("role", "screen"), [(Role.SCREEN, None), (Role.ADMIN, "hall-1")])
def test_only_the_role_screen_has_a_screen(role: Role, screen: str | None, path: Path) -> None:
    with pytest.raises(WrongInput, match=r"^a token of the role screen is for one screen"):
        Tokens(path).new("waiting-area", role, screen=screen)
    assert not path.exists()


def test_root_makes_tokens_for_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)  # as systemd's DynamicUser has it
    Tokens(folder / "tokens.json").new("queue-system", Role.QUEUE)
    made = (folder / "tokens.json").stat()
    assert (made.st_uid, made.st_mode & 0o777) == (folder.stat().st_uid, 0o600)


def test_a_token_can_be_bound_to_zones(path: Path) -> None:
    tokens = Tokens(path)
    who = tokens.who(tokens.new("guard", Role.SECURITY, zones=["hall", "gate"]))
    assert who is not None
    assert who == Principal("guard", Role.SECURITY, zones=frozenset({"gate", "hall"}))
    assert [who.sees(zone) for zone in ("gate", "office", None)] == [True, False, False]
    assert json.loads(path.read_text())[0]["zones"] == ["gate", "hall"]


def test_the_whole_hall_has_what_stands_in_no_zone(path: Path) -> None:
    tokens = Tokens(path)
    who = tokens.who(tokens.new("boss", Role.ADMIN))
    assert who is not None
    assert who.sees(None)
    assert who.sees("gate")


def test_a_token_expires_when_its_time_has_come(path: Path) -> None:
    now = [NOON]
    tokens = Tokens(path, now=lambda: now[0])
    token = tokens.new("guest", Role.VIEWER, expires_at=NOON + timedelta(days=1))
    now[0] = NOON + timedelta(days=1, seconds=-1)
    assert tokens.who(token) == Principal("guest", Role.VIEWER, expires_at=NOON + timedelta(days=1))
    now[0] = NOON + timedelta(days=1)
    with pytest.raises(TokenExpired, match=r"^the token guest has expired at 2026-07-18T12:00:00Z$"):
        tokens.who(token)


WRONG: dict[str, dict[str, Any]] = {
    "a token must expire in the future": {"expires_at": NOON},
    "a token for no zone at all would be good for nothing": {"zones": []},
}


@pytest.mark.parametrize(("sentence", "wrong"), WRONG.items())
def test_what_would_be_good_for_nothing_is_not_made(sentence: str, wrong: dict[str, Any], path: Path) -> None:
    with pytest.raises(WrongInput, match=f"^{sentence}$"):
        Tokens(path, now=lambda: NOON).new("guest", Role.VIEWER, **wrong)
    assert not path.exists()


def test_a_file_of_an_earlier_version_is_read(path: Path) -> None:
    path.write_bytes(OLD % (hash_of("hall_old").encode(), b""))
    path.chmod(0o600)
    assert Tokens(path).who("hall_old") == Principal("a", Role.QUEUE)


def test_a_file_is_read_only_when_it_is_another_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    read = Path.read_bytes

    def counted(self: Path) -> bytes:
        reads.append(self)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    tokens = Tokens(path)
    token = tokens.new("boss", Role.ADMIN)
    reads.clear()
    for _ in range(100):
        tokens.who(token)
        tokens.who("hall_x")
    assert len(reads) == 1
    path.write_bytes(b"{")
    for _ in range(100):
        with pytest.raises(TokensUnreadable):
            tokens.who(token)
    assert len(reads) == 2


def test_a_damaged_file_is_logged_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"{")
    path.chmod(0o600)
    tokens = Tokens(path)
    for _ in range(3):
        with pytest.raises(TokensUnreadable):
            tokens.who("hall_x")
    assert [record.getMessage()[:19] for record in caplog.records] == ["nobody is let in: t"]


def test_a_file_that_others_can_read_is_warned_of_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = Tokens(path)
    token = tokens.new("boss", Role.ADMIN)
    path.chmod(0o644)
    os.utime(path)
    assert tokens.who(token)
    assert tokens.who(token)
    assert caplog.messages == [f"token file {path} is not its owner's alone (mode 644): chmod 600 it"]


def test_when_a_token_was_used_is_written_down_and_changes_nothing_else(path: Path) -> None:
    tokens = Tokens(path, now=lambda: NOON)
    used, other = tokens.new("used", Role.QUEUE), tokens.new("other", Role.QUEUE)
    tokens.who(used)
    tokens.note(tokens.used())
    assert {entry.name: entry.last_used_at for entry in tokens.entries()} == {"used": NOON, "other": None}
    assert tokens.used() == {}
    assert tokens.who(other) == Principal("other", Role.QUEUE)
    tokens.note({})
    assert tokens.entries()[1].last_used_at == NOON


def test_two_programs_that_write_at_once_lose_nothing(path: Path) -> None:
    def make(number: int) -> None:
        Tokens(path).new(f"t{number}", Role.QUEUE)
        Tokens(path).note({f"t{number}": NOON})

    writers = [threading.Thread(target=make, args=[number]) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [entry.last_used_at for entry in Tokens(path).entries()] == [NOON] * 8


def test_a_lock_that_is_never_freed_is_one_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.people.token_file.LOCK_S", 0.03)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(TokensUnreadable, match=r"is being changed by another program$"):
            Tokens(path).new("boss", Role.ADMIN)
    finally:
        os.close(folder)
