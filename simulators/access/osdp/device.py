"""The wire of a simulated reader: libosdp's peripheral device, fed with what comes.

It never waits, so it answers within the call that brings the last byte of a question. It is given whole frames: its
Python module (3.2.9) forgets the beginning of one that comes in pieces. Nor can that module fill in the answer to a
question for a state: the reader refuses those, and says by itself what changes, and all at the start.
"""

from collections.abc import Callable, Mapping
from typing import Any

import osdp_sys

from drivers.access.osdp.codec import Decoder, Wire

CAPABILITIES = {osdp_sys.CAP_CARD_DATA_FORMAT: 1, osdp_sys.CAP_READER_AUDIBLE_OUTPUT: 1}
VENDOR, MODEL, VERSION, FIRMWARE = 0x0A1B2C, 3, 1, 0x010203
osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)  # it would print to our standard output
Obey = Callable[[Mapping[str, Any]], bool]


class Device:
    """A peripheral device with its queue. Without a key, and not in clear, it is in install mode."""

    def __init__(
        self, address: int, key: bytes | None, obey: Obey, *, clear: bool, numbers: Mapping[int, int], serial: int
    ) -> None:
        self._wire, self._obey, self._clear = Wire(), obey, clear
        self._decoder = Decoder()
        self.said = 0
        """How many events were said."""
        flags = osdp_sys.FLAG_ENFORCE_SECURE if key else 0 if clear else osdp_sys.FLAG_INSTALL_MODE
        about = {"vendor_code": VENDOR, "model": MODEL, "version": VERSION, "firmware_version": FIRMWARE}
        info = {"name": "reader", "address": address, "flags": flags, "scbk": key, "channel": self._wire, **about}
        counts = {**CAPABILITIES, **numbers}
        claims = [{"function_code": code, "compliance_level": 1, "num_items": counts[code]} for code in counts]
        self._device = osdp_sys.PeripheralDevice({**info, "serial_number": serial}, capabilities=claims)
        self._device.set_command_callback(self._command)
        self._device.set_event_completion_callback(self._completed)

    @property
    def listens(self) -> bool:
        """Whether a panel speaks to it as it must be spoken to."""
        return self._device.is_online() if self._clear else self._device.is_sc_active()

    def hear(self, data: bytes) -> bytes:
        """Take bytes, cut anywhere; gives its answer, if they complete a question."""
        for frame in self._decoder.feed(data):
            self._wire.heard += frame
            self._device.refresh()
        answer, self._wire.said = self._wire.said, b""
        return answer

    def say(self, event: Mapping[str, Any]) -> None:
        """Say something when it is asked next, behind what waits already."""
        self._device.submit_event(event)

    def _command(self, command: dict[str, Any]) -> tuple[int, None]:
        return (0 if self._obey(command) else -1), None

    def _completed(self, _: dict[str, Any], status: int) -> None:
        self.said += status == osdp_sys.COMPLETION_OK
