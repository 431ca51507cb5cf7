"""What the major and minor event types of Hikvision mean.

Source: Hikvision, Device Network SDK, structure NET_DVR_ACS_ALARM_INFO and the constants MAJOR_… and MINOR_…, whose
numbers ISAPI uses as `major` and `minor`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.core.access import BURNS, BURNS_NO_LONGER, DURESS, FORCED, HELD, LOG_FULL, TAMPER, Happening

ALARMS, TROUBLES, OPERATIONS, EVENTS = 1, 2, 3, 5


class Meaning(NamedTuple):
    """What a row says: the type of the event, and the reason in words."""

    type: Happening
    reason: str


PASSED = {
    0x01: "card",
    0x02: "card and password",
    0x10: "several people verified",
    0x22: "several people verified, and a password",
    0x26: "fingerprint",
    0x28: "card and fingerprint",
    0x2B: "card, fingerprint and password",
    0x2E: "fingerprint and password",
    0x36: "face and fingerprint",
    0x39: "face and password",
    0x3C: "face and card",
    0x3F: "face, password and fingerprint",
    0x42: "face, card and fingerprint",
    0x45: "number and fingerprint",
    0x48: "number, fingerprint and password",
    0x4B: "face",
    0x4D: "number and face",
    0x65: "number and password",
}
REFUSED = {
    0x03: "wrong password",
    0x04: "the password took too long",
    0x05: "too many wrong passwords",
    0x06: "no right",
    0x07: "not at this time",
    0x08: "expired",
    0x09: "not registered",
    0x0A: "anti-passback",
    0x0B: "interlock",
    0x0C: "not of the group",
    0x0D: "not at this time for several",
    0x0E: "no superuser among them",
    0x0F: "not admitted from afar",
    0x23: "verified twice",
    0x24: "the others took too long",
    0x27: "unknown fingerprint",
    **dict.fromkeys(
        (0x29, 0x2C, 0x2F, 0x37, 0x3A, 0x3D, 0x40, 0x43, 0x46, 0x49, 0x4E, 0x66), "not all proofs are right"
    ),
    **dict.fromkeys((0x2A, 0x2D, 0x30, 0x38, 0x3B, 0x3E, 0x41, 0x44, 0x47, 0x4A, 0x4F, 0x67), "a proof took too long"),
    0x31: "no such fingerprint",
    0x4C: "unknown face",
    0x50: "face not recognised",
    0x5E: "the first card has not been shown",
}
DOOR = {
    0x17: Meaning(Happening.BUTTON, "button"),
    0x19: Meaning(Happening.OPENED, "opened"),
    0x1A: Meaning(Happening.CLOSED, "closed"),
    0x1B: Meaning(Happening.ALARM, FORCED),
    0x1C: Meaning(Happening.ALARM, HELD),
    0x34: Meaning(Happening.ALARM, BURNS),
    **{code: Meaning(Happening.ALARM, "the wire of the lock") for code in (0x53, 0x54, 0x55)},
    **{code: Meaning(Happening.ALARM, "the wire of the door sensor") for code in (0x56, 0x57, 0x58)},
    **{code: Meaning(Happening.ALARM, "the wire of the button") for code in (0x59, 0x5A, 0x5B)},
}
SPOKEN = {
    0x11: "the leader's card opened for all",
    0x12: "the leader's card no longer opens for all",
    0x13: "open to all",
    0x14: "open to all no longer",
    0x15: "lock released",
    0x16: "lock shut",
    0x18: "button let go",
    0x1F: "shut for all",
    0x20: "shut for all no longer",
    0x25: "doorbell",
    0x33: "somebody calls the centre",
    0x35: BURNS_NO_LONGER,
    0x51: "the first card was shown",
    0x52: "the first card no longer counts",
}
ALARM = {
    **dict.fromkeys((0x404, 0x406, 0x408), TAMPER),
    0x400: "an input is short-circuited",
    0x401: "an input is cut",
    0x402: "an input is wrong",
    0x40A: DURESS,
    0x40B: LOG_FULL,
    0x40C: "the same card was refused too often",
}
ENDED = {0x403: "an input is right again", **dict.fromkeys((0x405, 0x407, 0x409), "tamper is over")}
MEANINGS: Mapping[tuple[int, int], Meaning] = {
    **{(EVENTS, code): Meaning(Happening.GRANTED, reason) for code, reason in PASSED.items()},
    **{(EVENTS, code): Meaning(Happening.DENIED, reason) for code, reason in REFUSED.items()},
    **{(EVENTS, code): meaning for code, meaning in DOOR.items()},
    **{(EVENTS, code): Meaning(Happening.OTHER, reason) for code, reason in SPOKEN.items()},
    **{(ALARMS, code): Meaning(Happening.ALARM, reason) for code, reason in ALARM.items()},
    **{(ALARMS, code): Meaning(Happening.OTHER, reason) for code, reason in ENDED.items()},
    (TROUBLES, 0x27): Meaning(Happening.OTHER, "network lost"),
    (TROUBLES, 0x400): Meaning(Happening.RESTARTED, "power on"),
    (TROUBLES, 0x401): Meaning(Happening.OTHER, "power off"),
    (OPERATIONS, 0x7B): Meaning(Happening.RESTARTED, "restarted from afar"),
    (OPERATIONS, 0x400): Meaning(Happening.REMOTE, "from afar"),
    (OPERATIONS, 0x401): Meaning(Happening.OTHER, "shut from afar"),
    (OPERATIONS, 0x402): Meaning(Happening.OTHER, "open to all from afar"),
    (OPERATIONS, 0x403): Meaning(Happening.OTHER, "shut for all from afar"),
    (OPERATIONS, 0x404): Meaning(Happening.OTHER, "clock set from afar"),
}


def meaning(major: int, minor: int) -> Meaning:
    """What a row means; one that nobody has described is an alarm where its major type says so."""
    unknown = Happening.ALARM if major == ALARMS else Happening.OTHER
    return MEANINGS.get((major, minor)) or Meaning(unknown, f"code {major}/{minor:#x}")
