"""mosquitto as a child of a test: a real broker on a free port of 127.0.0.1."""

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from child import Child, free_port, program

from simulators.testing.broker import broker_answers


class Mosquitto:
    """A broker that can be killed and comes back on the same port. Over a kill it keeps what it was told to save.

    `options` are further lines of its configuration; without `password_file` among them anyone may connect.
    """

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        self._configure(options)
        self._child = self._start()

    def _configure(self, options: Sequence[str]) -> None:
        # `user root`: started by root it would otherwise become user mosquitto, and could not read its own files
        lines = ["user root", f"listener {self.port} 127.0.0.1", "log_dest stderr"]
        lines += ["persistence true", f"persistence_location {self.folder}/", *options]
        if not any(line.startswith("password_file") for line in options):
            lines.append("allow_anonymous true")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def _start(self) -> Child:
        configuration = str(self.folder / "mosquitto.conf")
        child = Child([program("mosquitto"), "-c", configuration], self.folder / "log")
        child.until(lambda: broker_answers(self.port))
        return child

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()

    def stop(self) -> None:
        """End it as a service is ended: it saves its sessions."""
        self._child.stop()

    def hang(self, *, on: bool = True) -> None:
        """Keep every connection and answer nothing, until it is `on` no more."""
        self._child.process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def save(self) -> None:
        """Write sessions and retained messages to disk: by itself it does so every half an hour."""
        saved = self.folder / "mosquitto.db"
        saved.unlink(missing_ok=True)
        self._child.process.send_signal(signal.SIGUSR1)
        self._child.until(lambda: saved.exists() and saved.stat().st_size > 0)

    def restart(self) -> None:
        """Start again on the same port; it may still be running, or be dead."""
        self._child.kill()
        self._child = self._start()

    def log(self) -> str:
        return self._child.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._child.stop()
        shutil.rmtree(self.folder)
