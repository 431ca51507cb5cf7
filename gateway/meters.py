"""The instruments (DESIGN §13): one registry, base units, Prometheus conventions."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

OPENINGS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 3600.0)  # of doors: a limit is 15 s
FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Meters:
    """Every instrument of one gateway. The names are the contract of docs/reference/metrics.md."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else each counter has a series of its birth
        self.registry = CollectorRegistry()
        self.device_up = self._gauge("hall_device_up", "1 while the device is online.", "device", "driver")
        self.poll_duration = self._histogram("hall_poll_duration_seconds", "Time of one poll.", "driver")
        self.poll_overruns = self._counter("hall_poll_overruns_total", "Polls that came due while late.", "device")
        self.device_errors = self._counter("hall_device_errors_total", "Errors by kind.", "device", "kind")
        self.call_to_screen = self._histogram("hall_call_to_screen_seconds", "Call accepted to screen acknowledged.")
        self.substituted = self._counter(
            "hall_characters_substituted_total", "Characters that a screen cannot show, shown as □.", "device"
        )
        self.event_commit = self._histogram("hall_event_commit_seconds", "Event handed over to event on disk.")
        self.events_accepted = self._counter("hall_events_accepted_total", "Events that the gateway answers for.")
        self.events_recorded = self._counter("hall_events_recorded_total", "Of these, on disk.")
        self.events_repeated = self._counter("hall_events_repeated_total", "Of these, known already.")
        self.events_spooled = self._gauge("hall_events_spooled", "Of these, in memory until the store takes them.")
        self.gap_events = self._counter("hall_gap_events_total", "Of these, lost but counted in a gap.", "reason")
        self.journal_seq = self._gauge("hall_journal_seq", "Sequence number of the newest event.")
        self.journal_upkeep = self._gauge("hall_journal_upkeep_up", "1 while days are sealed and payloads erased.")
        self.outlet_lag = self._gauge("hall_outlet_lag_events", "Events not yet delivered.", "outlet")
        self.outlet_delivered = self._counter("hall_outlet_delivered_events_total", "Events delivered.", "outlet")
        self.dropped = self._counter("hall_dropped_total", "What was refused or dropped, by reason.", "reason")
        self.line_up = self._gauge("hall_line_up", "1 while the wire of the line is open.", "line")
        self.line_turns = self._counter("hall_line_turns_total", "Questions, by priority.", "line", "priority")
        self.line_busy = self._counter("hall_line_busy_seconds_total", "Time that turns took.", "line", "priority")
        self.line_wait = self._histogram("hall_line_wait_seconds", "From a question to its turn.", "priority")
        self.alarms_active = self._gauge("hall_alarms_active", "Alarms announced and not over.", "severity")
        self.door_findings = self._counter("hall_door_findings_total", "What was found of doors.", "door", "finding")
        self.door_open = self._histogram("hall_door_open_seconds", "How long doors stood open.", buckets=OPENINGS)
        self.loop_lag = self._histogram("hall_loop_lag_seconds", "How late the event loop wakes.")
        self.refused = self._counter("hall_refused_total", "Who was not let in, by reason.", "reason")
        self.guard_failures = self._counter("hall_guard_failures_total", "Bugs caught by guard().", "name")

    def forget(self, device: str) -> None:
        """Remove every series of a device that is no longer there."""
        for instrument in (self.device_up, self.poll_overruns, self.device_errors, self.substituted):
            instrument.remove_by_labels({"device": device})
        self.forget_line(device)  # where it had a serial port for itself

    def forget_line(self, line: str) -> None:
        """Remove every series of a line that is no longer there."""
        for instrument in (self.line_up, self.line_turns, self.line_busy):
            instrument.remove_by_labels({"line": line})

    def forget_door(self, door: str) -> None:
        """Remove every series of a door that is no longer there."""
        self.door_findings.remove_by_labels({"door": door})

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float] = FAST) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
