"""Calls that come in by MQTT: taken in the order of arrival, and acknowledged in it once they are recorded.

A call that cannot be recorded is shown all the same, answered with `recorded` false, and tried again: it holds back
the acknowledgements of those behind it, but not them.
"""

import asyncio
from collections import deque
from typing import Any, Protocol

import msgspec
from pydantic import ValidationError

from gateway.calls.model import Call, CallConflict, CallRefused, CallRequest, UnknownWindow
from gateway.core.errors import JournalError
from gateway.meters import Meters
from gateway.mqtt.client import LARGEST, Link, Received
from gateway.mqtt.topics import ADDRESSABLE, NO_JSON, Topics, encode
from gateway.site.sentences import words

RETRY_S = 1.0  # between two tries to record
MOST_OPEN = 1000  # not acknowledged; then the broker keeps what comes in meanwhile
MOST_MISTAKES = 3  # named in one answer
MOST_SAID = 16  # characters of a key: the sender knows it by them, and it may hold what nobody shall read
ACTOR = "mqtt"
OTHERS = "conflict"  # the call_id is another call's, and so is its topic
REASONS: dict[type[Exception], str] = {UnknownWindow: "window", CallConflict: OTHERS, CallRefused: "refused"}


class Accepts(Protocol):
    """The calls service, as far as it is needed here."""

    async def accept(self, request: CallRequest, actor: str) -> Call: ...


class Refused(Exception):
    """What came in is no call and never will be: `reason` is counted, the text is for the sender."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Open(msgspec.Struct):
    """A message that is not acknowledged yet. `done`: nothing but those before it keeps it from that."""

    message: Received
    done: bool = False


class Inbox:
    """Takes calls and answers them."""

    def __init__(self, topics: Topics, calls: Accepts, meters: Meters) -> None:
        self._topics, self._calls, self._meters = topics, calls, meters

    async def run(self, link: Link, received: "asyncio.Queue[Received]") -> None:
        """Take what a connection receives, until cancelled."""
        unrecorded: asyncio.Queue[Open] = asyncio.Queue(MOST_OPEN)
        order: deque[Open] = deque()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(link, unrecorded, order))
            while True:
                each = Open(await received.get())
                order.append(each)
                if await self._take(link, each.message):
                    _acknowledge(link, each, order)
                else:
                    unsure = {"call_id": _call_id(each.message), "status": "unrecorded", "recorded": False}
                    await self._answer(link, each.message, unsure)
                    await unrecorded.put(each)

    async def _again(self, link: Link, unrecorded: "asyncio.Queue[Open]", order: deque[Open]) -> None:
        while True:
            each = await unrecorded.get()
            while True:
                await asyncio.sleep(RETRY_S)
                if await self._take(link, each.message):
                    break
            _acknowledge(link, each, order)

    async def _take(self, link: Link, message: Received) -> bool:
        """Accept or refuse a message; False when it cannot be recorded now."""
        try:
            call = await self._accept(_read(message))
        except Refused as refusal:
            self._meters.dropped.labels(f"mqtt.{refusal.reason}").inc()
            await self._reject(link, message, refusal)
        except JournalError:
            return False
        else:
            await self._answer(link, message, {"call_id": call.call_id, "status": "accepted", "seq": call.seq})
        return True

    async def _accept(self, request: CallRequest) -> Call:
        try:
            return await self._calls.accept(request, actor=ACTOR)
        except tuple(REASONS) as error:
            raise Refused(REASONS[type(error)], str(error)) from error

    async def _reject(self, link: Link, message: Received, refusal: Refused) -> None:
        call_id = _call_id(message)
        answer = {"call_id": call_id, "status": "rejected", "detail": str(refusal)}
        if call_id is not None and refusal.reason != OTHERS:
            await link.send(self._topics.call(call_id), encode(answer))
        await self._answer(link, message, answer)

    async def _answer(self, link: Link, message: Received, answer: dict[str, Any]) -> None:
        if message.response_topic and self._topics.answerable(message.response_topic):
            await link.send(message.response_topic, encode(answer), refusable=True, correlation=message.correlation)


def _acknowledge(link: Link, each: Open, order: deque[Open]) -> None:
    """Acknowledge what is done, up to the first message that is not (MQTT 5, 4.6: in the order of arrival)."""
    each.done = True
    while order and order[0].done:
        link.acknowledge(order.popleft().message)


def _read(message: Received) -> CallRequest:
    if message.retain:
        raise Refused("retained", "a call must not be retained: it would be called again after every reconnect")
    if message.payload is None:
        raise Refused("too_large", f"a call has at most {LARGEST} bytes")
    try:
        return CallRequest.model_validate_json(message.payload)
    except ValidationError as error:
        raise Refused("invalid", _mistakes(error)) from error


def _mistakes(error: ValidationError) -> str:
    """One sentence; what was sent is not repeated in it."""
    found = error.errors(include_url=False, include_input=False)[:MOST_MISTAKES]
    return "; ".join(
        ": ".join([*(str(step)[:MOST_SAID] for step in item["loc"]), words(item, CallRequest)]) for item in found
    )


def _call_id(message: Received) -> str | None:
    """The call_id of a call that may be wrong in everything else."""
    try:
        fields = msgspec.json.decode(message.payload or b"", type=dict[str, Any])
    except NO_JSON:
        return None
    call_id = fields.get("call_id")
    return call_id if isinstance(call_id, str) and ADDRESSABLE.fullmatch(call_id) else None
