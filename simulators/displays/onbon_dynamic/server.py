"""The wire of a simulated card with dynamic areas, strict: 8 A5 before a frame, its own number, nothing out of range.

A frame that is broken (preamble, escapes, length, checksums) or for another screen gets no answer; one that is whole
but asks for what the card cannot do gets a NACK. One flipped bit in a frame makes it a broken one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from drivers.displays.onbon_dynamic.codec import requests
from drivers.displays.onbon_dynamic.codec.frames import (
    ANY_SCREEN,
    ANY_TYPE,
    MAX_REQUEST,
    Decoder,
    Dynamic,
    Frame,
    Native,
    Noise,
)
from drivers.displays.onbon_dynamic.codec.requests import Reply, Request, answer_to, refusal
from drivers.displays.onbon_dynamic.codec.state import Ping
from drivers.displays.onbon_dynamic.config import MODELS, Name, OnbonDynamicConfig
from gateway.core.model import Picture
from gateway.core.twin import Lever
from simulators.displays.onbon_dynamic.state import Card, Refused, Sensors
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin

GROUPS = b"\xa2\xa7"
FIRMWARE = b"19092600"


class Nack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` requests are refused with error `code`."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1
    code: Annotated[int, msgspec.Meta(ge=1, le=65535)] = requests.BUSY


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card restarts, and answers nobody for `down_s` seconds."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


class WrongModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card is a `model` that is not the one of the site file."""

    model: Name


class OnbonDynamicTwin(TcpTwin[OnbonDynamicConfig]):
    """A simulated card. Its screen number is that of the site file; where that is `any` it is 1."""

    config_type = OnbonDynamicConfig

    def __init__(self, config: OnbonDynamicConfig) -> None:
        super().__init__(config, misaddress=_misaddressed)
        self.card = Card(config)
        self.screen = 1 if config.screen == ANY_SCREEN else config.screen
        self._type = config.card.device_type
        self._frames: Counter[str] = Counter(obeyed=0, refused=0, ignored=0)
        self._nack = Nack(count=0)
        self._obey: dict[tuple[type[Frame], bytes], Callable[[Request], None]] = {
            (Dynamic, requests.PING): self.card.ping,
            (Dynamic, requests.UPDATE): self.card.update,
            (Dynamic, requests.DELETE): self.card.delete,
            (Dynamic, requests.BRIGHTNESS): self.card.brighten,
            (Dynamic, requests.SAY): self.card.say,
            (Native, requests.PING): self.card.ping,
            (Native, requests.STATUS): self.card.ping,
            (Native, requests.POWER): self.card.power,
            (Native, requests.SET_CLOCK): self.card.set_clock,
        }

    def answers(self) -> Answer:
        return partial(self._replies, Decoder(most=MAX_REQUEST, preamble=8))

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "reboot": lever(Reboot, self._reboot),
            "silent_reboot": lever(NoParams, self._silent_reboot),
            "nack": lever(Nack, partial(setattr, self, "_nack")),
            "wrong_model": lever(WrongModel, self._wrong_model),
            "sensors": lever(Sensors, partial(setattr, self.card, "sensors")),
        }
        return {**super().levers(), **self.card.clock.levers(), **own}

    def power_lost(self) -> None:
        self.card.reboots += 1
        self.card.forget()

    def seen(self) -> Mapping[str, Any]:
        return {**self.card.seen(), "frames": dict(self._frames)}

    def picture(self) -> Picture:
        panel = self.card.panel()
        return Picture(*panel.size, panel.png())

    def _replies(self, decoder: Decoder, data: bytes) -> Iterator[bytes]:
        for found in decoder.feed(data):
            if isinstance(found, Noise) or found.dst not in (self.screen, ANY_SCREEN):
                self._frames["ignored"] += 1
                continue
            reply = self._reply(found)
            self._frames["refused" if reply.refused else "obeyed"] += 1
            if found.data[:1] != b"\x00":
                yield found.answer(reply.data(), src=self.screen, device_type=self._type).wire()

    def _reply(self, frame: Frame) -> Reply:
        """Do what a frame asks, and answer it."""
        if self._nack.count:
            self._nack = Nack(count=self._nack.count - 1, code=self._nack.code)
            return refusal(self._nack.code)
        if frame.device_type not in (self._type, ANY_TYPE):
            return refusal(requests.CONTROLLER)
        try:
            request = requests.read_request(frame.data)
            obey = self._obey.get((type(frame), request.command))
            if obey is None:
                return refusal(requests.COMMAND if request.command[0] in GROUPS else requests.GROUP)
            obey(request)
            return self._told(request) if isinstance(frame, Native) else Reply()
        except Refused as error:
            return refusal(error.error)
        except ValueError:
            return refusal(requests.PARAMETERS)

    def _told(self, request: Request) -> Reply:
        """What it answers natively: what it is, how it is, or that it has obeyed."""
        if request.command == requests.PING:
            size = {"width": self.config.width, "height": self.config.height}
            told = Ping(device_type=self._type, firmware=FIRMWARE, screen=self.screen, **size).data()
        elif request.command == requests.STATUS:
            told = self.card.status().data()
        else:
            return Reply()
        return Reply(command=answer_to(request.command), payload=told)

    def _wrong_model(self, given: WrongModel) -> None:
        self._type = MODELS[given.model].device_type

    def _silent_reboot(self, _: NoParams) -> None:
        """The card restarts, and its connections stay."""
        self.power_lost()

    def _reboot(self, given: Reboot) -> None:
        self.power_lost()
        self.hang_up(given.down_s)


def _misaddressed(reply: bytes) -> bytes:
    """The same reply from the screen with the next number; a native one to another question."""
    (frame,) = Decoder(preamble=8).feed(reply)
    if isinstance(frame, Noise):
        raise TypeError(f"not a reply of ours: {frame.reason}")
    if isinstance(frame, Native):
        return msgspec.structs.replace(frame, seq=frame.seq ^ 2).wire()
    return msgspec.structs.replace(frame, src=frame.src % 65533 + 1).wire()
