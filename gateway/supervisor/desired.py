"""Desired state: the newest parameters of a verb, sent after every connect until something newer is wanted."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.contract import Clock
from gateway.core.model import Result, Stage
from gateway.journal.rows import Desired

Report = Callable[[Result], None]
Key = tuple[str | None, str]


Watch = Callable[[Desired, Stage, Mapping[str, Any], bool], None]
"""Is told of every stage of what is wanted, of every delivery of it, and whether that has ended well."""


def _unwatched(_wanted: Desired, _stage: Stage, _detail: Mapping[str, Any], _ended: bool) -> None:
    pass


def _unheard(_: Result) -> None:
    pass


class Slot:
    """One (part, verb) of a device: what is wanted, and who wants to know how it goes.

    Where a service is its `owner`, only that service decides what is wanted.
    """

    def __init__(self, clock: Clock, watch: Watch = _unwatched) -> None:
        self._clock, self._watch = clock, watch
        self._report: Report = _unheard
        self._ended, self._refused = True, False
        self.rev = 0
        """The highest revision so far, of wishes that are only planned too."""
        self.owner: str | None = None
        self.wanted: Desired | None = None
        self.delivered: Mapping[str, Any] | None = None
        """What the device answered to the last delivery of what is wanted; None unless that ended well."""
        self.taken: Desired | None = None
        """What the device has taken last since it was connected; None before that."""
        self.changed = asyncio.Event()

    def next_rev(self) -> int:
        """The revision of the next wish: higher than any before it."""
        self.rev += 1
        return self.rev

    def want(self, wanted: Desired, report: Report = _unheard) -> None:
        """Want this from now on, unless something newer is wanted already. The older one becomes superseded."""
        if self.wanted is not None and wanted.rev <= self.wanted.rev:
            report(self._result(wanted, Stage.SUPERSEDED))
            return
        if self.wanted is not None:
            self.tell(self.wanted, Stage.SUPERSEDED, final=True)
        self.rev = max(self.rev, wanted.rev)
        self.wanted, self._report, self._ended, self._refused = wanted, report, False, False
        self.changed.set()
        self.tell(wanted, Stage.QUEUED)

    def watched_by(self, watch: Watch) -> None:
        """Be a slot of another life: what is wanted has to be delivered anew, and `watch` is told of it."""
        self._watch = watch
        if self.wanted is not None:
            watch(self.wanted, Stage.QUEUED, {}, False)

    def tell(
        self,
        wanted: Desired,
        stage: Stage,
        detail: Mapping[str, Any] | None = None,
        *,
        final: bool = False,
        confirmed: bool | None = None,
    ) -> None:
        """Report how the first delivery of `wanted` goes: silent once it ended, or when something newer is wanted.

        What was refused is sent again from time to time; only that it succeeded, or is no longer wanted, is news then.
        """
        if final and stage in (Stage.ACKED, Stage.CONFIRMED):
            self.taken = wanted
        if wanted is self.wanted:
            self.delivered = (detail or {}) if self.taken is wanted and final else None
            self._watch(wanted, stage, detail or {}, final)
        news = not (self._refused and stage in (Stage.SENT, Stage.REJECTED))
        if wanted is self.wanted and news and not self._ended:
            self._ended, self._refused = final, self._refused or stage is Stage.REJECTED
            self._report(self._result(wanted, stage, detail, confirmed))

    def left_s(self, now: datetime) -> float | None:
        """For how many seconds it is still wanted; None for ever."""
        if self.wanted is None or self.wanted.expires_at is None:
            return None
        return max(0.0, (self.wanted.expires_at - now).total_seconds())

    def _result(
        self,
        wanted: Desired,
        stage: Stage,
        detail: Mapping[str, Any] | None = None,
        confirmed: bool | None = None,
    ) -> Result:
        at, known = self._clock.now(), dict(detail or {})
        return Result(command_id=wanted.command_id, status=stage, at=at, detail=known, confirmed=confirmed)


class Wishes:
    """All desired state of one device."""

    def __init__(self, device: str, clock: Clock, watch: Watch = _unwatched) -> None:
        self.device, self._clock, self._watch = device, clock, watch
        self.slots: dict[Key, Slot] = {}
        self.added = asyncio.Event()

    def slot(self, part: str | None, verb: str) -> Slot:
        """The slot of a part's verb, made when it is first asked for."""
        key = (part, verb)
        if key not in self.slots:
            self.slots[key] = Slot(self._clock, self._watch)
            self.added.set()
        return self.slots[key]

    def owner(self, part: str | None, verb: str) -> str | None:
        """The service that alone decides about a part's verb, None where anybody may."""
        slot = self.slots.get((part, verb))
        return slot.owner if slot else None

    def take_over(self, former: "Wishes") -> None:
        """Go on for a life that is over, with its very slots: somebody may hold one for a wish that is being recorded.

        Of what a service decides, only the revisions go on: that service will say anew what it wants.
        """
        for key, slot in former.slots.items():
            if slot.owner is None:
                self.slots[key] = slot
                slot.watched_by(self._watch)
            else:
                self.slot(*key).rev = slot.rev

    def again(self) -> None:
        """Look again at everything that is wanted: a part may be there now that was not."""
        for slot in self.slots.values():
            slot.changed.set()

    def plan(self, **wish: Any) -> Desired:
        """Make the row of a new wish, for the journal and then for `want`: the fields of Desired but device and rev."""
        rev = self.slot(wish["part"], wish["verb"]).next_rev()
        return msgspec.convert({"device": self.device, "rev": rev, **wish}, Desired)

    def want(self, wanted: Desired, report: Report = _unheard) -> None:
        """See Slot.want."""
        self.slot(wanted.part, wanted.verb).want(wanted, report)
