"""The head outside the database."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import GatewayError
from gateway.core.model import Event
from gateway.journal import anchors as anchors_module
from gateway.journal.journal import Journal
from gateway.journal.verify import verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={})


def lines(anchors: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in anchors.read_text().splitlines()]


def seqs(anchors: Path) -> list[int]:
    return [line["seq"] for line in lines(anchors)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a thread does it, and tells nobody
            await asyncio.sleep(0.005)


async def anchored(anchors: Path, seq: int) -> None:
    """Wait until the newest anchor is that of `seq`."""
    await until(lambda: seqs(anchors)[-1:] == [seq])


async def test_anchors_at_most_once_a_minute_and_at_the_end(opened: Opened, anchors: Path) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a")])
        await anchored(anchors, 1)
        await journal.record(None, [event("b")])
        await journal.record(None, [event("c")])
        await asyncio.sleep(0.03)
        assert seqs(anchors) == [1]
        head = journal.head
    assert seqs(anchors) == [1, 3]
    last = lines(anchors)[-1]
    assert (last["site"], last["hash"]) == ("liandu", head.hash.hex())
    assert last["at"].endswith("Z")


async def test_anchors_again_when_a_minute_has_passed_and_the_head_has_moved(
    opened: Opened, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors_module, "PERIOD_S", 0.02)
    async with opened() as journal:
        for seq in (1, 2):
            await journal.record(None, [event(f"{seq}")])
            await anchored(anchors, seq)
        await asyncio.sleep(0.05)
    assert seqs(anchors) == [1, 2]


async def test_a_line_that_a_crash_cut_spoils_no_other(opened: Opened, anchors: Path) -> None:
    anchors_module.append(anchors, b'{"at":"2025-03-01T01:02:03.0')
    async with opened() as journal:
        await journal.record(None, [event("a")])
    assert list(anchors_module.load(anchors)["liandu"].heads) == [1]


async def test_no_anchor_of_a_seq_overrules_another(anchors: Path) -> None:
    for digest in ("aa", "bb"):
        anchors_module.append(anchors, b'{"at":"","site":"liandu","seq":7,"hash":"%b"}\n' % digest.encode())
    assert anchors_module.load(anchors)["liandu"].heads == {7: {"aa", "bb"}}


async def test_a_new_seal_is_anchored_at_once_and_stays_in_the_anchors(opened: Opened, anchors: Path) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a")])
        await anchored(anchors, 1)
        await journal.upkeep.seal(date(2026, 3, 1), 1, datetime(2026, 3, 2, tzinfo=UTC))
        await until(lambda: len(lines(anchors)) == 2)
        assert [line.get("sealed") for line in lines(anchors)] == [None, 1]
    async with opened() as journal:
        await journal.record(None, [event("b")])
    assert [(line["seq"], line.get("sealed")) for line in lines(anchors)] == [(1, None), (1, 1), (1, 1), (2, 1)]
    assert len({line["seal"] for line in lines(anchors)[1:]}) == 1


async def test_an_anchor_that_was_taken_elsewhere_is_not_hidden_by_the_one_beside_the_store(
    opened: Opened, anchors: Path, url: str, key: bytes, tmp_path: Path
) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a")])
        head = journal.head
    elsewhere = tmp_path / "elsewhere"
    forged = {"at": "", "site": "liandu", "seq": head.seq, "hash": "00" * 32}
    elsewhere.write_text(json.dumps(forged) + "\n")
    assert verify(url, key=key, anchors=[anchors]).ok
    assert verify(url, key=key, anchors=[anchors, elsewhere]).broken_seq == head.seq


async def test_a_failing_file_is_told_once_and_tried_again(
    opened: Opened, anchors: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(anchors_module, "PERIOD_S", 0.005)
    caplog.set_level(logging.INFO, "gateway.journal")
    tries: list[int] = []

    def full(_path: Path, _line: bytes) -> None:
        tries.append(1)
        raise OSError(28, "No space left on device")

    append = anchors_module.append
    async with opened() as journal:
        monkeypatch.setattr(anchors_module, "append", full)
        await journal.record(None, [event("a")])
        await until(lambda: len(tries) >= 3)
        monkeypatch.setattr(anchors_module, "append", append)
        await anchored(anchors, 1)
    assert [record.message for record in caplog.records] == [
        "the journal's head is not anchored: [Errno 28] No space left on device",
        "the journal's head is anchored again",
    ]


async def test_a_place_that_cannot_be_written_is_told_at_the_start(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match=r"none/anchors.jsonl"):
        async with opened(anchors=tmp_path / "none" / "anchors.jsonl"):
            pass
    async with opened():
        pass
