"""What a site promises a queue system, each a check of its own: its docstring is the promise."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.conformance.probe import Answer, Probe, Unmet

SHOWN_S = 5.0  # a screen that answers has it by then
SHORTEST_S = 5  # a call may be shown no shorter
BURST, SENDERS = 20, 5


def expect(answer: Answer, status: int, *, of: str) -> Mapping[str, Any]:
    """The body of an answer with this status. Raises Unmet."""
    if answer.status != status:
        raise Unmet(f"{of} is answered with {answer}; promised is {status}")
    if status >= 400 and not answer.body.get("detail"):
        raise Unmet(f"{of} is refused without a sentence that says why")
    return answer.body


async def _place(probe: Probe) -> tuple[str, int]:
    """The session of the window, and the seq of its newest call."""
    body = expect(await probe.post(probe.body("Z000")), 202, of="a call")
    return body["session"], body["seq"]


async def needs_a_token(probe: Probe) -> None:
    """Nobody calls a number without a token"""
    expect(await probe.post(probe.body(), token="nobody"), 401, of="an unknown token")  # noqa: S106 - it is none


async def accepts(probe: Probe) -> None:
    """A call is accepted with 202, and its window shows it"""
    body = expect(await probe.post(probe.body("Z001")), 202, of="a call")
    if body.get("ticket") != "Z001" or not body.get("accepted_at"):
        raise Unmet(f"the answer does not say what was accepted, and when: {dict(body)}")
    await probe.shows("Z001", SHOWN_S)


async def reaches_screens(probe: Probe) -> None:
    """Every screen of the window acknowledges it, with the times of each stage"""
    call = probe.body("Z002")
    expect(await probe.post(call), 202, of="a call")
    screens: Mapping[str, Any] = {}

    async def all_there() -> bool:
        nonlocal screens
        screens = (await probe.get(f"/calls/{call['call_id']}")).body.get("screens", {})
        return bool(screens) and all(each.get("status") in ("acked", "confirmed") for each in screens.values())

    try:
        await probe.until(all_there, SHOWN_S, "")
    except Unmet as error:
        states = ", ".join(f"{name} {each.get('status')}" for name, each in screens.items())
        raise Unmet(f"after {SHOWN_S:g} s: {states or 'no screen is named'}") from error


async def once(probe: Probe) -> None:
    """The same call again is the same call: 202, and accepted once"""
    call = probe.body("Z003")
    first = expect(await probe.post(call), 202, of="a call")
    again = expect(await probe.post(call), 202, of="the same call again")
    if first.get("accepted_at") != again.get("accepted_at"):
        raise Unmet("the same call was accepted twice")


async def conflicts(probe: Probe) -> None:
    """A call_id that is used for another call is refused with 409"""
    call = probe.body("Z004")
    expect(await probe.post(call), 202, of="a call")
    expect(await probe.post({**call, "ticket": "Z005"}), 409, of="a used call_id")
    await probe.shows("Z004", SHOWN_S)


async def keeps_order(probe: Probe) -> None:
    """An older seq never takes the place of a newer one"""
    session, seq = await _place(probe)
    expect(await probe.post(probe.body("Z009", session=session, seq=seq + 9)), 202, of="seq 9")
    body = expect(await probe.post(probe.body("Z008", session=session, seq=seq + 8)), 202, of="seq 8 after 9")
    if not body.get("why"):
        raise Unmet("a call that changed nothing does not say why")
    await probe.shows("Z009", SHOWN_S)


async def survives_shuffling(probe: Probe) -> None:
    """Twenty calls, shuffled and each sent twice by five senders at once: the highest seq is shown"""
    session, seq = await _place(probe)
    calls = [probe.body(f"Y{number:03}", session=session, seq=seq + number) for number in range(1, BURST + 1)] * 2
    random.shuffle(calls)
    lanes = [calls[lane::SENDERS] for lane in range(SENDERS)]

    async def send(lane: list[dict[str, Any]]) -> None:
        for call in lane:
            expect(await probe.post(call), 202, of="one of many calls")

    await asyncio.gather(*(send(lane) for lane in lanes))
    await probe.shows(f"Y{BURST:03}", SHOWN_S)


async def recalls(probe: Probe) -> None:
    """A recall shows its number again"""
    expect(await probe.post(probe.body("Z010")), 202, of="a call")
    expect(await probe.post(probe.body("Z010", kind="recall")), 202, of="a recall")
    await probe.shows("Z010", SHOWN_S)


async def expires(probe: Probe) -> None:
    """A call leaves its window when its time is over"""
    expect(await probe.post(probe.body("Z011", ttl_s=SHORTEST_S)), 202, of=f"a call of {SHORTEST_S} s")
    await probe.shows("Z011", SHOWN_S)
    await probe.shows(None, SHORTEST_S + SHOWN_S)


async def pauses(probe: Probe) -> None:
    """A pause takes the number away, and resume ends it"""
    expect(await probe.post(probe.body("Z012")), 202, of="a call")
    expect(await probe.post(probe.body(None, kind="pause")), 202, of="a pause")
    await probe.shows(None, SHOWN_S)
    expect(await probe.post(probe.body(None, kind="resume")), 202, of="a resume")
    await probe.shows(None, SHOWN_S)


async def masks(probe: Probe) -> None:
    """A name is masked before anybody sees it"""
    call = probe.body("Z013", person_name="欧阳娜娜")
    expect(await probe.post(call), 202, of="a call with a name")
    name = (await probe.get(f"/calls/{call['call_id']}")).body.get("name") or ""
    if "娜" in name or "*" not in name:
        raise Unmet(f"the name is told as {name!r}")


async def refuses(probe: Probe) -> None:
    """What can never be shown is refused with a sentence, and changes nothing"""
    expect(await probe.post(probe.body("Z014")), 202, of="a call")
    wrong: dict[str, Mapping[str, Any]] = {
        "an unknown window": probe.body(window="no-such-window"),
        "an unknown field": probe.body(colour="pink"),
        "an unknown kind": probe.body(kind="shout"),
        "a call without a ticket": probe.body(None),
        "a ticket of 33 characters": probe.body("Z" * 33),
        "a control character": probe.body("Z\x07"),
        "an identity number": probe.body("Z015", person_name="331102199001011234"),
    }
    for what, body in wrong.items():
        expect(await probe.post(body), 422, of=what)
    expect(await probe.post(b"{no json"), 400, of="what is no JSON")
    await probe.shows("Z014", SHOWN_S)


Promise = Callable[[Probe], Awaitable[None]]
PROMISES: tuple[Promise, ...] = (
    needs_a_token,
    accepts,
    reaches_screens,
    once,
    conflicts,
    keeps_order,
    survives_shuffling,
    recalls,
    pauses,
    masks,
    refuses,
    expires,
)
