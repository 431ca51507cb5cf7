"""Conditions that somebody tells of: a service in code, or an event of the journal."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from gateway.alarms.condition import Verdict
from gateway.alarms.config import RuleConfig
from gateway.alarms.watched import Watched
from gateway.journal.rows import Row


class Told:
    """How a condition stands that somebody tells of: unknown at first, so that what was raised before a restart stays.

    A Look. Seconds are those of a monotonic clock.
    """

    def __init__(self) -> None:
        self._verdict = Verdict(None)
        self._until: float | None = None

    def over(self) -> None:
        """It does not hold."""
        self.say(False)

    def say(self, holds: bool, detail: dict[str, Any] | None = None, *, until: float | None = None) -> None:
        """It holds, `until` then; or it does not."""
        self._verdict, self._until = Verdict(holds, detail or {}), until

    def __call__(self, now: float, _on: bool) -> Verdict:
        if self._until is None:
            return self._verdict
        if now >= self._until:
            self.say(False)
            return self._verdict
        return msgspec.structs.replace(self._verdict, again_s=self._until - now)


class Handle:
    """What a service holds of a condition that it declared."""

    def __init__(self, told: Told, look_again: Callable[[], None]) -> None:
        self._told, self._look_again = told, look_again

    def raise_(self, detail: dict[str, Any] | None = None) -> None:
        """It holds from now on; said again, nothing happens."""
        self._told.say(True, detail)
        self._look_again()

    def clear(self) -> None:
        """It is over."""
        self._told.over()
        self._look_again()


class Rule(NamedTuple):
    """A rule over the events of one device."""

    config: RuleConfig
    told: Told
    watched: Watched


class EventRules:
    """The rules over events, by device and type."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], list[Rule]] = {}

    def add(self, device: str, rule: Rule) -> None:
        """Have a rule hear of the events of a device."""
        for type_ in {rule.config.event, rule.config.clears} - {None}:
            self._rules.setdefault((device, str(type_)), []).append(rule)

    def hear(self, row: Row, now: float) -> Iterable[Watched]:
        """Tell an event to the rules it is for; gives those to be judged, each before the next event is told."""
        for config, told, watched in self._rules.get((row.device or "", row.type), ()):
            raises = row.type == config.event
            if config.part not in (None, row.part) or not watched.hear(row.seq, raises=raises):
                continue
            if raises:
                until = now + config.clear_after_s if config.clear_after_s is not None else None
                told.say(True, {"event": row.type, "seq": row.seq, "part": row.part}, until=until)
            else:
                told.over()
            yield watched
