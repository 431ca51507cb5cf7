"""A payload that is gone is a fault, unless it had expired or a recorded request names it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest
from stores import Database

from gateway.core.model import Event, Retention
from gateway.journal import ahead
from gateway.journal.journal import Journal
from gateway.journal.missing import LEAST_DAYS
from gateway.journal.rows import stamp
from gateway.journal.upkeep import Old
from gateway.journal.verify import verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
LOST = "has lost its payload, which neither expired nor was erased on a recorded request"
WIPE = "UPDATE journal SET payload = NULL, salt = NULL WHERE "


def event(name: str, retention: Retention = Retention.AUDIT, *, days: float = 0) -> Event:
    at = datetime.now(UTC) - timedelta(days=days)
    return Event(type="command.done", source_key=name, payload={"n": name}, retention=retention, at=at)


def threads(count: int, *_: object) -> ThreadPoolExecutor:
    """What reads in stretches, in this process."""
    return ThreadPoolExecutor(count)


def two(_: int) -> set[int]:
    """The processors that there are."""
    return {0, 1}


@pytest.fixture(params=["row by row", "in stretches"])
async def journal(request: pytest.FixtureRequest, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Closed: twelve rows, of each class one of today, one that is 20 days old and one that is 200 days old."""
    if request.param == "in stretches":
        monkeypatch.setattr(ahead, "STRETCH_ROWS", 3)
        monkeypatch.setattr(ahead, "WORTH_ROWS", 0)
        monkeypatch.setattr(ahead, "ProcessPoolExecutor", threads)
        monkeypatch.setattr("os.sched_getaffinity", two)
    async with opened() as journal:
        for days in (200, 20, 0):
            await journal.record("d", [event(f"{retention}/{days}", retention, days=days) for retention in Retention])
    return journal


def of(retention: str, number: int) -> int:
    """The seq of the oldest, the middle or the newest row of a class."""
    return 4 * number + list(Retention).index(Retention(retention)) + 1


@pytest.mark.usefixtures("journal")
def test_a_wiped_audit_is_found_at_its_first_row_that_had_not_expired(database: Database, url: str, key: bytes) -> None:
    database.do(f"{WIPE} class = 'audit'")
    verdict = verify(url, key=key)
    assert (verdict.ok, verdict.broken_seq) == (False, of("audit", 1))
    assert verdict.what == f"site liandu: seq {of('audit', 1)} {LOST}"


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("retention", Retention)
def test_a_single_payload_of_today_may_not_be_missing(
    database: Database, url: str, key: bytes, retention: Retention
) -> None:
    database.do(f"{WIPE} seq = {of(retention, 2)}")
    assert verify(url, key=key).broken_seq == of(retention, 2)


@pytest.mark.usefixtures("journal")
def test_before_the_first_night_payloads_may_have_expired_as_the_site_says(
    database: Database, url: str, key: bytes
) -> None:
    database.do(f"{WIPE} class = 'call' AND seq <= {of('call', 1)}")
    assert verify(url, key=key).what == "site liandu: 12 rows are whole, 2 payloads erased"
    assert verify(url, key=key, keep_days={**LEAST_DAYS, Retention.CALL: 30}).broken_seq == of("call", 1)


@pytest.mark.usefixtures("journal")
async def test_what_a_night_noted_stays_expired_when_payloads_are_kept_for_longer(
    opened: Opened, url: str, key: bytes
) -> None:
    async with opened() as journal:
        for days in (10, 100):
            old = Old(stamp(datetime.now(UTC) - timedelta(days=days)), 0)
            await journal.upkeep.expire(Retention.CALL, old)
    longer = {**LEAST_DAYS, Retention.CALL: 365}
    assert verify(url, key=key, keep_days=longer).what == "site liandu: 12 rows are whole, 2 payloads erased"


@pytest.mark.usefixtures("journal")
async def test_a_note_that_was_changed_excuses_nothing(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await journal.upkeep.expire(Retention.AUDIT, Old(stamp(datetime.now(UTC) - timedelta(days=180)), 0))
    database.do("UPDATE cursors SET value = replace(value, '\"last_seq\":0', '\"last_seq\":99')", f"{WIPE} seq = 10")
    assert verify(url, key=key).broken_seq == of("audit", 2)


@pytest.mark.usefixtures("journal")
async def test_what_was_committed_so_long_ago_may_have_expired_whatever_its_own_time(
    opened: Opened, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await journal.upkeep.expire(Retention.AUDIT, Old("", 10))
    assert verify(url, key=key).what == "site liandu: 12 rows are whole, 3 payloads erased"


@pytest.mark.usefixtures("journal")
async def test_a_recorded_request_names_the_rows_that_it_erased_and_no_other(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    request = Event(
        type="erasure.requested", source_key="erasure/1/requested", payload={"seqs": [9]}, retention=Retention.AUDIT
    )
    async with opened() as journal:
        await journal.record(None, [request])
        await journal.upkeep.erase([9])
        await journal.upkeep.expire(Retention.AUDIT, Old(stamp(datetime.now(UTC) + timedelta(days=1)), 0))
    assert verify(url, key=key).what == "site liandu: 13 rows are whole, 4 payloads erased"
    database.do("UPDATE journal SET payload = '{\"seqs\":[9,12]}' WHERE seq = 13", f"{WIPE} seq = 12")
    verdict = verify(url, key=key)
    assert (verdict.ok, verdict.broken_seq) == (False, 13)
