"""What the event codes of ZKTeco mean.

Source: ZKTeco, Security PUSH Communication Protocol, appendix 2 (`Description of real-time events`): 0 to 19 and 200 to
253 are normal, 20 to 99 errors, 100 to 199 alarms; 4000 to 6999 the same once more (section `Upload real-time events`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.core.access import BURNS, DURESS, FORCED, HELD, NO_BATTERY, NO_MAINS, NO_READER, TAMPER, Happening


class Meaning(NamedTuple):
    """What a code says: the type of the event, and the reason in words."""

    type: Happening
    reason: str


HIDDEN = frozenset({68, 69})
"""Refused for a body temperature, or for want of a mask: that is nobody's business, and recorded as a refusal only."""
VERIFIED, SECOND, TIMES, INTERVAL = "verified", "several people verified", "not at this time", "too soon after the last"
WAITING, UNKNOWN, EXPIRED, FAILED = "more people must verify", "not registered", "expired", "not all people verified"

GRANTED = {
    **dict.fromkeys((0, 14, 17, 232), VERIFIED),
    **dict.fromkeys((1, 16, 216), "verified while the door was open to all"),
    **dict.fromkeys((2, 18, 19, 215), "first card"),
    **dict.fromkeys((3, 15, 203), SECOND),
    4: "emergency password",
    207: "password",
    208: "superuser",
    218: "identity card",
    222: "verified from afar",
}
DENIED = {
    **dict.fromkeys((20, 31, 50), INTERVAL),
    **dict.fromkeys((21, 22, 35, 49), TIMES),
    23: "no right",
    24: "anti-passback",
    25: "interlock",
    **dict.fromkeys((26, 32, 51), WAITING),
    **dict.fromkeys((27, 30, 34), UNKNOWN),
    **dict.fromkeys((29, 33, 53), EXPIRED),
    38: "reported as lost",
    39: "on the list of who may not",
    **dict.fromkeys((40, 48, 52), FAILED),
    41: "wrong way of verifying",
    42: "wrong card format",
    44: "refused from afar",
    45: "nobody answered from afar",
    59: "no administrator",
    60: "locked from inside",
    61: "verified twice",
    62: "forbidden",
    63: "the door is locked",
    73: "bad QR code",
    74: "old QR code",
    75: "the second proof took too long",
    **dict.fromkeys(HIDDEN, "refused"),
}
BUTTON_REFUSED = {36: TIMES, 64: TIMES, 209: "the button is locked"}
ALARM = {
    28: HELD,
    **dict.fromkeys((100, 109), TAMPER),
    **dict.fromkeys((101, 103), DURESS),
    102: FORCED,
    104: "a card that is not valid, again and again",
    106: NO_BATTERY,
    107: NO_MAINS,
    110: NO_READER,
    **dict.fromkeys((114, 115), "the wire of the fire input"),
    **dict.fromkeys((116, 117), "the wire of an input"),
    **dict.fromkeys((118, 119), "the wire of the button"),
    **dict.fromkeys((120, 121), "the wire of the door sensor"),
    210: BURNS,
}
OTHER = {
    5: "open to all by its times",
    6: "linkage",
    7: "alarm cancelled",
    9: "locked from afar",
    37: "cannot be locked at this time",
    54: "battery low",
    55: "battery must be changed",
    105: "server lost",
    204: "open to all no longer",
    205: "open to all from afar",
    214: "server found",
    220: "input off",
    221: "input on",
    224: "doorbell",
}
SINGLE = {
    8: Meaning(Happening.REMOTE, "from afar"),
    200: Meaning(Happening.OPENED, "opened"),
    201: Meaning(Happening.CLOSED, "closed"),
    202: Meaning(Happening.BUTTON, "button"),
    206: Meaning(Happening.RESTARTED, "started"),
}
MEANINGS: Mapping[int, Meaning] = {
    **{code: Meaning(Happening.GRANTED, reason) for code, reason in GRANTED.items()},
    **{code: Meaning(Happening.DENIED, reason) for code, reason in DENIED.items()},
    **{code: Meaning(Happening.BUTTON_REFUSED, reason) for code, reason in BUTTON_REFUSED.items()},
    **{code: Meaning(Happening.ALARM, reason) for code, reason in ALARM.items()},
    **{code: Meaning(Happening.OTHER, reason) for code, reason in OTHER.items()},
    **SINGLE,
}


def meaning(code: int) -> Meaning:
    """What a code means; one that nobody has described is an alarm where the document has alarms."""
    alarms = 100 <= code <= 199 or 6000 <= code <= 6999
    return MEANINGS.get(code) or Meaning(Happening.ALARM if alarms else Happening.OTHER, f"code {code}")
