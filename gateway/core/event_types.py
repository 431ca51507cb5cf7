"""The types of events that can be recorded: what a search for any other would never find."""

from collections.abc import Iterable

from gateway.core.access import Finding, Happening
from gateway.core.model import Surface

OWN = frozenset(
    {
        *("alarm.acknowledged", "alarm.cleared", "alarm.raised", "alarm.shelved", "alarm.suppressed"),
        *("alarm.surfaced", "alarm.unshelved"),
        *("call.accepted", "call.delivered", "call.expired", "call.voice"),
        *("command.ended", "command.requested"),
        *("config.accepted", "config.applied", "config.rejected"),
        *("device.offline", "device.online", "gap"),
        *("door.drill", "door.hold_ended", "door.hold_over"),
        *("erasure.done", "erasure.requested", "events.exported"),
        *("notice.expired", "notice.missing", "notice.published", "notice.withdrawn"),
        *("person.enrol.ended", "person.enrol.requested", "person.enrol.tried"),
        *("person.forget.ended", "person.forget.requested", "person.sought", "person.unmasked"),
        *("session.closed", "session.opened", "session.refused"),
        *("token.changed", "token.made", "token.new.ended", "token.new.requested"),
        *("token.revoke.ended", "token.revoke.requested", "token.revoked"),
    }
)
"""Those that the gateway records itself, whatever devices a hall has."""
EVERYWHERE = frozenset({*OWN, *(str(each) for each in (*Happening, *Finding))})
"""Those that are known in a hall of any devices: its own ones, and what is said of doors."""


def of_devices(surfaces: Iterable[Surface]) -> frozenset[str]:
    """All that a hall with such devices can record: what is known everywhere, and what their drivers declare."""
    kinds = (kind for surface in surfaces for kind in (surface.device, *surface.kinds.values()))
    return EVERYWHERE | {event.name for kind in kinds for event in kind.events}
