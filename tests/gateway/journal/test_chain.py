"""The hash chain, against the worked example of docs/reference/journal.md."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal import chain
from gateway.journal.rows import event_columns
from gateway.journal.schema import journal

DOCUMENT = Path(__file__).parents[3] / "docs/reference/journal.md"
KEY = bytes(range(32))
SALT = bytes(range(0xA0, 0xB0))
PAYLOAD = '{"name":"王*明","ticket":"A017","window":"w03"}'
PAYLOAD_HASH = "96d3d397059bc1f25df108372789af3986798e5af25f2eb10fa9eb63516a4616"
ARRAY = (
    '["liandu",1,"2025-03-01T01:02:03.000000Z",null,-1.5,"led-03",null,"call.requested","call",0,'
    '"96d3d397059bc1f25df108372789af3986798e5af25f2eb10fa9eb63516a4616","call/5f1c"]'
)
HASH = "2fcc6436e1a8a22337425788f922df7087c43d696d5c378ba2334a39e55ae149"


def covered() -> list[object]:
    values: list[object] = json.loads(ARRAY)
    values[chain.PAYLOAD_HASH] = bytes.fromhex(PAYLOAD_HASH)
    return values


def test_a_payload_is_written_with_sorted_keys_and_no_spaces() -> None:
    assert chain.canonical({"window": "w03", "ticket": "A017", "name": "王*明"}).decode() == PAYLOAD


def test_the_worked_example_holds() -> None:
    assert chain.payload_hash(SALT, PAYLOAD.encode()).hex() == PAYLOAD_HASH
    assert chain.row_hash(KEY, chain.GENESIS, covered()).hex() == HASH


def test_the_worked_example_holds_by_the_formula() -> None:
    assert hashlib.sha256(SALT + PAYLOAD.encode()).hexdigest() == PAYLOAD_HASH
    assert hmac.new(KEY, bytes(32) + ARRAY.encode(), "sha256").hexdigest() == HASH


@pytest.mark.parametrize("text", [KEY.hex(), SALT.hex(), PAYLOAD, PAYLOAD_HASH, ARRAY, HASH])
def test_the_worked_example_is_the_documented_one(text: str) -> None:
    assert text in DOCUMENT.read_text()


@pytest.mark.parametrize("column", [column.name for column in journal.columns])
def test_every_column_is_documented(column: str) -> None:
    assert f"| `{column}` |" in DOCUMENT.read_text()


def test_the_hash_covers_every_column_but_the_erasable_and_itself() -> None:
    assert {column.name for column in journal.columns} - set(chain.COVERED) == {"payload", "salt", "prev_hash", "hash"}


@given(st.floats(-9e11, 9e11))
def test_every_json_writer_gives_an_offset_the_same_text(offset_s: float) -> None:
    event = Event(type="t", source_key="k", payload={}, clock_offset_s=offset_s, at=datetime.now(UTC))
    stored = event_columns(event, site="s", device=None, now=datetime.now(UTC))["clock_offset_s"]
    assert chain.canonical(stored).decode() == json.dumps(stored)
    assert abs(stored - offset_s) <= 0.000_6


@given(st.text())
def test_every_json_writer_gives_a_text_the_same_bytes(text: str) -> None:
    assert chain.canonical(text) == json.dumps(text, ensure_ascii=False).encode()


@pytest.mark.parametrize("offset_s", [float("nan"), float("inf"), -1e12])
def test_refuses_an_offset_that_is_no_time(offset_s: float) -> None:
    with pytest.raises(JournalError, match="takes no clock offset of"):
        event_columns(
            Event(type="t", source_key="k", payload={}, clock_offset_s=offset_s),
            site="s",
            device=None,
            now=datetime.now(UTC),
        )
