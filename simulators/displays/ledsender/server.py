"""The wire of a simulated LEDSender2010 card, strict: its own address, its check, packets in their order.

A packet that is broken or for another card gets no answer. Of a program, the packets behind BEGIN must come in order:
one that the card has, or that comes too early, is answered with the serial that it waits for, and is not taken.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from drivers.displays.ledsender import codec
from drivers.displays.ledsender.codec import Packet, Reply
from drivers.displays.ledsender.config import LedSenderConfig
from gateway.core.model import Picture
from gateway.core.twin import Lever
from simulators.displays.ledsender.state import Card
from simulators.faults import NoParams, lever
from simulators.tcp import Answer
from simulators.udp import UdpTwin

DONE, OUT_OF_ORDER, REFUSED = 1, 0, 2
"""Results. That 1 is done, and that another one names the serial it waits for, a public port says; REFUSED is ours."""
MOST = 1 << 16  # bytes of a program


class Nack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` questions are refused with this `result`."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1
    result: Annotated[int, msgspec.Meta(ge=2, le=65535)] = REFUSED


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card restarts, and answers nobody for `down_s` seconds."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


class Timetable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """While `on`, the card follows a timetable of its own: power and brightness cannot be set."""

    on: bool = True


class LedSenderTwin(UdpTwin[LedSenderConfig]):
    """A simulated card."""

    config_type = LedSenderConfig

    def __init__(self, config: LedSenderConfig) -> None:
        super().__init__(config, misaddress=self._misaddressed)
        self.card = Card(config)
        self._packets: Counter[str] = Counter(obeyed=0, refused=0, ignored=0)
        self._nack, self._timetable = Nack(count=0), Timetable(on=False)
        self._interrupt()
        self._obey: dict[int, Callable[[Packet], tuple[int, int]]] = {
            codec.BEGIN: self._begin,
            codec.DATA: self._data,
            codec.END: self._end,
            codec.SET_TIME: self._set_time,
            codec.GET_POWER: lambda _: (self.card.on, DONE),
            codec.SET_POWER: self._set_power,
            codec.GET_BRIGHTNESS: lambda _: (self.card.brightness, DONE),
            codec.SET_BRIGHTNESS: self._set_brightness,
        }

    def answers(self) -> Answer:
        return partial(self._replies, codec.Decoder(checked=self.config.checked))

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "reboot": lever(Reboot, self._reboot),
            "silent_reboot": lever(NoParams, self._silent_reboot),
            "nack": lever(Nack, partial(setattr, self, "_nack")),
            "timetable": lever(Timetable, partial(setattr, self, "_timetable")),
        }
        return {**super().levers(), **own}

    def power_lost(self) -> None:
        self.card.reboots += 1
        self.card.forget()
        self._interrupt()

    def seen(self) -> Mapping[str, Any]:
        return {**self.card.seen(), "packets": dict(self._packets)}

    def picture(self) -> Picture:
        panel = self.card.panel()
        return Picture(*panel.size, panel.png())

    def _interrupt(self) -> None:
        """Forget the program that is being sent. `_ended` is the serial of the end of the last one."""
        self._stream, self._next, self._ended = b"", 0, -1

    def _replies(self, decoder: codec.Decoder, data: bytes) -> Iterator[bytes]:
        for found in decoder.feed(data):
            if isinstance(found, codec.Noise) or found.card != self.config.card or found.command not in self._obey:
                self._packets["ignored"] += 1
                continue
            reply = self._reply(found)
            self._packets["refused" if reply.result > DONE else "obeyed"] += 1
            yield reply.packet(found, card=self.config.card).wire(checked=self.config.checked)

    def _reply(self, asked: Packet) -> Reply:
        if self._nack.count:
            self._nack = Nack(count=self._nack.count - 1, result=self._nack.result)
            return Reply(asked.command, asked.serial, self._nack.result)
        try:
            serial, result = self._obey[asked.command](asked)
        except ValueError:
            serial, result = asked.serial, REFUSED
        return Reply(asked.command, serial, result)

    def _begin(self, asked: Packet) -> tuple[int, int]:
        if asked.serial or asked.data:
            raise ValueError("the beginning has the serial 0")
        self._stream, self._next, self._ended = b"", 1, -1
        return 0, DONE

    def _data(self, asked: Packet) -> tuple[int, int]:
        if asked.serial != self._next or not asked.data:
            return self._next, OUT_OF_ORDER
        self._stream, self._next = self._stream + asked.data, self._next + 1
        if len(self._stream) > MOST:
            raise ValueError("a program that is too long")
        return asked.serial, DONE

    def _end(self, asked: Packet) -> tuple[int, int]:
        """Show what has come. An end that comes twice has been obeyed before."""
        if asked.serial != self._ended:
            if asked.serial != self._next or asked.data:
                raise ValueError("not the end of this program")
            stream, ended = self._stream, self._next
            self._interrupt()
            self.card.load(stream)
            self._ended = ended
        return asked.serial, DONE

    def _set_power(self, asked: Packet) -> tuple[int, int]:
        if self._timetable.on:
            return self.card.on, codec.TIMETABLE
        if asked.serial > 1:
            raise ValueError("neither on nor off")
        self.card.on = asked.serial == 1
        return asked.serial, DONE

    def _set_brightness(self, asked: Packet) -> tuple[int, int]:
        if self._timetable.on:
            return self.card.brightness, codec.TIMETABLE
        if asked.serial > codec.BRIGHTEST:
            raise ValueError("too bright")
        self.card.brightness = asked.serial
        return asked.serial, DONE

    def _set_time(self, asked: Packet) -> tuple[int, int]:
        self.card.clock = codec.read_system_time(asked.data)
        return asked.serial, DONE

    def _silent_reboot(self, _: NoParams) -> None:
        """The card restarts, and nobody is told."""
        self.power_lost()

    def _reboot(self, given: Reboot) -> None:
        self.power_lost()
        self.hang_up(given.down_s)

    def _misaddressed(self, reply: bytes) -> bytes:
        """The same reply from the card with the next address, to another gateway."""
        (packet,) = codec.Decoder(checked=self.config.checked).feed(reply)
        if isinstance(packet, codec.Noise):
            raise TypeError(f"not a reply of ours: {packet.reason}")
        other = (self.config.card + 1) % 256
        return msgspec.structs.replace(packet, sender=other, card=other).wire(checked=self.config.checked)
