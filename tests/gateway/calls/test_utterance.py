"""How far one call is spoken in one area."""

from smallhall import OPENED, request

from gateway.calls.model import make_call
from gateway.calls.utterance import State, Utterance


def test_what_is_not_spoken_in_quiet_hours_says_so() -> None:
    call = make_call(request("c1", "A012"), session="s", seq=1, ttl_s=60, now=OPENED, actor="queue-system")
    utterance = Utterance(call=call, area="reception", times={})
    utterance.become(State.QUIET, OPENED)
    assert utterance.plain()["reason"] == "these are quiet hours of the area"
