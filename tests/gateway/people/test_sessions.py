"""Sessions: how long they last, and what ends them."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.people.rights import Principal, Role
from gateway.people.sessions import IDLE_S, LONGEST_S, Sessions
from gateway.people.tokens import Tokens, hash_of


@pytest.fixture
def sessions(tokens: Tokens, clock: Any) -> Sessions:
    return Sessions(tokens, clock)


def test_a_session_stands_for_its_token(tokens: Tokens, sessions: Sessions) -> None:
    token = tokens.new("boss", Role.ADMIN)
    id_ = sessions.open(hash_of(token))
    assert sessions.who(id_) == Principal("boss", Role.ADMIN)
    assert len({id_, sessions.open(hash_of(token)), token}) == 3


@pytest.mark.parametrize("id_", ["", "x", "\ud800", "x" * 10_000])
def test_what_is_no_session_is_nobody(id_: str, sessions: Sessions) -> None:
    assert sessions.who(id_) is None


def test_a_session_that_is_closed_is_over(tokens: Tokens, sessions: Sessions) -> None:
    token = hash_of(tokens.new("boss", Role.ADMIN))
    one, other = sessions.open(token), sessions.open(token)
    sessions.close(one)
    assert sessions.who(one) is None
    assert sessions.who(other)


def test_an_idle_session_ends_and_a_busy_one_at_last(tokens: Tokens, sessions: Sessions, clock: Any) -> None:
    token = hash_of(tokens.new("boss", Role.ADMIN))
    idle, busy = sessions.open(token), sessions.open(token)
    for _ in range(int(LONGEST_S / (IDLE_S / 2)) - 1):
        clock.go(IDLE_S / 2)
        assert sessions.who(busy)
    assert sessions.who(idle) is None
    clock.go(IDLE_S / 2)
    assert sessions.who(busy) is None


@pytest.mark.parametrize("minutes", [-10, 10])
def test_setting_the_clock_ends_no_session_and_lengthens_none(
    minutes: int, tokens: Tokens, sessions: Sessions, clock: Any
) -> None:
    id_ = sessions.open(hash_of(tokens.new("boss", Role.ADMIN)))
    clock.go(IDLE_S - 1)
    clock.wall += timedelta(minutes=minutes)
    assert sessions.who(id_)
    clock.seconds += IDLE_S
    assert sessions.who(id_) is None


def test_a_session_ends_with_its_token(tokens: Tokens, sessions: Sessions, clock: Any) -> None:
    revoked = sessions.open(hash_of(tokens.new("revoked", Role.ADMIN)))
    expired = sessions.open(hash_of(tokens.new("guest", Role.VIEWER, expires_at=clock.now() + timedelta(minutes=5))))
    tokens.revoke("revoked")
    assert sessions.who(revoked) is None
    assert sessions.who(expired)
    clock.go(300)
    assert sessions.who(expired) is None
    assert len(sessions) == 0


def test_a_token_that_is_made_anew_under_the_same_name_has_no_sessions(tokens: Tokens, sessions: Sessions) -> None:
    id_ = sessions.open(hash_of(tokens.new("boss", Role.ADMIN)))
    tokens.revoke("boss")
    tokens.new("boss", Role.ADMIN)
    assert sessions.who(id_) is None


def test_of_too_many_the_one_that_was_idle_longest_gives_way(
    tokens: Tokens, sessions: Sessions, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.people.sessions.MOST_OF_ONE", 2)
    monkeypatch.setattr("gateway.people.sessions.MOST", 3)
    one, other = (hash_of(tokens.new(name, Role.VIEWER)) for name in ("one", "other"))
    opened: list[str] = []
    for token in (one, one, other, one, other):
        clock.go(1)
        opened.append(sessions.open(token))
    assert [sessions.who(id_) is not None for id_ in opened] == [False, False, True, True, True]
    assert len(sessions) == 3
