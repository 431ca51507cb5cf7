"""One call in one area: how far it is spoken, or why it is not. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from gateway.calls.model import Call
from gateway.core.model import Event, Retention


class State(StrEnum):
    """How far a call is spoken."""

    QUEUED = "queued"
    SPEAKING = "speaking"
    SPOKEN = "spoken"
    """By one speaker of the area, or more."""
    FAILED = "failed"
    """No speaker could."""
    QUIET = "quiet"
    """It came to its turn, or arrived, in quiet hours."""
    EXPIRED = "expired"
    """Its time was over before its turn."""
    FULL = "full"
    """Too many calls waited."""
    WITHDRAWN = "withdrawn"
    """Its number has ended, or its window has closed, before its turn."""
    OUTDATED = "outdated"
    """It changed nothing on the screens either."""
    MISSED = "missed"
    """The gateway stopped before it was spoken, or the area is no more."""


DROPPED = (State.EXPIRED, State.FULL, State.MISSED)
"""What is counted: nobody decided that these are not spoken."""


QUIET_HOURS = "these are quiet hours of the area"


class Said(msgspec.Struct):
    """What one speaker did: how often it has said a sentence, and why it did not the last time that it did not."""

    sentences: int = 0
    reason: str | None = None


class Utterance(msgspec.Struct, kw_only=True):
    """A call on its way through an area.

    `kept`: the row of the area has it, for the call is on disk or on its way there. `recorded`: it is on disk, so that
    what follows may be recorded too.
    """

    call: Call
    area: str
    state: State = State.QUEUED
    reason: str | None = None
    times: dict[str, datetime] = {}
    speakers: dict[str, Said] = {}
    kept: bool = False
    recorded: bool = False

    def become(self, state: State, at: datetime, reason: str | None = None) -> None:
        """Note a state and when it came."""
        self.state, self.reason = state, QUIET_HOURS if state is State.QUIET else reason
        self.times[f"{state}_at"] = at

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in (State.QUEUED, State.SPEAKING)

    def plain(self) -> dict[str, Any]:
        """As everybody sees it."""
        told = {"status": self.state, "reason": self.reason, "speakers": self.speakers, **self.times}
        plain: dict[str, Any] = msgspec.to_builtins(told)
        return plain

    def event(self, at: datetime) -> Event:
        """Its end, for the journal."""
        call = self.call
        head = {"call_id": call.call_id, "window": call.window, "area": self.area}
        key = f"call/{call.call_id}/voice/{self.area}"
        return Event(type="call.voice", source_key=key, payload=head | self.plain(), retention=Retention.CALL, at=at)
