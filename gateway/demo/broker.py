"""A broker for the demo: mosquitto as a child when it is installed, else amqtt in a process of its own."""

import asyncio
import logging
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gateway.core.errors import GatewayError
from gateway.demo import amqtt_broker

log = logging.getLogger("gateway.demo")
READY_S = 10.0
STOP_S = 5.0
BANNER = "DEMO BROKER: amqtt (pure Python, MQTT 3.1.1, no password). Not for production: install mosquitto."


class Broker(NamedTuple):
    """Where the broker listens, which MQTT it speaks, and the name and password that it wants, if any."""

    url: str
    protocol: str
    username: str | None = None
    password: str | None = None


@asynccontextmanager
async def broker(folder: Path, wanted: str) -> AsyncGenerator[Broker]:
    """Run `mosquitto`, `amqtt`, or with `auto` the first that is installed, on loopback until left.

    Raises GatewayError when it is not installed or does not start.
    """
    port = free_port()
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is not None and wanted != "amqtt":
        password = secrets.token_urlsafe(16)
        command = [program, "-c", str(await _mosquitto(folder, port, password))]
        found = Broker(f"mqtt://127.0.0.1:{port}", "5", "gateway", password)
    elif find_spec("amqtt") is not None and wanted != "mosquitto":
        log.warning(BANNER)
        command = [sys.executable, "-P", "-m", amqtt_broker.__name__, str(port)]
        found = Broker(f"mqtt://127.0.0.1:{port}", "3.1.1")
    else:
        raise GatewayError("the demo needs a broker: install mosquitto, or hall-gateway[demo] for amqtt")
    async with child(command, folder / "broker.log"):
        await _listening(port, folder / "broker.log")
        yield found


async def _mosquitto(folder: Path, port: int, password: str) -> Path:
    """Write the configuration; `user root` lets mosquitto read a 0600 password file when root starts it."""
    passwords = folder / "mosquitto.passwords"
    passwords.touch(mode=0o600)
    making = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", passwords, "gateway", password)
    if await making.wait() != 0:
        raise GatewayError("mosquitto_passwd failed: see its message above")
    config = folder / "mosquitto.conf"
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\npassword_file {passwords}\npersistence false\nlog_dest stderr\n"
    )
    return config


@asynccontextmanager
async def child(command: Sequence[str], output: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program until left; what it prints goes to a file."""
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def _listening(port: int, output: Path) -> None:
    try:
        async with asyncio.timeout(READY_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                await writer.wait_closed()
                return
    except TimeoutError as error:
        raise GatewayError(f"the broker did not start within {READY_S:g} s; see {output}") from error
