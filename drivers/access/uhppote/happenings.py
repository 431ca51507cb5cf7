"""What an event of the log means: the events that the gateway records for one, and for what the walk itself found."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from drivers.access.uhppote.codec.log import EventRecord, Kind
from drivers.access.uhppote.config import UhppoteConfig
from drivers.shared.log_walk import Found
from gateway.core.access import BURNS, DURESS, EMERGENCY, FORCED, HELD, THEFT, ZONE, Happening
from gateway.core.model import Event, Retention


class Meaning(NamedTuple):
    """The type of an event, and its reason in words."""

    type: Happening
    reason: str


REASONS: Mapping[int, Meaning] = {
    1: Meaning(Happening.GRANTED, "card"),
    5: Meaning(Happening.DENIED, "computer decides"),
    6: Meaning(Happening.DENIED, "no right"),
    7: Meaning(Happening.DENIED, "wrong PIN"),
    8: Meaning(Happening.DENIED, "anti-passback"),
    9: Meaning(Happening.DENIED, "more cards needed"),
    10: Meaning(Happening.DENIED, "first card needed"),
    11: Meaning(Happening.DENIED, "door normally closed"),
    12: Meaning(Happening.DENIED, "interlock"),
    13: Meaning(Happening.DENIED, "time"),
    15: Meaning(Happening.DENIED, "time"),
    18: Meaning(Happening.DENIED, "denied"),
    20: Meaning(Happening.BUTTON, "button"),
    23: Meaning(Happening.OPENED, "opened"),
    24: Meaning(Happening.CLOSED, "closed"),
    25: Meaning(Happening.GRANTED, "supervisor code"),
    28: Meaning(Happening.RESTARTED, "power on"),
    29: Meaning(Happening.RESTARTED, "reset"),
    31: Meaning(Happening.BUTTON_REFUSED, "locked"),
    32: Meaning(Happening.BUTTON_REFUSED, "offline"),
    33: Meaning(Happening.BUTTON_REFUSED, "interlock"),
    34: Meaning(Happening.BUTTON_REFUSED, DURESS),
    37: Meaning(Happening.ALARM, HELD),
    38: Meaning(Happening.ALARM, FORCED),
    39: Meaning(Happening.ALARM, BURNS),
    40: Meaning(Happening.ALARM, "forced closed"),
    41: Meaning(Happening.ALARM, THEFT),
    42: Meaning(Happening.ALARM, ZONE),
    43: Meaning(Happening.ALARM, EMERGENCY),
    44: Meaning(Happening.REMOTE, "remote"),
    45: Meaning(Happening.REMOTE, "USB reader"),
}
DIRECTIONS = {1: "in", 2: "out"}
PERSONAL = {Happening.GRANTED, Happening.DENIED}


def meaning(record: EventRecord) -> Meaning:
    """What an event says. A code that nobody knows is told by its number, and by whether somebody was let pass."""
    known = REASONS.get(record.reason)
    if known is not None and (known.type not in PERSONAL or record.granted == (known.type is Happening.GRANTED)):
        return known
    if record.kind == Kind.CARD:
        return Meaning(Happening.GRANTED if record.granted else Happening.DENIED, known.reason if known else "other")
    return known or Meaning(Happening.ALARM if record.kind == Kind.ALARM else Happening.OTHER, f"code {record.reason}")


class Teller:
    """Makes the events of one controller."""

    def __init__(self, config: UhppoteConfig) -> None:
        self._serial = config.serial
        self._parts = {door.number: door.id for door in config.doors}

    def events(self, found: Found[EventRecord], offset_s: float | None) -> Iterator[Event]:
        """All that one commit records, in order. `offset_s` is what the clock is off just now."""
        epoch = found.place.epoch
        if found.anew is not None:
            payload = {"epoch": epoch, "why": found.anew, "left": found.left}
            yield self._event(Happening.EPOCH, f"{epoch}", payload)
        if found.gap is not None:
            first, last = found.gap
            yield self._event(Happening.GAP, f"{epoch}-gap-{first}", {"from": first, "to": last, "epoch": epoch})
        for index, record in found.records:
            yield self._of(record, epoch, index, offset_s)

    def _of(self, record: EventRecord, epoch: int, index: int, offset_s: float | None) -> Event:
        type_, reason = meaning(record)
        part = self._parts.get(record.door)
        payload = {
            "index": index,
            "epoch": epoch,
            "reason": reason,
            "code": record.reason,
            "direction": DIRECTIONS.get(record.direction),
            **({"door": record.door} if part is None else {}),
        }
        return self._event(
            type_,
            f"{epoch}-{index}",
            payload,
            part=part,
            device_at=record.at.isoformat() if record.at else None,
            clock_offset_s=offset_s,
            person=f"card:{record.card}" if type_ in PERSONAL and record.card else None,
        )

    def _event(self, type_: Happening, key: str, payload: dict[str, Any], **more: Any) -> Event:
        source_key = f"{self._serial}-{key}"
        return Event(type=type_, source_key=source_key, payload=payload, retention=Retention.ACCESS, **more)
