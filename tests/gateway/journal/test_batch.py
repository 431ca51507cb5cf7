"""What one group commit does with the calls in it."""

from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.event import listen
from stores import Database

from gateway.core.errors import GatewayError, JournalError
from gateway.core.model import Cursor, Event
from gateway.journal.batch import Call, Outcome, commit
from gateway.journal.head import prepare
from gateway.journal.rows import Head, Recorded, cursor_columns, event_columns
from gateway.journal.store import writing
from gateway.journal.verify import verify

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
KEY = bytes(range(32))


def call(*source_keys: str, cursor: str | None = None, at: datetime = NOON) -> Call:
    events = [Event(type="door.opened", source_key=source_key, payload={"n": 1}) for source_key in source_keys]
    return Call(
        [event_columns(event, site="liandu", device="door-1", now=at) for event in events],
        [cursor_columns(Cursor("door-1/log", cursor), site="liandu", now=at)] if cursor else [],
        [],
    )


@pytest.fixture
def engine(url: str) -> Generator[Engine]:
    engine = writing(url)
    prepare(engine, site="liandu", key=KEY)
    yield engine
    engine.dispose()


def commit_all(engine: Engine, *calls: Call) -> Sequence[Outcome]:
    """Behind whatever is there."""
    return commit(engine, calls, site="liandu", key=KEY, head=prepare(engine, site="liandu", key=KEY))[1]


def keys(database: Database) -> list[tuple[Any, ...]]:
    return database.rows("SELECT seq, source_key FROM journal ORDER BY seq")


def test_calls_get_their_seq_in_order(engine: Engine) -> None:
    assert commit_all(engine, call("a", "b"), call("c")) == [
        [Recorded(1, new=True), Recorded(2, new=True)],
        [Recorded(3, new=True)],
    ]


def test_a_repeat_gets_the_earlier_seq_wherever_it_is(engine: Engine) -> None:
    commit_all(engine, call("on-disk"))
    assert commit_all(engine, call("a", "on-disk", "a"), call("b", "a")) == [
        [Recorded(2, new=True), Recorded(1, new=False), Recorded(2, new=False)],
        [Recorded(3, new=True), Recorded(2, new=False)],
    ]


def test_a_call_with_bad_data_fails_alone(engine: Engine, database: Database) -> None:
    bad = [call("x", "\ud800", cursor="7"), call("y", cursor="\ud800")]
    outcomes = commit_all(engine, call("a"), bad[0], call("b", "x"), bad[1], call("c"))
    assert [str(outcome) for outcome in outcomes if isinstance(outcome, JournalError)] == [
        "the journal refused the record: 'utf-8' codec can't encode character '\\ud800' in position 0: "
        "surrogates not allowed"
    ] * 2
    assert keys(database) == [(1, "a"), (2, "b"), (3, "x"), (4, "c")]
    assert verify(database.url, key=KEY).rows == 4


def test_a_batch_with_bad_data_is_one_transaction_all_the_same(engine: Engine, database: Database) -> None:
    seen: list[int] = []

    def look(*_arguments: object) -> None:
        seen.append(len(keys(database)))

    listen(engine, "savepoint", look)
    commit_all(engine, call("a"), call("\ud800"), call("b"))
    assert seen == [0, 0, 0]


def test_a_call_that_the_database_refuses_fails_alone(engine: Engine, database: Database) -> None:
    database.refuse("INSERT", "journal", "no x", when="NEW.source_key = 'x'")
    outcomes = commit_all(engine, call("a"), call("w", "x", "y", cursor="7"), call("b"))
    assert isinstance(outcomes[1], JournalError)
    assert str(outcomes[1]) == "the journal refused the record: no x"
    assert keys(database) == [(1, "a"), (2, "b")]


def test_a_refused_call_moves_no_cursor(engine: Engine, database: Database) -> None:
    commit_all(engine, call("a", cursor="1"), call("\ud800", cursor="2"))
    assert database.rows("SELECT value FROM cursors") == [("1",)]


