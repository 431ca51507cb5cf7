"""What the API answers about one call: how it went on each screen, and in each area where it is spoken."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.calls import model, utterance
from gateway.core.model import Stage


class Delivery(Struct, frozen=True, omit_defaults=True):
    """How a call went on one screen: its newest stage, and when each stage came.

    `recorded_at`: the call was on disk. `sending_at` and `sent_at`: the first and the last bytes went to the wire.
    `shown_at`: it was on the glass, as far as the screen proves that; never of a screen that is off.
    """

    status: Stage
    detail: dict[str, Any]
    queued_at: datetime | None = None
    recorded_at: datetime | None = None
    sending_at: datetime | None = None
    sent_at: datetime | None = None
    acked_at: datetime | None = None
    shown_at: datetime | None = None
    confirmed_at: datetime | None = None
    rejected_at: datetime | None = None
    superseded_at: datetime | None = None
    expired_at: datetime | None = None


class Voice(Struct, frozen=True, omit_defaults=True):
    """How a call is spoken in one area, or why not, and when each state came; `speakers` says what each of them did."""

    status: utterance.State
    reason: str | None
    speakers: dict[str, utterance.Said]
    queued_at: datetime | None = None
    speaking_at: datetime | None = None
    spoken_at: datetime | None = None
    failed_at: datetime | None = None
    quiet_at: datetime | None = None
    expired_at: datetime | None = None
    full_at: datetime | None = None
    withdrawn_at: datetime | None = None
    outdated_at: datetime | None = None
    missed_at: datetime | None = None


class Call(model.Call, frozen=True, kw_only=True):
    """An accepted call, its name masked, its delivery on each screen, and by area how it is spoken.

    `why` says why it changed nothing.
    """

    screens: dict[str, Delivery]
    voice: dict[str, Voice]
