"""Alarms as others see them: in the hub for the outlets, as an answer of the API, as a number for Prometheus."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.alarms.condition import Priority, Text
from gateway.alarms.lifecycle import ANNOUNCED, Alarm, State
from gateway.alarms.register import Register
from gateway.alarms.watched import Watched
from gateway.hub import Hub
from gateway.meters import Meters

FLOOD, FLOOD_S = 10, 600.0  # ANSI/ISA-18.2-2016, 16.5.2: an alarm flood begins with ten alarms in ten minutes


class Views:
    """Shows what is announced. What is shelved or suppressed has no view in the hub: nobody need look at it now."""

    def __init__(self, hub: Hub, meters: Meters, register: Register) -> None:
        self._hub, self._register, self._active = hub, register, dict[str, Priority]()
        self._gauges = {priority: meters.alarms_active.labels(priority) for priority in Priority}
        self._announced: deque[float] = deque(maxlen=FLOOD)

    def show(self, watched: Watched, before: Alarm, now: float) -> None:
        """An alarm stands otherwise than before."""
        state, id_ = watched.alarm.state, watched.condition.id
        if state is State.ACTIVE and before.state is not State.ACTIVE:
            self._announced.append(now)
        self._count(id_, watched.condition.priority if state in (State.ACTIVE, State.ACKNOWLEDGED) else None)
        self._put(watched)
        for root in self._register.follow(watched, before.root) - {id_}:
            if (cause := self._register.get(root)) is not None:
                self._put(cause)

    def forget(self, id_: str) -> None:
        """An alarm is watched no longer."""
        self._count(id_, None)
        self._hub.hide(f"alarms/{id_}")

    def flood(self, now: float) -> bool:
        """Whether more alarms were raised lately than a person can attend to."""
        return len(self._announced) == FLOOD and now - self._announced[0] <= FLOOD_S

    def of(self, watched: Watched) -> dict[str, Any]:
        """All there is to know of an alarm."""
        condition, alarm = watched.condition, watched.alarm
        return {
            "id": condition.id,
            "name": condition.name,
            "state": alarm.state.value,
            "priority": condition.priority.value,
            "subject": condition.subject,
            "device": condition.device,
            "part": condition.part,
            "zone": self._hub.zone(condition.device, condition.part),
            "title": _both(condition.words.title),
            "guidance": _both(condition.words.guidance),
            "since": alarm.since,
            "changed_at": alarm.changed_at,
            "occurrence": alarm.occurrence,
            "count": alarm.count,
            "detail": alarm.detail,
            "root": alarm.root,
            "followers": sorted(self._register.followers(condition.id)),
            "shelved_until": alarm.shelved_until,
            "actor": alarm.actor,
            "chattering": watched.chattering,
            "quiet": condition.quiet,
        }

    def _put(self, watched: Watched) -> None:
        key = f"alarms/{watched.condition.id}"
        if watched.alarm.state in ANNOUNCED:
            self._hub.show(key, self.of(watched))
        else:
            self._hub.hide(key)

    def _count(self, id_: str, priority: Priority | None) -> None:
        before = self._active.pop(id_, None)
        if before is not None:
            self._gauges[before].dec()
        if priority is not None:
            self._active[id_] = priority
            self._gauges[priority].inc()


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def newest_first(view: Mapping[str, Any]) -> tuple[int, float]:
    """The order in which a person reads alarms: the most urgent first, of these the newest."""
    since: datetime | None = view["since"]
    return -list(Priority).index(Priority(view["priority"])), -since.timestamp() if since else 0.0
