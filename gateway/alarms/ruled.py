"""The rules of the site at work: what each of their conditions looks at, and which event tells of which."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.alarms.condition import Condition
from gateway.alarms.config import RuleConfig
from gateway.alarms.engine import Engine
from gateway.alarms.register import Register
from gateway.alarms.rules import PointLook, conditions
from gateway.alarms.told import Told
from gateway.alarms.watch import Watch
from gateway.alarms.watched import Watched
from gateway.core.contract import Clock
from gateway.hub import Change, Hub
from gateway.journal.rows import Row


class Rule(NamedTuple):
    """A rule for one device; `told` where it is about events."""

    config: RuleConfig
    told: Told | None
    watched: Watched


class Ruled:
    """The rules of the site. One that stays as it is keeps what it knows: its delays, and how often it came lately."""

    def __init__(self, register: Register, engine: Engine, hub: Hub, clock: Clock) -> None:
        self._register, self._engine, self._hub, self._clock = register, engine, hub, clock
        self._rules: dict[str, Rule] = {}
        self._by_event: dict[tuple[str, str], list[Rule]] = {}

    def configure(self, rules: Sequence[RuleConfig]) -> None:
        """Have these rules from now on. Alarms of those that are gone are cleared."""
        before, self._rules, self._by_event = self._rules, {}, {}
        for rule in rules:
            for condition in conditions(rule):
                own = rule.model_copy(update={"devices": [condition.device]})
                kept = before.get(condition.id)
                if kept is None or kept.config != own or self._register.get(condition.id) is not kept.watched:
                    kept = self._begun(own, condition)
                self._keep(condition, kept)
        for id_ in before.keys() - self._rules.keys():
            self._engine.drop(id_)

    def hear(self, row: Row) -> Iterable[Watched]:
        """Tell an event to the rules it is for; gives those to be judged, each before the next event is told."""
        for config, told, watched in self._by_event.get((row.device or "", row.type), ()):
            raises = row.type == config.event
            if told is None or config.part not in (None, row.part) or not watched.hear(row.seq, raises=raises):
                continue
            if raises:
                told.say(True, {"event": row.type, "seq": row.seq, "part": row.part}, until=self._until(config))
            else:
                told.over()
            yield watched

    def _keep(self, condition: Condition, rule: Rule) -> None:
        self._rules[condition.id] = rule
        for type_ in {rule.config.event, rule.config.clears} - {None}:
            self._by_event.setdefault((condition.device or "", str(type_)), []).append(rule)

    def _begun(self, rule: RuleConfig, condition: Condition) -> Rule:
        device = condition.device or ""
        if rule.point is not None and rule.test is not None:
            look = PointLook(self._hub, device, rule.part, rule.point, rule.test)
            return Rule(rule, None, self._engine.add(Watch(condition, look, (Change("state", device, rule.part),))))
        told = Told()
        watched = self._engine.add(Watch(condition, told))
        watched.on_seen = told.over
        if rule.clear_after_s is not None and watched.alarm.on and watched.alarm.changed_at is not None:
            passed_s = (self._clock.now() - watched.alarm.changed_at).total_seconds()
            left_s = min(
                max(0.0, rule.clear_after_s - passed_s), rule.clear_after_s
            )  # the clock may have been set back
            told.say(True, watched.alarm.detail, until=self._clock.monotonic() + left_s)
        return Rule(rule, told, watched)

    def _until(self, rule: RuleConfig) -> float | None:
        return None if rule.clear_after_s is None else self._clock.monotonic() + rule.clear_after_s
