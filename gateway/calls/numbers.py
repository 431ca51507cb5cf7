"""What is remembered of the numbers of one window: who they are, and which have ended. Pure."""

from gateway.calls.model import ENDS, SHOWS, Call, order

ENDED = 16  # numbers whose end is remembered: it may overtake their call
CALLED = 16  # numbers of which is remembered who they are: they may be called again


class Numbers:
    """The numbers that were called to a window last, and those that ended last."""

    def __init__(self) -> None:
        self._called: dict[str | None, Call] = {}
        self._ended: dict[str | None, Call] = {}

    def remember(self, call: Call) -> None:
        """Remember who a number is that was called here; other kinds are passed over."""
        if call.kind in SHOWS:
            _keep(self._called, call, CALLED)

    def first(self, ticket: str | None, session: str) -> Call | None:
        """What is remembered of a number that is called again in a session."""
        known = self._called.get(ticket)
        return known if known is not None and known.session == session else None

    def end(self, call: Call) -> None:
        """Remember the end of a number, whether it changes anything here or not; other kinds are passed over."""
        before = self._ended.get(call.ticket, call)
        if call.kind in ENDS and order(before.session, before.seq) <= order(call.session, call.seq):
            _keep(self._ended, call, ENDED)

    def end_of(self, call: Call) -> Call | None:
        """What has ended this number already, when its end has overtaken its call."""
        end = self._ended.get(call.ticket) if call.kind in SHOWS else None
        return end if end and end.session == call.session and call.seq < end.seq else None

    def begin(self, session: str) -> None:
        """Forget the ends of other sessions."""
        self._ended = {ticket: end for ticket, end in self._ended.items() if end.session == session}

    def last_seq(self, session: str) -> int:
        """The highest number that an end has in a session, 0 where there is none."""
        return max((end.seq for end in self._ended.values() if end.session == session), default=0)


def _keep(calls: dict[str | None, Call], call: Call, most: int) -> None:
    calls.pop(call.ticket, None)
    calls[call.ticket] = call
    for oldest in list(calls)[:-most]:
        del calls[oldest]
