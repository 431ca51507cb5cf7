"""What the journal is told of a command: that it was asked for, before anything is done, and how it ended."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.errors import JournalError
from gateway.core.model import Event, Result, Retention, Verb
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired

log = logging.getLogger("gateway")
HIDDEN = "···"
URGENT_S = 1.0  # what is urgent waits at most so long for the journal


Told = Mapping[str, Any]
Hide = Callable[[Told], Told]


def without_persons(verb: Verb, pseudonym: Callable[[str], str], told: Told) -> Told:
    """Parameters or an answer of a verb, as the record may have them: see `Verb.personal`."""

    kinds = dict(verb.personal)

    def harmless(name: str, value: Any) -> Any:
        if name not in kinds or value is None:
            return value
        kind = kinds[name]
        return pseudonym(f"{kind}:{value}") if kind else HIDDEN

    return {name: harmless(name, value) for name, value in told.items()}


class Trail:
    """The audit of one command for a target. `device` and `part` are those whose records these are.

    `recorded`: the audit was on disk before anything was done. What was asked for and what was answered go through
    `hide`, which leaves nobody in it by card or PIN.
    """

    def __init__(self, journal: Journal, device: str | None, part: str | None, command_id: str, hide: Hide) -> None:
        self._journal, self._device, self._hide = journal, device, hide
        self._command_id, self._part = command_id, part
        self.recorded = False

    async def used(self) -> bool:
        """Whether a command of an earlier run had this id. Raises JournalError."""
        return bool(await self._journal.by_source(f"command/{self._command_id}/requested"))

    async def used_in_time(self) -> bool:
        """The same for what is urgent: where the journal cannot tell, it counts as new."""
        try:
            async with asyncio.timeout(URGENT_S):
                return await self.used()
        except (JournalError, TimeoutError):
            return False

    async def requested(self, payload: Mapping[str, Any], *, desired: Sequence[Desired] = ()) -> None:
        """Record what is asked for, and what is wanted from then on. Raises JournalError: it must not be done."""
        await self._journal.record(self._device, [self._event("requested", payload)], desired=desired)
        self.recorded = True

    async def requested_in_time(self, payload: Mapping[str, Any]) -> None:
        """The same for what is urgent: where the journal does not take it, it is held until it does."""
        try:
            async with asyncio.timeout(URGENT_S):
                await self.requested(payload)
        except (JournalError, TimeoutError):
            what = [payload[name] for name in ("actor", "verb", "device", "command_id")]
            log.warning("%s asks %s of %s (%s): it is done, though the journal takes nothing", *what)
            self._journal.note(self._device, [self._event("requested", payload)])

    def ended(self, result: Result) -> "asyncio.Future[None]":
        """The effect is there, and was announced: its result must not be hidden, whatever the journal does."""
        return self._journal.note(self._device, [self._event("ended", msgspec.to_builtins(result))])

    def _event(self, what: str, payload: Mapping[str, Any]) -> Event:
        return Event(
            type=f"command.{what}",
            source_key=f"command/{self._command_id}/{what}",
            payload={
                **payload,
                **{told: self._hide(payload[told]) for told in ("params", "detail") if told in payload},
            },
            retention=Retention.AUDIT,
            part=self._part,
        )
