"""The delivery of a call, screen by screen: live while it goes on, in the journal once it has ended."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.calls.model import Call
from gateway.core.model import Event, Result, Retention, Stage
from gateway.hub import Hub
from gateway.journal.journal import Journal
from gateway.meters import Meters

TAKEN = (Stage.ACKED, Stage.CONFIRMED)
DARK = "the screen is off"
LIVE = 1000  # calls whose deliveries are held in memory: a hall has a few hundred calls a day


class Delivery(msgspec.Struct):
    """How one call went on one screen; `ended`: what comes later is no news."""

    status: Stage = Stage.QUEUED
    ended: bool = False
    times: dict[str, datetime] = {}
    detail: dict[str, Any] = {}


class Deliveries:
    """Follows the deliveries of the newest calls and records their ends."""

    def __init__(self, journal: Journal, meters: Meters, hub: Hub) -> None:
        self._journal, self._meters, self._hub, self._clock = journal, meters, hub, hub.clock
        self._started = self._clock.now()
        self._live: OrderedDict[str, dict[str, Delivery]] = OrderedDict()
        self._held: dict[str, list[tuple[str, Event]]] = {}

    def begin(self, call: Call, screens: Sequence[str]) -> None:
        """Follow a call that is about to be sent to these screens, besides those that it is sent to already."""
        if call.call_id not in self._live:
            self._live[call.call_id], self._held[call.call_id] = {}, []
        for screen in screens:
            self._live[call.call_id].setdefault(screen, Delivery())
        while len(self._live) > LIVE:
            self._held.pop(self._live.popitem(last=False)[0], None)

    def accepted(self, call: Call, at: datetime | None = None) -> None:
        """The call is on disk, since `at` where that is known: what was held back of it may be recorded too."""
        recorded = {} if at is None else {"recorded_at": at}
        for delivery in self._live.get(call.call_id, {}).values():
            delivery.times = recorded | delivery.times
        for screen, event in self._held.pop(call.call_id, ()):
            payload = event.payload | msgspec.to_builtins(recorded)
            self._note(screen, msgspec.structs.replace(event, payload=payload))

    def told(self, call: Call, screen: str, result: Result, *, ended: bool) -> None:
        """Take what a device reports of a call; `ended` when it is the last it will say."""
        delivery = self._live.get(call.call_id, {}).get(screen)
        if delivery is None or (delivery.ended and delivery.status is not Stage.REJECTED):
            return  # what was refused is sent again, and may be shown then
        dark = result.status in TAKEN and self._is_dark(screen, result)
        detail = result.detail | {"why": DARK} if dark else result.detail
        delivery.status, delivery.detail, delivery.ended = result.status, detail, ended
        delivery.times |= _times(result, delivery.times, dark=dark)
        if ended:
            event = self._event(call, screen, delivery)
            if call.call_id in self._held:
                self._held[call.call_id].append((screen, event))
            else:
                self._note(screen, event)
            self._measure(call, screen, result)

    def expired(self, call: Call) -> None:
        """The time of a call is over: on screens that it has not reached, it ends here."""
        result = Result(command_id=call.call_id, status=Stage.EXPIRED, at=self._clock.now())
        for screen in self._live.get(call.call_id, {}):
            self.told(call, screen, result, ended=True)

    def superseded(self, call: Call, screen: str) -> None:
        """Another call came before this one was on its screen."""
        result = Result(command_id=call.call_id, status=Stage.SUPERSEDED, at=self._clock.now())
        self.told(call, screen, result, ended=True)

    def live(self, call_id: str) -> dict[str, dict[str, Any]]:
        """What is known of a call's deliveries in memory, by screen."""
        return {screen: _plain(delivery) for screen, delivery in self._live.get(call_id, {}).items()}

    def _is_dark(self, screen: str, result: Result) -> bool:
        """Whether nobody can see what the screen took, as it says itself: with its result, or by its point `on`."""
        view = self._hub.devices.get(screen.partition("/")[0])
        on = view.points[None].get("on") if view else None
        return result.detail.get("lit") is False or (on is not None and on.now.value is False)

    def _note(self, screen: str, event: Event) -> None:
        self._journal.note(screen.partition("/")[0], [event])

    def _measure(self, call: Call, screen: str, result: Result) -> None:
        ours = call.accepted_at >= self._started  # a call of an earlier run waited for our restart, not for the screen
        if ours and result.status in TAKEN:
            self._meters.call_to_screen.observe((result.at - call.accepted_at).total_seconds())
        if count := result.detail.get("substituted"):
            self._meters.substituted.labels(screen).inc(count)

    def _event(self, call: Call, screen: str, delivery: Delivery) -> Event:
        return Event(
            type="call.delivered",
            source_key=f"call/{call.call_id}/delivered/{screen}/{delivery.status}",
            payload={"call_id": call.call_id, "screen": screen, **_plain(delivery)},
            retention=Retention.CALL,
            part=screen.partition("/")[2] or None,
            at=self._clock.now(),
        )


def _times(result: Result, before: Mapping[str, datetime], *, dark: bool) -> dict[str, datetime]:
    """What a stage tells of when. A screen may say itself when it was shown; what can be read back is shown then.

    What is sent again was queued, and sending, when that was so for the first time. Nothing is shown on a `dark`
    screen, nor before it was sent: a screen knows our time only roughly.
    """
    times = {f"{result.status}_at": result.at}
    if result.status is Stage.QUEUED:
        times = {"queued_at": before.get("queued_at", result.at)}
    if result.status is Stage.SENT:
        times |= {"sending_at": before.get("sending_at", result.at)}
    if result.status is Stage.CONFIRMED and not dark:
        told = result.detail.get("shown_at")
        shown = datetime.fromisoformat(told) if isinstance(told, str) else result.at
        times |= {"shown_at": max(shown, before.get("sending_at", shown))}
    return times


def _plain(delivery: Delivery) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(
        {"status": delivery.status, **delivery.times, "detail": delivery.detail}
    )
    return plain
