"""libosdp as its authors wrap it for Python, with a thread of its own: a reader or a panel, as a program.

python libosdp_peer.py reader KEY tcp|pty         says its TCP port or pseudo-terminal, then what it is told to do, as
                                                  lines of JSON; reads card numbers (hex, 26 bits) from stdin
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


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def told(what: dict[str, Any]) -> None:
    say(json.dumps({name: value.hex() if isinstance(value, bytes) else value for name, value in what.items()}))


def listening() -> int:
    """A connection, once somebody has come."""
    listener = socket.create_server(("127.0.0.1", 0))
    say(str(listener.getsockname()[1]))
    connection, _ = listener.accept()
    return connection.detach()


def terminal() -> int:
    """One end of a pseudo-terminal; the other one stays open here too, so that it is there before and after anybody."""
    near, far = os.openpty()
    tty.setraw(far)
    say(os.ttyname(far))
    return near


def reader(key: bytes, wire: str) -> None:
    descriptor = listening() if wire == "tcp" else terminal()
    capabilities = osdp.PDCapabilities([(osdp.Capability.LEDControl, 1, 1), (osdp.Capability.AudibleControl, 1, 1)])
    info = osdp.PDInfo(1, Wire(descriptor), scbk=key, flags=[osdp.LibFlag.EnforceSecure])

    def ordered(command: dict[str, Any]) -> tuple[int, None]:
        told(command)
        return 0, None

    device = osdp.PeripheralDevice(info, capabilities, log_level=osdp.LogLevel.Emergency, command_handler=ordered)
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

    def happened(_: int, event: dict[str, Any]) -> int:
        told(event)
        return 0

    info = osdp.PDInfo(1, Wire(descriptor), scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    control = osdp.ControlPanel([info], log_level=osdp.LogLevel.Emergency, event_handler=happened)
    control.start()
    secure = control.sc_wait_all(timeout=20)
    told({"secure": secure})
    for line in sys.stdin:
        control.submit_command(1, json.loads(line))


if __name__ == "__main__":
    role, key_hex, *rest = sys.argv[1:]
    if role == "reader":
        reader(bytes.fromhex(key_hex), rest[0])
    else:
        panel(bytes.fromhex(key_hex), rest[0])
