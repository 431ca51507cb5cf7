"""libosdp as its authors wrap it for Python, with a thread of its own: a reader or a panel, as a program.

python libosdp_peer.py reader KEY                 says its TCP port; reads card numbers (hex, 26 bits) from stdin
python libosdp_peer.py panel KEY PORT|PTY         says what the reader 1 there tells, as lines of JSON
"""

import json
import os
import socket
import sys
import tty
from importlib import import_module
from typing import Any

osdp: Any = import_module("osdp")  # the wheel has no types


class Wire(osdp.Channel):  # type: ignore[misc]  # as above
    """Bytes in and out, never waiting."""

    def __init__(self, descriptor: int) -> None:
        self.id = 0
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._descriptor, max_bytes)
        except OSError:
            return b""

    def write(self, buf: bytes) -> int:
        try:
            return os.write(self._descriptor, buf)
        except OSError:
            return len(buf)

    def flush(self) -> None:
        """Nothing is held here."""


def reader(key: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    connection, _ = listener.accept()
    capabilities = osdp.PDCapabilities([(osdp.Capability.LEDControl, 1, 1), (osdp.Capability.AudibleControl, 1, 1)])
    info = osdp.PDInfo(1, Wire(connection.fileno()), scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    device = osdp.PeripheralDevice(info, capabilities, log_level=osdp.LogLevel.Emergency)
    device.start()
    for line in sys.stdin:
        card = {"reader_no": 0, "direction": 0, "length": 26, "data": bytes.fromhex(line.strip())}
        device.submit_event({"event": osdp.Event.CardRead, "format": osdp.CardFormat.Wiegand, **card})


def panel(key: bytes, place: str) -> None:
    if place.isdecimal():
        connection = socket.create_connection(("127.0.0.1", int(place)))
        descriptor = connection.detach()
    else:
        descriptor = os.open(place, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(descriptor)

    def told(_: int, event: dict[str, Any]) -> int:
        plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in event.items()}
        sys.stdout.write(json.dumps(plain) + "\n")
        sys.stdout.flush()
        return 0

    info = osdp.PDInfo(1, Wire(descriptor), scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    control = osdp.ControlPanel([info], log_level=osdp.LogLevel.Emergency, event_handler=told)
    control.start()
    secure = control.sc_wait_all(timeout=20)
    sys.stdout.write(json.dumps({"secure": secure}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        control.submit_command(1, json.loads(line))


if __name__ == "__main__":
    role, key_hex, *rest = sys.argv[1:]
    if role == "reader":
        reader(bytes.fromhex(key_hex))
    else:
        panel(bytes.fromhex(key_hex), rest[0])
