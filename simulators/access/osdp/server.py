"""A simulated reader on its wire: TCP, a bus, or a pseudo-terminal."""

import os
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import osdp_sys

from drivers.access.osdp.config import OsdpConfig
from gateway.core.config import SecretRef
from gateway.core.twin import Lever
from simulators.access.osdp.device import Device
from simulators.access.osdp.levers import Input, Key, Reboot, RefuseNext, Swipe, Switch, WrongKey, wiegand
from simulators.access.osdp.state import INPUTS, LEDS, OUTPUTS, Reader
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin

LENGTH = 16
QUEUE = 64
"""How many cards and keys it remembers while nobody asks."""
NUMBERS = {
    osdp_sys.CAP_CONTACT_STATUS_MONITORING: INPUTS,
    osdp_sys.CAP_OUTPUT_CONTROL: OUTPUTS,
    osdp_sys.CAP_READER_LED_CONTROL: LEDS,
}


class OsdpTwin(TcpTwin[OsdpConfig]):
    """A simulated reader. It has the key of the site file, unless it is being installed: then it has none."""

    config_type = OsdpConfig

    def __init__(self, config: OsdpConfig) -> None:
        super().__init__(config)
        self.reader = Reader(None if config.install else self._own_key())
        self.swipes = self.lost = self._given = 0
        self._refusals = 0
        self._start()

    def answers(self) -> Answer:
        return self._hear

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "swipe": lever(Swipe, self._swipe),
            "key": lever(Key, self._press),
            "tamper": lever(Switch, partial(self._report, "tamper")),
            "power_fail": lever(Switch, partial(self._report, "power_failed")),
            "input": lever(Input, self._input),
            "wrong_key": lever(WrongKey, self._wrong_key),
            "install_mode": lever(NoParams, self._install_mode),
            "refuse_next": lever(RefuseNext, self._refuse_next),
            "reboot": lever(Reboot, self._reboot),
        }
        return {**super().levers(), **own}

    def seen(self) -> Mapping[str, Any]:
        waiting = self._given - self.device.said
        return {**self.reader.seen(), "swipes": self.swipes, "waiting": waiting, "lost": self.lost}

    def power_lost(self) -> None:
        self.reader.reboots += 1
        self.reader.forget()
        self._start()

    def _start(self) -> None:
        clear = self.config.key is None
        number = self.config.reader
        serial = zlib.crc32(self.config.id.encode()) & 0x7FFFFFFF
        self.device = Device(number, self.reader.key, self._obey, clear=clear, numbers=NUMBERS, serial=serial)
        self._given, self._listened, self._outs = 0, False, self.reader.outs()

    def _hear(self, data: bytes) -> Iterator[bytes]:
        if (outs := self.reader.outs()) != self._outs:
            self._outs = outs
            self._tell(osdp_sys.STATUS_REPORT_OUTPUT, outs)
        answer = self.device.hear(data)
        if self.device.listens != self._listened:
            self._listened = self.device.listens
            if self._listened:
                self._tell_all()
        if answer:
            yield answer

    def _obey(self, command: Mapping[str, Any]) -> bool:
        if self._refusals and command["command"] != osdp_sys.CMD_STATUS:
            self._refusals -= 1
            return False
        return self.reader.obey(command)

    def _swipe(self, given: Swipe) -> None:
        self.swipes += 1
        card = {"reader_no": 0, "direction": 0, "length": given.bits, "data": wiegand(given.number, given.bits)}
        self._say({"event": osdp_sys.EVENT_CARDREAD, "format": osdp_sys.CARD_FMT_RAW_WIEGAND, **card})

    def _press(self, given: Key) -> None:
        digits = given.digits.replace("*", "\x7f").replace("#", "\x0d").encode()  # SIA OSDP 2.2, 7.12
        self._say({"event": osdp_sys.EVENT_KEYPRESS, "reader_no": 0, "data": digits})

    def _report(self, name: str, given: Switch) -> None:
        setattr(self.reader, name, given.on)
        self._tell(osdp_sys.STATUS_REPORT_LOCAL, self.reader.local())

    def _input(self, given: Input) -> None:
        self.reader.inputs[given.input] = given.on
        self._tell(osdp_sys.STATUS_REPORT_INPUT, bytes(self.reader.inputs))

    def _tell_all(self) -> None:
        self._tell(osdp_sys.STATUS_REPORT_LOCAL, self.reader.local())
        self._tell(osdp_sys.STATUS_REPORT_INPUT, bytes(self.reader.inputs))
        self._tell(osdp_sys.STATUS_REPORT_OUTPUT, self.reader.outs())

    def _tell(self, kind: int, report: bytes) -> None:
        self._say({"event": osdp_sys.EVENT_STATUS, "type": kind, "report": report})

    def _say(self, event: Mapping[str, Any]) -> None:
        if self._given - self.device.said >= QUEUE:
            self.lost += 1
            return
        self._given += 1
        self.device.say(event)

    def _wrong_key(self, given: WrongKey) -> None:
        self._exchange(os.urandom(LENGTH) if given.on else self._own_key())

    def _own_key(self) -> bytes | None:
        return None if self.config.key is None else _key(self.config.key)

    def _install_mode(self, _: NoParams) -> None:
        """Somebody sets the reader to install mode: it forgets its key."""
        self._exchange(None)

    def _exchange(self, key: bytes | None) -> None:
        self.reader.key = key
        self.power_lost()
        self.hang_up()

    def _refuse_next(self, given: RefuseNext) -> None:
        self._refusals = given.count

    def _reboot(self, given: Reboot) -> None:
        self.power_lost()
        self.hang_up(given.down_s)


def _key(ref: SecretRef) -> bytes | None:
    """The key that the site file names; None, as in install mode, where it cannot be read."""
    try:
        key = bytes.fromhex(os.environ[ref.env] if ref.env else Path(ref.file or "").read_text("utf-8"))
    except (OSError, KeyError, ValueError):
        return None
    return key if len(key) == LENGTH else None
