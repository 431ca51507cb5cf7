"""The rules of a site as conditions."""

from collections.abc import Iterable
from math import isfinite

import msgspec

from gateway.alarms.condition import Bad, Condition, Priority, Stale, Test, Text, Verdict, Words, judge
from gateway.alarms.config import BuiltInConfig, RuleConfig, TextConfig
from gateway.core.model import Reading, Scalar
from gateway.hub import Held, Hub

SERIOUS = (Priority.HIGH, Priority.CRITICAL)
"""Who was away when it happened must still learn of it: these stay until they are acknowledged."""
STALE_LOOKS = 4  # looks within the time after which a point is stale
CHANGES = ("priority", "on_delay_s", "off_delay_s", "must_ack")


class PointLook:
    """Finds out how a point passes a test. See `watched.Look`."""

    def __init__(self, hub: Hub, device: str, part: str | None, point: str, test: Test) -> None:
        self._hub, self._device, self._part, self._point, self._test = hub, device, part, point, test
        self._newest: Reading | None = None
        self._fresh_at: float | None = None

    def __call__(self, now: float, on: bool) -> Verdict:
        held = self._held()
        if held is None:
            return Verdict(None)
        if held.last_good is not self._newest or self._fresh_at is None:  # a new one comes with every good reading
            self._newest, self._fresh_at = held.last_good, now
        holds = judge(self._test, held, active=on, age_s=now - self._fresh_at)
        again_s = self._test.after_s / STALE_LOOKS if isinstance(self._test, Stale) else None
        return Verdict(holds, {"point": self._point, "value": _json(held.now.value)}, again_s)

    def _held(self) -> Held | None:
        view = self._hub.devices.get(self._device)
        return view.points.get(self._part, {}).get(self._point) if view else None


def _json(value: Scalar) -> Scalar:
    return None if isinstance(value, float) and not isfinite(value) else value


def words(title: TextConfig, guidance: TextConfig) -> Words:
    """The words of a rule."""
    return Words(Text(title.zh, title.en), Text(guidance.zh, guidance.en))


def conditions(rule: RuleConfig) -> Iterable[Condition]:
    """The conditions of a rule, one for each of its devices."""
    ends_by_itself = rule.event is None or rule.clears is not None or rule.clear_after_s is not None
    for device in rule.devices:
        yield Condition(
            name=rule.id,
            subject=f"device/{device}",
            words=words(rule.title, rule.guidance),
            priority=rule.priority,
            device=device,
            part=rule.part,
            on_delay_s=rule.on_delay_s,
            off_delay_s=rule.off_delay_s,
            must_ack=rule.priority in SERIOUS if rule.must_ack is None else rule.must_ack,
            until_seen=not ends_by_itself,
            follows=isinstance(rule.test, Bad | Stale),
        )


def changed(condition: Condition, own: BuiltInConfig | None) -> Condition | None:
    """A built-in condition as the site wants it; None where it does not want it."""
    if own is None:
        return condition
    given = {name: value for name in CHANGES if (value := getattr(own, name)) is not None}
    title = own.title or TextConfig(**msgspec.structs.asdict(condition.words.title))
    guidance = own.guidance or TextConfig(**msgspec.structs.asdict(condition.words.guidance))
    return msgspec.structs.replace(condition, **given, words=words(title, guidance)) if own.enabled else None
