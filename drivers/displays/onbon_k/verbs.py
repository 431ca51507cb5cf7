"""What a BX-K card can be asked to do beside showing a text."""

from collections.abc import Sequence
from datetime import time
from typing import Annotated

import msgspec

from drivers.displays.onbon_k.codec import MOST_SPANS, Span
from gateway.core.model import Point, Verb
from gateway.core.screen import SetClock, Speak

DAY_S = 86_400.0
Minute = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Lit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when until when the LEDs are lit, by the card's clock: `08:00`. It may go over midnight."""

    on: Minute
    off: Minute


class Timer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `timer`: when the LEDs are lit on every day; always where it is empty."""

    lit: Annotated[tuple[Lit, ...], msgspec.Meta(max_length=MOST_SPANS)]


TIMED = Point("timer", "text", "when the card lights its LEDs by itself, as it has acknowledged; empty for always")
SET_CLOCK = Verb(name="set_clock", meaning="set the card's clock to the time of now", params=SetClock, confirms=False)
SPEAK = Verb(name="speak", meaning="say a text; what is shown stays", params=Speak, confirms=False)
TIMER = Verb(
    name="timer",
    meaning="light the LEDs at these times only; sets the card's clock too",
    params=Timer,
    desired=True,
    resend_s=DAY_S,
    confirms=False,
)


def spans(timer: Timer) -> Sequence[Span]:
    """As the codec has them."""
    return [(time.fromisoformat(lit.on), time.fromisoformat(lit.off)) for lit in timer.lit]


def told(timer: Timer) -> str:
    """For people: `08:00-12:00, 13:30-18:00`."""
    return ", ".join(f"{lit.on}-{lit.off}" for lit in timer.lit)