def test_more_events_than_a_query_takes_parameters(engine: Engine, database: Database) -> None:
    many = [f"log/{number}" for number in range(1201)]
    commit_all(engine, call(*many[::2]))
    [outcome] = commit_all(engine, call(*many))
    assert not isinstance(outcome, JournalError)
    assert [seq.new for seq in outcome] == [number % 2 == 1 for number in range(1201)]
    assert len(keys(database)) == 1201


def test_a_dead_database_fails_every_call_and_then_the_numbers_go_on(engine: Engine, database: Database) -> None:
    commit_all(engine, call("a"))
    before = prepare(engine, site="liandu", key=KEY)
    database.do("ALTER TABLE journal RENAME TO gone")
    head, outcomes, _ = commit(engine, [call("b"), call("c")], site="liandu", key=KEY, head=before)
    assert head is None
    why = "no such table: journal" if database.is_file else 'relation "journal" does not exist'
    assert [str(outcome) for outcome in outcomes] == [f"the journal could not record: {why}"] * 2
    database.do("ALTER TABLE gone RENAME TO journal")
    assert commit_all(engine, call("b")) == [[Recorded(2, new=True)]]


def test_another_key_is_refused_at_the_start(engine: Engine) -> None:
    prepare(engine, site="liandu", key=bytes(32))  # an empty journal has no key yet
    commit_all(engine, call("a"))
    prepare(engine, site="qingtian", key=bytes(32))
    with pytest.raises(GatewayError, match=r"store\.key: not the key of seq 1"):
        prepare(engine, site="liandu", key=bytes(32))


def test_the_head_is_the_newest_row(engine: Engine) -> None:
    head, *_ = commit(engine, [call("a"), call("b")], site="liandu", key=KEY, head=Head())
    assert head
    assert head.seq == 2
    assert prepare(engine, site="liandu", key=KEY) == head


def test_rows_of_ours_whose_commit_was_not_answered_are_gone_on_from(engine: Engine, database: Database) -> None:
    answered, *_ = commit(engine, [call("a")], site="liandu", key=KEY, head=Head())
    assert answered
    commit(engine, [call("b"), call("c")], site="liandu", key=KEY, head=answered)
    head, outcomes, _ = commit(engine, [call("c"), call("d")], site="liandu", key=KEY, head=answered)
    assert outcomes == [[Recorded(3, new=False)], [Recorded(4, new=True)]]
    assert head == prepare(engine, site="liandu", key=KEY)
    assert verify(database.url, key=KEY).rows == 4


Batches = Sequence[Sequence[Sequence[str]]]
SOURCE_KEYS = st.text(st.characters(min_codepoint=1), max_size=2) | st.sampled_from(["a", "b", "\ud800"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.lists(SOURCE_KEYS, max_size=4), max_size=5), min_size=1, max_size=5))
def test_any_batches_leave_no_gap_no_twin_and_a_whole_chain(
    batches: Batches, engine: Engine, database: Database, independent: Callable[[Database, bytes], int]
) -> None:
    database.do("DELETE FROM journal")
    told: dict[str, int] = {}
    for batch in batches:
        for wanted, outcome in zip(batch, commit_all(engine, *(call(*c) for c in batch)), strict=True):
            assert isinstance(outcome, JournalError) == ("\ud800" in wanted)
            _believe(told, wanted, outcome)
    assert keys(database) == sorted((seq, source_key) for source_key, seq in told.items())
    assert sorted(told.values()) == list(range(1, len(told) + 1))
    assert independent(database, KEY) == verify(database.url, key=KEY).rows == len(told)


def _believe(told: dict[str, int], wanted: Sequence[str], outcome: Any) -> None:
    if isinstance(outcome, JournalError):
        return
    for source_key, recorded in zip(wanted, outcome, strict=True):
        assert recorded.new == (source_key not in told)
        assert told.setdefault(source_key, recorded.seq) == recorded.seq
