"""A real program as a child of a test: in the foreground, its own session, output into a file, never left behind."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from pathlib import Path

READY_S = 30.0  # what we start is ready within 0.5 s on an idle machine; the rest is for a loaded one
STEP_S = 0.01


class NotReady(AssertionError):
    """A program ended, or took too long; the text holds its log."""


def find(name: str) -> str | None:
    """The absolute path of a program, None when it is not installed; daemons are not on an ordinary user's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_network(port: int) -> str:
    """A loopback address, with free ones behind it, whose TCP port nobody uses: other runs beside us take others."""
    while True:
        base = str(IPv4Address("127.200.0.1") + 1024 * secrets.randbelow(2000))
        with socket.socket() as probe:
            try:
                probe.bind((base, port))
            except OSError:
                continue
        return base


class Child:
    """One run of a program. `log` receives stdout and stderr; it is appended to, so that it spans restarts.

    `uid` is the user that it runs as, which only root can choose.
    """

    def __init__(self, arguments: Sequence[str], log: Path, *, uid: int | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=uid,
                cwd=None if uid is None else "/",
            )

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()`. Raises NotReady with the log when the program ends first or takes too long."""
        end = time.monotonic() + READY_S
        while not ready():
            code = self.process.poll()
            if code is not None:
                raise NotReady(f"ended with {code}:\n{self.log.read_text(errors='replace')}")
            if time.monotonic() > end:
                raise NotReady(f"not ready:\n{self.log.read_text(errors='replace')}")
            time.sleep(STEP_S)

    def kill(self) -> None:
        """As a power cut would: SIGKILL to the whole process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, limit_s: float = 5.0) -> int:
        """Ask it to end, kill what is left; gives the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(limit_s)
        finally:
            self.kill()
