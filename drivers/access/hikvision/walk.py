"""The walk over the log of a device by its numbers: everything once, gaps and new logs told, nothing skipped.

It is not that of `drivers.shared.log_walk`: there a log has every number and is read one by one, from an oldest to a
newest that it tells. Here it comes in pages, numbers may be left out, and a row says which one was before it.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from drivers.access.hikvision import codec
from drivers.access.hikvision.client import Client
from drivers.access.hikvision.codec import Page, Row
from drivers.access.hikvision.config import HikvisionConfig
from drivers.access.hikvision.events import EVENTS, meaning
from gateway.core.access import Happening
from gateway.core.contract import DeviceContext
from gateway.core.errors import ProtocolError
from gateway.core.model import Cursor, Event, Retention

CURSOR = "acs"
SEARCH = "/ISAPI/AccessControl/AcsEvent?format=json"
MOST_PAGES = 100_000
"""Of one walk: what goes on for longer goes in a circle."""


class Place(msgspec.Struct, frozen=True):
    """How far the log has been read: in the how-manyth log, to which number, and what that row was.

    `serial` is 0 before the first row; `mark` is empty where the row was never read.
    """

    epoch: int = 1
    serial: int = 0
    mark: str = ""

    @classmethod
    def of(cls, value: str) -> "Place":
        """The place that a cursor keeps."""
        epoch, serial, mark = value.split("/")
        return cls(int(epoch), int(serial), mark)

    def cursor(self) -> Cursor:
        """The cursor that keeps it."""
        return Cursor(CURSOR, f"{self.epoch}/{self.serial}/{self.mark}")


class Walk:
    """Reads on where it was. One reads at a time: who asks meanwhile waits, and has it looked at once more."""

    def __init__(self, config: HikvisionConfig, context: DeviceContext) -> None:
        self._config, self._context = config, context
        self._doors = {door.number: door.id for door in config.doors}
        self._client: Client
        self.place: Place | None = None
        self.page_size = codec.USUAL_PAGE
        self.offset_s: float | None = None
        """How far the device's clock is ahead, as far as is known."""
        self._again = False
        self._reading: asyncio.Event | None = None

    async def begin(self, client: Client) -> None:
        """Take up a connection: nothing of an earlier one goes on."""
        kept = await self._context.cursor(CURSOR)
        self._client, self.place = client, Place.of(kept) if kept else None
        self._again, self._reading = False, None

    async def on(self) -> None:
        """Read everything that is there now. Raises DeviceError, JournalError: the next one goes on from the cursor."""
        self._again = True
        while self._again:
            if self._reading is not None:
                await self._reading.wait()
                continue
            self._reading, self._again, ended = asyncio.Event(), False, False
            try:
                await self._walk()
                ended = True
            finally:
                self._again = self._again or not ended
                self._reading.set()
                self._reading = None

    async def _walk(self) -> None:
        """Every page is a search of its own, as rows that are overwritten meanwhile move those behind them forward."""
        place = self.place or await self._start()
        search_id, position = _search_id(), 0
        for _ in range(MOST_PAGES):
            first = max(1, place.serial)  # the last row that was read comes again: is it still the same?
            page = await self._page(search_id, position, self.page_size, first=first)
            if position == 0 and await self._began_anew(place, page):
                self._again = True
                return
            before, place = place, await self._take(place, page.rows)
            if not page.more or not page.given:
                return
            search_id, position = (_search_id(), 0) if place != before else (search_id, position + page.given)
        raise ProtocolError(f"a search of the log has not ended after {MOST_PAGES} pages")

    async def _page(
        self, search_id: str, position: int, most: int, *, first: int | None = None, since: str | None = None
    ) -> Page:
        asked = codec.search(search_id, position, most, first=first, since=since)
        try:
            return codec.page(await self._client.read(SEARCH, asked))
        except ValueError as error:
            raise ProtocolError(f"{SEARCH} answers no page of a log: {error}") from error

    async def _start(self) -> Place:
        """Begin a log that was never read, and tell where: what lies before that is never read."""
        start = self._config.start
        asked: dict[str, Any] = {"since": start.strftime(codec.LOCAL)} if isinstance(start, datetime) else {"first": 1}
        rows = () if start == "newest" else (await self._page(_search_id(), 0, self.page_size, **asked)).rows
        place = Place(1, rows[0].before) if rows else await self._newest()
        where = f"since {start.isoformat()}" if isinstance(start, datetime) else start
        return await self._enter(place, f"it is read for the first time, from {where}", left=place.serial)

    async def _newest(self) -> Place:
        """Behind what is in the log now."""
        search_id = _search_id()
        total = (await self._page(search_id, 0, 1, first=1)).total
        rows = (await self._page(search_id, total - 1, 1, first=1)).rows if total else ()
        return Place(1, rows[-1].serial, rows[-1].mark) if rows else Place()

    async def _began_anew(self, place: Place, page: Page) -> bool:
        """Whether the log is another than the one that was read: then that is recorded, and the place is before it."""
        serial = place.serial
        if not serial:
            return False
        if page.rows and page.rows[0].serial == serial:
            why = "" if place.mark in ("", page.rows[0].mark) else f"number {serial} is another row than it was"
        elif page.rows or not (await self._page(_search_id(), 0, 1, first=1)).rows:
            why = ""  # the row was overwritten; or the log is empty, and nothing can be told
        else:
            why = f"its numbers do not go to {serial} any more"
        if why:
            await self._enter(Place(place.epoch + 1), why, left=serial)
        return bool(why)

    async def _enter(self, place: Place, why: str, *, left: int) -> Place:
        """Record that a log is begun."""
        key = f"epoch/{place.epoch}"
        begun = self._log_event(Happening.EPOCH, key, epoch=place.epoch, why=why, left=left)
        await self._context.record(begun, cursor=place.cursor())
        self.place = place
        return place

    async def _take(self, place: Place, rows: Sequence[Row]) -> Place:
        """Record the rows behind a place, the gaps before them, and the place behind them, in one transaction."""
        events = list[Event]()
        for row in rows:
            if row.serial > place.serial:
                events += self._gap(place, row)
                place = Place(place.epoch, row.serial, row.mark)
                events.append(self._event(place, row))
        if events:
            await self._context.record(*events, cursor=place.cursor())
            self.place = place
        return place

    def _gap(self, place: Place, row: Row) -> list[Event]:
        """What the device no longer has before a row; it tells the number of the row before it, where it can."""
        first, last = place.serial + 1, row.before
        if last < first:
            return []
        key = f"gap/{place.epoch}/{first}-{last}"
        return [self._log_event(Happening.GAP, key, **{"from": first, "to": last, "epoch": place.epoch})]

    def _event(self, place: Place, row: Row) -> Event:
        means = meaning(row.major, row.minor)
        part = self._doors.get(row.door or 0)
        if row.door is None and row.major == EVENTS and len(self._doors) == 1:  # a terminal of one door does not say it
            (part,) = self._doors.values()
        payload: dict[str, Any] = {"reason": means.reason, "code": f"{row.major}/{row.minor}"}
        if means.type in (Happening.GRANTED, Happening.DENIED):
            payload["direction"] = None
        if part is None and row.door:
            payload["door"] = row.door
        return Event(
            type=means.type,
            source_key=f"{CURSOR}/{place.epoch}/{row.serial}",
            payload={**payload, "index": row.serial, "epoch": place.epoch},
            retention=Retention.ACCESS,
            part=part,
            device_at=row.time,
            clock_offset_s=self.offset_s,
            person=row.person,
        )

    @staticmethod
    def _log_event(type_: Happening, key: str, **payload: Any) -> Event:
        return Event(type=type_, source_key=key, payload=payload, retention=Retention.ACCESS)


def _search_id() -> str:
    """An id that no other search has: two of one id would get each other's pages."""
    return secrets.token_hex(16)
