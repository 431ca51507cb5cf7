"""Drives a signal lamp: one colour, or off."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec
from hall_lamp import codec
from hall_lamp.config import LampConfig

from gateway.core.contract import Driver, Link, convert
from gateway.core.errors import CommandRejected, ProtocolError
from gateway.core.model import Command, Identity, PartKind, Point, PollGroup, Reading, Stage, Surface, Verb


class Colour(StrEnum):
    """What the lamp can show."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    OFF = "off"


class Light(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `light`."""

    colour: Colour


COLOUR = Point("colour", "text", "what it shows: red, yellow, green or off")
LIGHT = Verb(name="light", meaning="show a colour, or nothing", params=Light, desired=True)


class Lamp(Driver[LampConfig]):
    """One lamp. It answers every question with one line, in order."""

    config_type = LampConfig
    _link: Link

    def surface(self) -> Surface:
        device = PartKind(points=(COLOUR,), verbs=(LIGHT,))
        return Surface(device=device, polls=(PollGroup("colour", self.config.poll_s),))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask who it is."""
        async with self.context.link(self.config.address) as self._link:
            model, _, firmware = (await self._ask("ID?", "ID")).partition(" ")
            yield Identity(model=model, firmware=firmware)

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != "colour":
            return await super().poll(group)
        colour = await self._ask("COLOUR?", "COLOUR")
        if colour not in list(Colour):
            raise ProtocolError(f"{self.config.id} shows a colour that it cannot: {colour}")
        return [Reading(None, "colour", colour)]

    async def execute(self, command: Command) -> Mapping[str, Any]:
        if command.verb != "light":
            return await super().execute(command)
        light = convert(Light, command.params)
        await self._ask(f"COLOUR {light.colour}", "OK", partial(self.context.stage, command, Stage.SENT))
        self.context.publish(Reading(None, "colour", light.colour.value))
        return {"colour": light.colour.value}

    async def _ask(self, question: str, expected: str, sent: Callable[[], None] | None = None) -> str:
        """What stands behind the expected word of the answer. Raises CommandRejected, ProtocolError, DeviceOffline."""
        matches = partial(_first, codec.Decoder())
        answer = await self._link.exchange(codec.encode(question), matches, self.config.timeout_s, sent)
        word, _, rest = answer.partition(" ")
        if word == "ERROR":
            raise CommandRejected(f"{self.config.id} refused: {rest}")
        if word != expected:
            raise ProtocolError(f"{self.config.id} answered {word} instead of {expected}")
        return rest


def _first(decoder: codec.Decoder, data: bytes) -> str | None:
    """The first line, None while it is not complete."""
    return next(decoder.feed(data), None)
