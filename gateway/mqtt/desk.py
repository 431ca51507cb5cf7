"""Commands that come in by MQTT: allowed by the site file, carried out in turn for each device, answered.

The broker keeps none of them for us (they are subscribed to with QoS 0): a command that waited while nobody was there
must not be carried out hours later. What is not answered may be asked again with the same command_id.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec

from gateway.commands import Commands, Request
from gateway.core.contract import Clock
from gateway.core.errors import GatewayError
from gateway.core.model import Stage
from gateway.core.parameters import decoded
from gateway.meters import Meters
from gateway.mqtt.client import LARGEST, BrokerOffline, Link, Received
from gateway.mqtt.topics import ADDRESSABLE, NO_JSON, Topics, encode
from gateway.people.rights import Principal
from gateway.site.allowed import pattern

MOST_WAITING = 16  # for one target at a time: more means that nobody reads the answers
MOST_TARGETS = 256
Text = Annotated[str, msgspec.Meta(max_length=200)]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent to `/do/{target}/{verb}`."""

    command_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
    part: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    params: dict[str, Any] = {}
    deadline_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    reason: Text | None = None


class Refused(GatewayError):
    """It is not carried out: `reason` is counted, the text is for the sender."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Asked(msgspec.Struct, frozen=True):
    """An order that waits for its turn; `until` is in seconds of the loop's clock."""

    message: Received
    request: Request
    until: float


class Desk:
    """Takes commands from whatever connection there is; carries them out and answers them in `run`."""

    def __init__(
        self, topics: Topics, commands: Commands, allow: Sequence[str], *, meters: Meters, clock: Clock
    ) -> None:
        self._topics, self._commands, self._meters, self._clock = topics, commands, meters, clock
        self._allowed = [pattern(text) for text in allow]
        self._who = Principal("mqtt", None, allows=self._allows)  # no person, so no rights of one
        self._turns: dict[str, deque[Asked]] = {}
        self._taken = asyncio.Event()
        self.link: Link | None = None

    async def run(self) -> None:
        """Carry out what was taken, for ever: what belongs to one target in turn, and no target waits for another."""
        served: set[str] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                self._taken.clear()
                for target in self._turns.keys() - served:
                    served.add(target)
                    group.create_task(self._serve(target, served))
                await self._taken.wait()

    async def take(self, message: Received) -> None:
        """Put a command in its place in the row, or refuse it."""
        try:
            self._line_up(self._read(message))
        except Refused as refusal:
            self._meters.dropped.labels(f"mqtt.{refusal.reason}").inc()
            await self._answer(message, _command_id(message), Stage.REJECTED, {"reason": str(refusal)})

    def _line_up(self, asked: Asked) -> None:
        target = asked.request.device
        if target not in self._turns and len(self._turns) >= MOST_TARGETS:
            raise Refused("busy", f"{MOST_TARGETS} targets have commands waiting")
        waiting = self._turns.setdefault(target, deque())
        if len(waiting) >= MOST_WAITING:
            raise Refused("busy", f"{target} has {MOST_WAITING} commands waiting")
        waiting.append(asked)
        self._taken.set()

    def _read(self, message: Received) -> Asked:
        target, verb = self._topics.asked(message.topic) or ("", "")
        if message.retain:
            raise Refused("retained", "a command must not be retained: it would be done again after every reconnect")
        if message.payload is None:
            raise Refused("too_large", f"a command has at most {LARGEST} bytes")
        if not self._allows(target, verb):
            raise Refused("not_allowed", "mqtt.allow of the site file does not allow this command by MQTT")
        try:
            order = decoded(message.payload, Order)
        except ValueError as error:
            raise Refused("invalid", str(error)) from error
        request = Request(device=target, verb=verb, **msgspec.structs.asdict(order))
        return Asked(message, request, self._clock.monotonic() + order.deadline_s)

    def _allows(self, target: str, verb: str) -> bool:
        return any(allowed.fullmatch(f"{target}/{verb}") for allowed in self._allowed)

    async def _serve(self, target: str, served: set[str]) -> None:
        while waiting := self._turns[target]:
            asked = waiting.popleft()
            status, detail = await self._do(asked)
            await self._answer(asked.message, asked.request.command_id, status, detail)
        del self._turns[target]
        served.discard(target)

    async def _do(self, asked: Asked) -> tuple[Stage, dict[str, Any]]:
        if self._clock.monotonic() >= asked.until:
            return Stage.TIMEOUT, {"reason": "its deadline passed while others of its target had their turn"}
        try:
            result = await self._commands.submit(asked.request, self._who)
        except GatewayError as error:
            return Stage.REJECTED, {"reason": str(error)}
        return result.status, result.detail

    async def _answer(self, message: Received, command_id: str | None, status: Stage, detail: dict[str, Any]) -> None:
        """Answer where the sender asks for it, else on the topic of the command; while we are away, nowhere."""
        topic = message.response_topic
        if not topic or not self._topics.answerable(topic):
            topic = self._topics.done(command_id) if command_id else None
        if topic is None or self.link is None:
            return
        payload = encode({"command_id": command_id, "status": status, "detail": detail})
        with suppress(BrokerOffline):
            await self.link.send(topic, payload, refusable=True, correlation=message.correlation)


def _command_id(message: Received) -> str | None:
    """The command_id of a command that may be wrong in everything else."""
    with suppress(*NO_JSON):
        found = msgspec.json.decode(message.payload or b"", type=dict[str, Any]).get("command_id")
        if isinstance(found, str) and ADDRESSABLE.fullmatch(found):
            return found
    return None
