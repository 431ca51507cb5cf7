"""The wire of a simulated BX-K card, strict: 8 A5 before a frame, its own screen number, nothing out of range.

A frame that is broken (preamble, escapes, length, checksum) or for another screen gets no answer; one that is
whole but asks for what the card cannot do gets a NACK. One flipped bit in a frame makes it a broken one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import OnbonKConfig
from gateway.core.model import Picture
from gateway.core.twin import Lever
from simulators.displays.onbon_k.state import Card
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin

GROUPS = b"\xa1\xa2\xa3\xa4"


class Nack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` requests are refused with error `code`."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1
    code: Annotated[int, msgspec.Meta(ge=1, le=255)] = codec.BUSY


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card restarts, and answers nobody for `down_s` seconds."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


class OnbonKTwin(TcpTwin[OnbonKConfig]):
    """A simulated card. Its screen number is that of the site file; where that is `any` it is 1."""

    config_type = OnbonKConfig

    def __init__(self, config: OnbonKConfig) -> None:
        super().__init__(config, misaddress=_misaddressed)
        self.card = Card(config)
        self.screen = 1 if config.screen == codec.ANY_SCREEN else config.screen
        self._type = config.card.device_type
        self._frames: Counter[str] = Counter(obeyed=0, refused=0, ignored=0)
        self._nack = Nack(count=0)
        self._obey = {
            codec.PING: self.card.ping,
            codec.POWER: self.card.power,
            codec.CLEAR: self.card.clear,
            codec.AREAS: self.card.show,
            codec.CLOCK: self.card.set_clock,
            codec.LIGHT: self.card.set_light,
            codec.TIMER: self.card.set_timer,
            codec.NO_TIMER: self.card.cancel_timer,
        }

    def answers(self) -> Answer:
        return partial(self._replies, codec.Decoder(preamble=8))

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "reboot": lever(Reboot, self._reboot),
            "silent_reboot": lever(NoParams, self._silent_reboot),
            "nack": lever(Nack, partial(setattr, self, "_nack")),
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

    def _replies(self, decoder: codec.Decoder, data: bytes) -> Iterator[bytes]:
        for found in decoder.feed(data):
            if isinstance(found, codec.Noise) or found.dst not in (self.screen, codec.ANY_SCREEN):
                self._frames["ignored"] += 1
                continue
            error = self._error(found)
            self._frames["refused" if error else "obeyed"] += 1
            if found.data[2:3] != b"\x00":
                yield codec.Reply(not error, error).wire(found, src=self.screen, device_type=found.device_type)

    def _error(self, frame: codec.Frame) -> int:
        """Do what a frame asks; 0 or the error of the NACK."""
        if self._nack.count:
            self._nack = Nack(count=self._nack.count - 1, code=self._nack.code)
            return self._nack.code
        if frame.device_type not in (self._type, codec.ANY_TYPE):
            return codec.CONTROLLER
        try:
            request = codec.read_request(frame)
            obey = self._obey.get(request.command)
            if frame.version != codec.VERSION or frame.display > 1:
                return codec.PARAMETERS
            if obey is None:
                return codec.COMMAND if request.command[0] in GROUPS else codec.GROUP
            obey(request)
        except ValueError:
            return codec.PARAMETERS
        return 0

    def _silent_reboot(self, _: NoParams) -> None:
        """The card restarts, and its connections stay."""
        self.power_lost()

    def _reboot(self, given: Reboot) -> None:
        self.power_lost()
        self.hang_up(given.down_s)


def _misaddressed(reply: bytes) -> bytes:
    """The same reply from the screen with the next number."""
    (frame,) = codec.Decoder(preamble=8).feed(reply)
    if isinstance(frame, codec.Noise):
        raise TypeError(f"not a reply of ours: {frame.reason}")
    return msgspec.structs.replace(frame, src=frame.src % 65533 + 1).wire()
