"""An MQTT broker for tests: mosquitto where it is installed, else amqtt."""

import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from simulators.testing.child import find

CONNECT = bytes.fromhex("100e 0004 4d515454 04 02 003c 0002 7470")  # MQTT 3.1.1, clean session, id "tp"
CONNACK = 0x20


def broker_command(folder: Path, port: int) -> list[str] | None:
    """What starts a broker on a port of 127.0.0.1 that lets everybody in; None where none is installed."""
    program = find("mosquitto")
    if program is not None:
        # `user root`: started by root it would otherwise become user mosquitto, and could not read its own file
        lines = ["user root", f"listener {port} 127.0.0.1", "allow_anonymous true", "log_dest stderr"]
        config = folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return [program, "-c", str(config)]
    if find_spec("amqtt") is not None:
        return [sys.executable, "-P", "-m", "gateway.demo.amqtt_broker", str(port)]
    return None


def broker_answers(port: int) -> bool:
    """Whether a broker on a port of 127.0.0.1 lets us in."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as wire:
            wire.sendall(CONNECT)
            return wire.recv(1) == bytes([CONNACK])
    except OSError:
        return False
