"""A simulated signal lamp, strict: what it does not know it refuses."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from hall_lamp import codec
from hall_lamp.config import LampConfig

from gateway.core.twin import Lever
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin

COLOURS = ("red", "yellow", "green", "off")


class RefuseNext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` changes of colour are refused."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1


class LampTwin(TcpTwin[LampConfig]):
    """A lamp. The base class brings the wire and its faults."""

    config_type = LampConfig

    def __init__(self, config: LampConfig) -> None:
        super().__init__(config)
        self.colour, self.reboots, self._refusals = "off", 0, 0

    def answers(self) -> Answer:
        return partial(self._replies, codec.Decoder())

    def levers(self) -> Mapping[str, Lever]:
        own = {"refuse_next": lever(RefuseNext, self._refuse_next), "reboot": lever(NoParams, self._reboot)}
        return {**super().levers(), **own}

    def seen(self) -> Mapping[str, Any]:
        return {"colour": self.colour, "reboots": self.reboots}

    def power_lost(self) -> None:
        self.colour, self.reboots = "off", self.reboots + 1

    def _replies(self, decoder: codec.Decoder, data: bytes) -> Iterator[bytes]:
        for line in decoder.feed(data):
            yield codec.encode(self._reply(line.split(" ")))

    def _reply(self, words: list[str]) -> str:
        match words:
            case ["ID?"]:
                return "ID L3 1.0"
            case ["COLOUR?"]:
                return f"COLOUR {self.colour}"
            case ["COLOUR", _] if self._refusals:
                self._refusals -= 1
                return "ERROR not now"
            case ["COLOUR", colour] if colour in COLOURS:
                self.colour = colour
                return "OK"
            case _:
                return "ERROR what?"

    def _refuse_next(self, given: RefuseNext) -> None:
        self._refusals = given.count

    def _reboot(self, _: NoParams) -> None:
        """The lamp restarts dark, and its connections are dropped."""
        self.power_lost()
        self.hang_up()
