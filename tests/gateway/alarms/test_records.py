"""Alarms in a real journal whose disk is full."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.alarms import lifecycle, records
from gateway.alarms.condition import Condition, Text, Words
from gateway.alarms.lifecycle import Alarm, State
from gateway.alarms.records import Recorder, restored
from gateway.alarms.watched import Step, What
from gateway.clock import SystemClock
from gateway.core.errors import JournalError
from gateway.journal import held, spool
from gateway.journal.batch import Call
from gateway.journal.journal import Journal, open_journal
from gateway.journal.rows import Recorded

WORDS = Words(Text("热", "hot"), Text("看", "look"))
HOT = [Condition(name="hot", subject=f"device/{device}", words=WORDS, device=device) for device in ("a", "b")]
AT = datetime(2025, 3, 1, 12, tzinfo=UTC)


async def test_how_each_alarm_stands_outlives_a_full_disk_and_what_was_cut_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "EVENTS", 4)
    monkeypatch.setattr(spool, "FIRST_S", 0.005)
    url, anchors = f"sqlite:///{tmp_path}/hall.db", tmp_path / "anchors"
    async with open_journal(url, site="liandu", key=bytes(32), clock=SystemClock(), anchors=anchors) as journal:
        take, journal._spool.submit = journal._spool.submit, _refuse
        alarms = flapped(journal)
        await asyncio.sleep(0.02)
        assert journal.head.seq == 0
        journal._spool.submit = take
        for condition in HOT:
            await journal._spool.passed(condition.device)
        kept = restored(await journal.desired())
        assert kept == alarms
        assert [alarm.state for alarm in kept.values()] == [State.ACTIVE, State.ACTIVE]
        gaps = {row.device: row.payload and row.payload["count"] for row in await journal.read(type="gap")}
        assert gaps == {"a": 17, "b": 17}


def flapped(journal: Journal) -> dict[str, Alarm]:
    """Alarms that came nine times, went as often, and came once more: how each stands after it."""
    recorder, alarms = Recorder(journal), {condition.id: Alarm() for condition in HOT}
    for turn in range(19):
        for condition in HOT:
            before = alarms[condition.id]
            alarm = lifecycle.cleared(before, AT) if turn % 2 else lifecycle.raised(before, AT)
            what = What.CLEARED if turn % 2 else What.RAISED
            recorder.took(condition, alarm, records.event(condition, Step(what, alarm)))
            alarms[condition.id] = alarm
    return alarms


async def _refuse(_: Call) -> list[Recorded]:
    raise JournalError("the journal could not record: database or disk is full")
