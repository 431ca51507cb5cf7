"""What somebody may see of the journal: narrowed in the query, so that no page has holes."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal
from gateway.journal.scope import Scope

GATE = Scope(frozenset({"led-1"}), frozenset({"w1"}))


@pytest.fixture
async def journal(opened: Callable[..., AbstractAsyncContextManager[Journal]]) -> AsyncGenerator[Journal]:
    async with opened() as journal:
        yield journal


async def record(journal: Journal, device: str | None, type_: str, payload: dict[str, Any], **more: Any) -> None:
    key = str(journal.head.seq + 1)
    await journal.record(device, [Event(type=type_, source_key=key, payload=payload, **more)])


async def types(journal: Journal, scope: Scope, **more: Any) -> list[str]:
    return [row.type for row in await journal.read(scope=scope, **more)]


async def test_rows_of_other_devices_and_of_none_are_not_there(journal: Journal) -> None:
    for device in ("led-1", "led-2", None):
        await record(journal, device, f"seen.{device}", {})
    assert await types(journal, GATE) == ["seen.led-1"]
    assert await types(journal, Scope()) == ["seen.led-1", "seen.led-2", "seen.None"]
    assert await types(journal, Scope(frozenset(), frozenset())) == []


async def test_a_part_may_be_there_without_its_device_or_a_device_without_its_part(journal: Journal) -> None:
    for device, part in (("acs", None), ("acs", "d1"), ("acs", "d2"), ("far", None), ("far", "d1"), ("far", "d2")):
        await record(journal, device, f"{device}.{part}", {}, part=part)
    parts, foreign = frozenset({("far", "d1")}), frozenset({("acs", "d2"), ("far", "d2")})
    assert await types(journal, Scope(frozenset({"acs"}), parts=parts, foreign=foreign)) == [
        "acs.None",
        "acs.d1",
        "far.d1",
    ]
    assert await types(journal, Scope(frozenset(), parts=parts, foreign=foreign)) == ["far.d1"]


async def test_a_call_is_there_for_those_who_see_its_window(journal: Journal) -> None:
    for window in ("w1", "w12", "w2"):
        await record(journal, None, "call.accepted", {"window": window, "seq": 1})
    await record(journal, None, "session.opened", {"window": "w1"})
    await record(journal, "led-2", "call.delivered", {"detail": {"window": "w1"}})
    rows = await journal.read(scope=GATE)
    assert [row.payload for row in rows] == [{"window": "w1", "seq": 1}]


@pytest.mark.parametrize("text", ['"window":"w1"', 'x","window":"w1', '\\"window\\":\\"w1\\"'])
async def test_no_text_passes_for_a_window(text: str, journal: Journal) -> None:
    await record(journal, None, "call.accepted", {"ticket": text, "window": "w2"})
    assert await types(journal, GATE) == []


async def test_the_signs_of_a_pattern_are_no_pattern(journal: Journal) -> None:
    await record(journal, None, "call.accepted", {"window": "wa1"})
    assert await types(journal, Scope(frozenset(), frozenset({"w_1", "w%"}))) == []


async def test_pages_are_full_although_most_rows_are_left_out(journal: Journal) -> None:
    for number in range(30):
        await record(journal, "led-1" if number % 10 == 0 else "led-2", f"n{number}", {})
    assert await types(journal, GATE, limit=2) == ["n0", "n10"]
    assert await types(journal, GATE, limit=2, after=11) == ["n20"]
    assert await types(journal, GATE, limit=2, newest_first=True) == ["n20", "n10"]


async def test_what_tells_of_duress_is_left_out(journal: Journal) -> None:
    for reason in ("duress", "tamper", None):
        for kind in (Retention.ACCESS, Retention.DEVICE):
            await record(journal, "led-1", f"{reason}.{kind}", {"reason": reason}, retention=kind)
    assert await types(journal, Scope(quiet=False)) == [
        "duress.device",
        "tamper.access",
        "tamper.device",
        "None.access",
        "None.device",
    ]


async def test_classes_are_left_out(journal: Journal) -> None:
    for kind in Retention:
        await record(journal, "led-1", f"of.{kind}", {}, retention=kind)
    await record(journal, "led-1", "alarm.raised", {}, retention=Retention.ACCESS)
    assert await types(journal, Scope(quiet=False)) == [f"of.{kind}" for kind in Retention]
    without = frozenset({Retention.AUDIT, Retention.ACCESS})
    assert await types(journal, Scope(without=without)) == ["of.call", "of.device"]
    assert await types(journal, Scope(GATE.devices, without=without)) == ["of.call", "of.device"]
