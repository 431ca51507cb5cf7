"""What is watched: a condition and how it is found out; and how the built-in ones are, unless a site changes them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.alarms.condition import Condition, Look, Priority
from gateway.alarms.words import BUILT_IN
from gateway.hub import Change

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "device-offline": {"on_delay_s": 10.0, "off_delay_s": 5.0, "outage": True, "follows": True},
    "line-silent": {
        "on_delay_s": 5.0,
        "off_delay_s": 5.0,
        "outage": True,
        "follows": True,
        "priority": Priority.HIGH,
    },
    "journal-unhealthy": {"on_delay_s": 5.0, "off_delay_s": 10.0, "priority": Priority.CRITICAL, "must_ack": True},
    "outlet-behind": {"on_delay_s": 60.0, "off_delay_s": 10.0},
    "wrong-content": {"on_delay_s": 10.0, "off_delay_s": 2.0, "follows": True, "priority": Priority.HIGH},
    "clock-drift": {"on_delay_s": 30.0, "off_delay_s": 30.0, "priority": Priority.LOW},
    "door-forced": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.CRITICAL, "must_ack": True},
    "door-held": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.HIGH},
    "door-hold-overdue": {"on_delay_s": 15.0, "off_delay_s": 0.0, "priority": Priority.HIGH},
    "door-unknown": {"on_delay_s": 10.0, "off_delay_s": 2.0, "follows": True},
    "duress": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.CRITICAL, "quiet": True},
    "tamper": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.HIGH, "must_ack": True},
    "emergency-call": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.CRITICAL},
    "intrusion": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.CRITICAL},
    "access-fault": {"on_delay_s": 0.0, "off_delay_s": 0.0},
    "device-alarm": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.HIGH},
    "fire-released": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.CRITICAL, "must_ack": True},
    "listener-unbound": {"on_delay_s": 30.0, "off_delay_s": 2.0},
    "door-events-off": {"on_delay_s": 30.0, "off_delay_s": 2.0, "priority": Priority.HIGH},
    "controller-fault": {"on_delay_s": 10.0, "off_delay_s": 5.0},
    "log-gap": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.HIGH, "until_seen": True},
    "log-epoch": {"on_delay_s": 0.0, "off_delay_s": 0.0, "priority": Priority.HIGH, "until_seen": True},
}


class Watch(NamedTuple):
    """A condition, how it is found out, and the changes after which to look again."""

    condition: Condition
    look: Look
    changes: tuple[Change, ...] = ()


def built_in(name: str, subject: str, **more: Any) -> Condition:
    """The condition of a built-in alarm."""
    return Condition(name=name, subject=subject, words=BUILT_IN[name], **DEFAULTS[name], **more)
