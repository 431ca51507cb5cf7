"""What is recorded of people: before it takes effect, once, and whoever did it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from smallhall import MoodyJournal
from stores import stores
from webhall import until

from gateway.core.errors import JournalError, WrongInput
from gateway.core.model import Retention
from gateway.journal.journal import open_journal
from gateway.meters import Meters
from gateway.people.attempts import TooManyTries
from gateway.people.rights import Principal, Role
from gateway.people.service import NotLetIn, People
from gateway.people.tokens import NameTaken, TokenExpired, Tokens, UnknownToken

BOSS = Principal("boss", Role.ADMIN)
DEPUTY = Principal("deputy", Role.ADMIN, zones=frozenset({"gate", "hall"}))
WHOLE: dict[str, Any] = {"screen": None, "zones": None, "expires_at": None}


class Office:
    """People, and the journal that tells of them."""

    def __init__(self, people: People, journal: MoodyJournal) -> None:
        self.people, self.journal = people, journal

    async def told(self, *types: str) -> list[dict[str, Any]]:
        """The payloads of these types, in order; every one is of the class audit."""
        rows = [row for row in await self.journal.read(limit=1000) if row.type in types]
        assert {row.retention for row in rows} <= {Retention.AUDIT}
        return [row.payload or {} for row in rows]


@asynccontextmanager
async def opened(folder: Path, tokens: Tokens, clock: Any) -> AsyncGenerator[Office]:
    store = stores.url(folder)
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(
            open_journal(store, site="test", key=bytes(32), clock=clock, anchors=folder / "anchors")
        )
        journal = MoodyJournal(real)
        yield Office(People(tokens, journal, clock=clock, meters=Meters()), journal)


@pytest.fixture
async def office(tmp_path: Path, tokens: Tokens, clock: Any) -> AsyncGenerator[Office]:
    async with opened(tmp_path, tokens, clock) as office:
        yield office


async def test_a_token_is_asked_for_on_disk_before_it_is_made(office: Office) -> None:
    office.journal.disk.clear()
    making = asyncio.create_task(office.people.make(BOSS, "guest", Role.VIEWER, **WHOLE))
    await asyncio.sleep(0.03)
    assert office.people.tokens.entries() == []
    office.journal.disk.set()
    assert office.people.tokens.who(await making) == Principal("guest", Role.VIEWER)
    [asked] = await office.told("token.new.requested")
    assert (asked["actor"], asked["name"], asked["role"]) == ("boss", "guest", "viewer")
    assert [ended["status"] for ended in await office.told("token.new.ended")] == ["done"]


async def test_nothing_is_made_or_revoked_without_a_record(office: Office) -> None:
    await office.people.make(BOSS, "guest", Role.VIEWER, **WHOLE)
    office.journal.full = True
    with pytest.raises(JournalError):
        await office.people.make(BOSS, "other", Role.VIEWER, **WHOLE)
    with pytest.raises(JournalError):
        await office.people.revoke(BOSS, "guest")
    assert [entry.name for entry in office.people.tokens.entries()] == ["guest"]


async def test_how_it_ended_is_told_when_it_failed(office: Office) -> None:
    await office.people.make(BOSS, "guest", Role.VIEWER, **WHOLE)
    with pytest.raises(NameTaken):
        await office.people.make(BOSS, "guest", Role.ADMIN, **WHOLE)
    [_, failed] = await office.told("token.new.ended")
    assert (failed["status"], failed["reason"][:28]) == ("failed", "a token named 'guest' exists")


async def test_what_becomes_of_a_token_is_told_once_with_who_did_it(office: Office, tokens: Tokens) -> None:
    tokens.new("old", Role.QUEUE, by="cli:root")
    await office.people.make(BOSS, "guest", Role.VIEWER, **WHOLE)
    await office.people.look()
    await office.people.look()
    await office.people.revoke(BOSS, "guest")
    tokens.revoke("old")
    await office.people.look()
    made = [(told["name"], told["actor"], told["role"]) for told in await office.told("token.made")]
    assert made == [("guest", "boss", "viewer"), ("old", "cli:root", "queue")]
    revoked = [(told["name"], told["actor"]) for told in await office.told("token.revoked")]
    assert revoked == [("guest", "boss"), ("old", "cli")]
    assert "sha256" not in str(await office.journal.read(limit=1000))


async def test_what_was_done_while_the_gateway_was_down_is_told_when_it_starts(
    tmp_path: Path, tokens: Tokens, clock: Any
) -> None:
    tokens.new("a", Role.QUEUE)
    async with opened(tmp_path, tokens, clock) as office:
        await office.people.look()
    tokens.revoke("a")
    clock.go(1)
    tokens.new("b", Role.QUEUE)
    async with opened(tmp_path, tokens, clock) as office:
        await office.people.look()
        assert [told["name"] for told in await office.told("token.made", "token.revoked")] == ["a", "a", "b"]


async def test_a_token_that_was_changed_by_hand_is_told(office: Office, tokens: Tokens) -> None:
    tokens.new("guest", Role.VIEWER)
    await office.people.look()
    tokens.path.write_text(tokens.path.read_text().replace('"viewer"', '"admin"'))
    await office.people.look()
    [told] = await office.told("token.changed")
    assert (told["name"], told["role"], told["actor"]) == ("guest", "admin", "cli")


async def test_what_could_not_be_told_is_told_later(office: Office, tokens: Tokens) -> None:
    tokens.new("guest", Role.VIEWER)
    office.journal.full = True
    with pytest.raises(JournalError):
        await office.people.look()
    office.journal.full = False
    await office.people.look()
    assert len(await office.told("token.made")) == 1


async def test_that_a_token_was_used_is_no_change_of_it(office: Office, tokens: Tokens) -> None:
    tokens.who(tokens.new("guest", Role.VIEWER))
    await office.people.look()
    tokens.note(tokens.used())
    await office.people.look()
    assert await office.told("token.changed") == []


async def test_who_is_of_some_zones_makes_and_revokes_tokens_of_those_only(office: Office, tokens: Tokens) -> None:
    tokens.new("everywhere", Role.VIEWER)
    tokens.new("elsewhere", Role.VIEWER, zones=["office", "gate"])
    for zones in (None, frozenset({"office"})):
        with pytest.raises(WrongInput, match=r"^a token made by somebody of some zones is for zones of those"):
            await office.people.make(DEPUTY, "x", Role.VIEWER, screen=None, zones=zones, expires_at=None)
    with pytest.raises(WrongInput):
        await office.people.make(DEPUTY, "x", Role.SCREEN, screen="led-1", zones=frozenset({"gate"}), expires_at=None)
    for name in ("everywhere", "elsewhere", "nobody"):
        with pytest.raises(UnknownToken, match=f"^there is no token named '{name}'$"):
            await office.people.revoke(DEPUTY, name)
    await office.people.make(DEPUTY, "gate", Role.SECURITY, screen=None, zones=frozenset({"gate"}), expires_at=None)
    assert [entry.name for entry in office.people.tokens_of(DEPUTY)] == ["gate"]
    await office.people.revoke(DEPUTY, "gate")
    assert len(office.people.tokens_of(BOSS)) == 2


async def test_signing_in_and_out_is_told(office: Office, tokens: Tokens) -> None:
    session = await office.people.sign_in(tokens.new("boss", Role.ADMIN), "10.0.0.7")
    assert office.people.sessions.who(session) == BOSS
    await office.people.sign_out(session)
    await office.people.sign_out(session)
    assert office.people.sessions.who(session) is None
    assert await office.told("session.opened") == [{"actor": "boss", "address": "10.0.0.7", "role": "admin"}]
    assert await office.told("session.closed") == [{"actor": "boss"}]


async def test_with_a_full_disk_people_can_still_look(office: Office, tokens: Tokens) -> None:
    office.journal.full = True
    session = await office.people.sign_in(tokens.new("boss", Role.ADMIN), "10.0.0.7")
    assert office.people.sessions.who(session) == BOSS


async def test_a_slow_disk_keeps_nobody_out(office: Office, tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.people.audit.PATIENCE_S", 0.02)
    office.journal.disk.clear()
    assert await office.people.sign_in(tokens.new("boss", Role.ADMIN), "10.0.0.7")
    office.journal.disk.set()


async def test_an_address_that_fails_too_often_must_wait_but_who_comes_from_there_with_a_right_token_need_not(
    office: Office, tokens: Tokens, clock: Any
) -> None:
    right = tokens.new("boss", Role.ADMIN)
    for _ in range(10):
        with pytest.raises(NotLetIn, match=r"^this token is unknown$"):
            await office.people.sign_in("hall_wrong", "10.0.0.7")
    with pytest.raises(TooManyTries, match=r"^too many failed tries from this address: try again in 6 s$"):
        await office.people.sign_in("hall_wrong", "10.0.0.7")
    assert await office.people.sign_in(right, "10.0.0.7")
    with pytest.raises(NotLetIn):
        await office.people.sign_in("hall_wrong", "10.0.0.8")
    clock.go(6)
    with pytest.raises(NotLetIn):
        await office.people.sign_in("hall_wrong", "10.0.0.7")


async def test_the_key_of_a_screen_and_an_expired_token_open_no_session(
    office: Office, tokens: Tokens, clock: Any
) -> None:
    with pytest.raises(NotLetIn, match=r"^a token of the role screen opens no page$"):
        await office.people.sign_in(tokens.new("area", Role.SCREEN, screen="led-1"), "10.0.0.7")
    expired = tokens.new("guest", Role.VIEWER, expires_at=clock.now().replace(hour=13))
    clock.go(3600)
    with pytest.raises(TokenExpired):
        await office.people.sign_in(expired, "10.0.0.7")


@asynccontextmanager
async def running(people: People, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """As in the program, with looks that follow each other closely."""
    monkeypatch.setattr("gateway.people.service.LOOK_S", 0.001)
    task = asyncio.create_task(people.run(lambda: None))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_thousand_wrong_tokens_are_one_event(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(1000):
        office.people.refused("10.0.0.7", "unknown")
    async with running(office.people, monkeypatch):
        [told] = await until(lambda: office.told("session.refused"), bool)
        office.people.refused("10.0.0.7", "unknown")
        await asyncio.sleep(0.02)
        assert await office.told("session.refused") == [told]
    assert (told["count"], told["addresses"]) == (1000, {"10.0.0.7": 1000})


async def test_when_tokens_were_used_is_noted_once_a_minute(
    office: Office, tokens: Tokens, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.who(tokens.new("boss", Role.ADMIN))

    async def noted() -> bool:
        return tokens.entries()[0].last_used_at is not None

    async with running(office.people, monkeypatch):
        await asyncio.sleep(0.02)
        assert not await noted()
        clock.go(60)
        assert await until(noted, bool)


async def test_a_file_that_cannot_be_written_keeps_nobody_out_and_is_logged_once(
    office: Office, tokens: Tokens, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.new("boss", Role.ADMIN)
    monkeypatch.setattr("gateway.people.token_file.os.open", _refuse)
    for _ in range(2):
        assert tokens.who(token) == BOSS
        await office.people._note()
    assert len([text for text in caplog.messages if text.startswith("when tokens were used last is not noted")]) == 1


def _refuse(*_: object) -> int:
    raise PermissionError(13, "Permission denied")


async def test_a_change_that_fails_is_told_as_failed_and_the_error_goes_on(office: Office) -> None:
    with pytest.raises(WrongInput, match=r"^no$"):
        async with office.people.audit.change("boss", "config.reload", {"file": "site.yaml"}):
            raise WrongInput("no")
    assert await office.told("config.reload.requested") == [{"actor": "boss", "file": "site.yaml"}]
    [ended] = await office.told("config.reload.ended")
    assert ended == {"actor": "boss", "file": "site.yaml", "status": "failed", "reason": "no"}
