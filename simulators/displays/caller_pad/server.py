"""The wire of simulated pads, strict: what is not the answer to what a pad has just said is a stray."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from drivers.displays.caller_pad import codec
from drivers.displays.caller_pad.config import CallerPadConfig
from gateway.core.twin import Lever
from simulators.displays.caller_pad.state import PadState
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin

AGAIN_S = 0.3
"""How long a pad waits for its answer. Not known of real ones."""
Address = Annotated[int, msgspec.Meta(ge=0, le=255)]


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pad `pad` sends these keys, in hex: `0c` is next, `060f` the digit 6 and confirm."""

    pad: Address
    keys: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2}){1,16}$")] = "0c"


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor presses the key `value` of the rating pad `pad`."""

    pad: Address
    value: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class CallerPadTwin(TcpTwin[CallerPadConfig]):
    """The pads of one wire. A pad that the site file does not name can press too."""

    config_type = CallerPadConfig

    def __init__(self, config: CallerPadConfig) -> None:
        super().__init__(config)
        self.pads = {pad.address: PadState(pad.address) for pad in config.pads}
        self.reboots = 0
        self._strays = Counter(frames=0, noise=0)

    def answers(self) -> Answer:
        return partial(self._hear, codec.Decoder())

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "press": lever(Press, self._press),
            "rate": lever(Rate, self._rate),
            "reboot": lever(NoParams, self._reboot),
        }
        return {**super().levers(), **own}

    def power_lost(self) -> None:
        self.reboots += 1
        for pad in self.pads.values():
            pad.forget()

    def seen(self) -> Mapping[str, Any]:
        pads = {
            str(address): {**pad.counts, "waits": pad.waiting is not None} for address, pad in sorted(self.pads.items())
        }
        return {"pads": pads, "strays": dict(self._strays), "reboots": self.reboots}

    def _hear(self, decoder: codec.Decoder, data: bytes) -> Iterable[bytes]:
        for found in decoder.feed(data):
            if isinstance(found, codec.Noise):
                self._strays["noise"] += len(found.data)
            elif found.address not in self.pads or not self.pads[found.address].hear(found):
                self._strays["frames"] += 1
        return ()

    def _press(self, given: Press) -> None:
        self._say(codec.Frame(given.pad, codec.PRESSED, bytes.fromhex(given.keys)))

    def _rate(self, given: Rate) -> None:
        self._say(codec.Frame(given.pad, codec.RATED, bytes([given.value])))

    def _say(self, frame: codec.Frame) -> None:
        pad = self.pads.setdefault(frame.address, PadState(frame.address))
        self._send(pad, frame, pad.say(frame))

    def _send(self, pad: PadState, frame: codec.Frame, wire: bytes) -> None:
        if wire:
            self.speak(wire)
            asyncio.get_running_loop().call_later(AGAIN_S, lambda: self._send(pad, frame, pad.again(frame)))

    def _reboot(self, _: NoParams) -> None:
        """The pads lose their power for a moment, and so does what joins them to the network."""
        self.power_lost()
        self.hang_up()
