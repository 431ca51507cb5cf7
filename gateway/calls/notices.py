"""Publishes and withdraws notices, lets them begin and expire, and keeps them over a restart."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from gateway.calls.announced import Announced
from gateway.calls.arrival import Arrivals
from gateway.calls.notice import (
    Notice,
    NoticeBody,
    NoticeConflict,
    NoticeRefused,
    UnknownNotice,
    make_notice,
    notice_from,
)
from gateway.core.known import unknown
from gateway.core.model import Event, Retention
from gateway.journal.rows import Desired
from gateway.people.rights import Principal
from gateway.permission import Forbidden
from gateway.supervisor.context import House

MOST = 100
LONGEST_S = 60.0  # between two looks at the wall clock, which may be set


class Standing(StrEnum):
    """Where a notice is in its life."""

    WAITING = "waiting"
    VALID = "valid"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Notices:
    """The notices of the hall. `refresh` shows what is announced, and gives the rows that keep that."""

    def __init__(
        self,
        announced: Announced,
        house: House,
        *,
        refresh: Callable[[], list[Desired]],
        zones: Callable[[], Collection[str]],
        arrivals: Arrivals,
    ) -> None:
        self._announced, self._house, self._refresh, self._zones = announced, house, refresh, zones
        self.arrivals = arrivals
        self._in_turn = asyncio.Lock()
        self.changed = asyncio.Event()

    def seen(self, who: Principal) -> list[tuple[Notice, Standing]]:
        """The notices that are not over, of the zones that somebody sees: the newest first."""
        now = self._house.clock.now()
        found = [each for each in self._announced.notices.values() if not each.over(now) and _sees(who, each)]
        return [(each, _standing(each, now)) for each in reversed(found)]

    async def publish(self, body: NoticeBody, who: Principal) -> tuple[Notice, Standing]:
        """Publish a notice; returns once it is recorded, and its screens had some seconds to show or refuse it.

        The same notice again gives the first, as it stands now. Raises Forbidden for zones that are not theirs,
        NoticeConflict (the notice_id was another notice's), NoticeRefused, JournalError (nothing was published).
        """
        notice, standing = await self._publish(body, who)
        if missing := (await self.arrivals.soon(notice)).missing:
            payload = {"notice_id": notice.notice_id, "missing": dict(missing)}
            self._house.journal.note(None, [_event("missing", notice, payload)])
        return notice, standing

    async def _publish(self, body: NoticeBody, who: Principal) -> tuple[Notice, Standing]:
        async with self._in_turn:
            if (first := await self._known(body.notice_id)) is not None:
                body.check_repeats(first[0].digest)
                return first
            self._check(body, who)
            now = self._house.clock.now()
            notice = make_notice(body, now=now, actor=who.name)
            await self._record("published", notice, [*self._announced.notices.values(), notice], who.name)
            return notice, _standing(notice, now)

    async def withdraw(self, notice_id: str, who: Principal) -> tuple[Notice, Standing]:
        """Show a notice no longer; returns once that is recorded. One that is over stays as it is.

        Raises UnknownNotice, Forbidden for one that is shown in zones that are not theirs too, JournalError.
        """
        async with self._in_turn:
            known = await self._known(notice_id)
            if known is None or not _sees(who, known[0]):
                raise UnknownNotice(f"there is no notice {notice_id!r}")
            notice, standing = known
            _permit(who, notice.zones)
            if standing in (Standing.WITHDRAWN, Standing.EXPIRED):
                return known
            rest = [each for each in self._announced.notices.values() if each is not notice]
            await self._record("withdrawn", notice, rest, who.name)
            return notice, Standing.WITHDRAWN

    async def run(self) -> None:
        """Let notices begin and expire, for ever."""
        while True:
            self.changed.clear()
            now = self._house.clock.now()
            self._expire(now)
            ends = [at for each in self._announced.notices.values() for at in (each.from_, each.until) if at]
            wait_s = min([LONGEST_S, *((at - now).total_seconds() for at in ends if at > now)])
            try:
                async with asyncio.timeout(wait_s):
                    await self.changed.wait()
            except TimeoutError:
                continue

    def _expire(self, now: datetime) -> None:
        """Show what is valid now; what is over ends."""
        before = self._announced.notices
        self._announced.notices = {id_: each for id_, each in before.items() if not each.over(now)}
        over = [each for each in before.values() if each.over(now)]
        rows = self._refresh()
        if over:
            rows.append(self._announced.kept_notices(self._announced.notices.values()))
        if rows:
            self._house.journal.note(
                None, [_event("expired", each, _told(each, "gateway")) for each in over], desired=rows
            )

    async def _known(self, notice_id: str) -> tuple[Notice, Standing] | None:
        """A notice of any time, and how it stands. Raises NoticeConflict for one that was erased, JournalError."""
        if notice_id in self._announced.notices:
            notice = self._announced.notices[notice_id]
            return notice, _standing(notice, self._house.clock.now())
        rows = {row.source_key: row for row in await self._house.journal.by_source(f"notice/{notice_id}/")}
        published = rows.get(f"notice/{notice_id}/published")
        if published is None:
            return None
        if published.payload is None:
            raise NoticeConflict(f"notice {notice_id!r} was published on {published.at.date()}, and has been erased")
        withdrawn = f"notice/{notice_id}/withdrawn" in rows
        return notice_from(published.payload), Standing.WITHDRAWN if withdrawn else Standing.EXPIRED

    def _check(self, body: NoticeBody, who: Principal) -> None:
        known = {zone for zone in self._zones() if who.sees(zone)}
        for zone in body.zones:
            if zone not in known:
                raise NoticeRefused(unknown(zone, known, "zone with screens"))
        _permit(who, body.zones)
        if len(self._announced.notices) >= MOST:
            raise NoticeRefused(f"there are {MOST} notices already: withdraw one first")

    async def _record(self, what: str, notice: Notice, notices: Collection[Notice], actor: str) -> None:
        """Record what becomes of a notice, and only then show it."""
        row = self._announced.kept_notices(notices)
        published: dict[str, Any] = msgspec.to_builtins(notice) if what == "published" else {}
        told = _told(notice, actor) | published
        await self._house.journal.record(None, [_event(what, notice, told)], desired=[row])
        self._announced.notices = {each.notice_id: each for each in notices}
        self._house.journal.note(None, [], desired=self._refresh())
        self.changed.set()


def _standing(notice: Notice, now: datetime) -> Standing:
    return Standing.EXPIRED if notice.over(now) else Standing.VALID if notice.valid(now) else Standing.WAITING


def _sees(who: Principal, notice: Notice) -> bool:
    return who.zones is None or not notice.zones or not who.zones.isdisjoint(notice.zones)


def _permit(who: Principal, zones: Collection[str]) -> None:
    """Raises Forbidden for zones, empty for the whole hall, that are not all of who asks."""
    if who.zones is not None and (not zones or not who.zones.issuperset(zones)):
        raise Forbidden(f"{who.name} is for some zones only: the notice must name none but these")


def _told(notice: Notice, actor: str) -> dict[str, Any]:
    return {"notice_id": notice.notice_id, "actor": actor}


def _event(what: str, notice: Notice, payload: dict[str, Any]) -> Event:
    key = f"notice/{notice.notice_id}/{what}"
    return Event(type=f"notice.{what}", source_key=key, payload=payload, retention=Retention.CALL)
