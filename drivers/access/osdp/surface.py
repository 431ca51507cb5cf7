"""What a reader offers, and the door that is wired to it."""

from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.verbs import BUZZ, INSTALL_KEY, LIGHT, OUTPUT
from gateway.core.access import DOOR, DOOR_EVENTS, DOOR_POINTS, OPEN, Happening
from gateway.core.model import EventType, PartKind, Point, PollGroup, Retention, Surface

STATUS = "status"
RETRY_S = 1.0
"""Cards are read again within 2 s of the return of a wire: a reader remembers only a few."""
POINTS = (
    Point("secure", "boolean", "whether it has proven its key, and all that is said is encrypted"),
    Point("tamper", "boolean", "whether its housing is open"),
    Point("power_failed", "boolean", "whether its supply fails, as the reader says"),
    Point("capabilities", "text", "how many inputs, outputs and LEDs it says that it has, and whether it can buzz"),
)
KEYS = EventType(
    "reader.keys", "keys were pressed on its keypad: how many, as `count`; which ones is never kept", Retention.ACCESS
)
EVENTS = {event.name: event for event in DOOR_EVENTS}


def surface(config: OsdpConfig) -> Surface:
    """From the configuration alone."""
    verbs = (LIGHT, BUZZ, OUTPUT, *((INSTALL_KEY,) if config.install else ()))
    reader = PartKind(POINTS, verbs, (EVENTS[Happening.PRESENTED], EVENTS[Happening.ALARM], KEYS))
    door = PartKind(DOOR_POINTS, (OPEN,), (EVENTS[Happening.REMOTE],))
    polls = (PollGroup(STATUS, config.status_s),)
    return Surface(device=reader, kinds={DOOR: door} if config.door else {}, polls=polls, retry_s=RETRY_S)
