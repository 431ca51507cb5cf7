"""A small file system of its own for one child process, so that its disk can really be full."""

import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from simulators.testing.processes import until

MOUNTED = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def on_small_disk(folder: Path, command: Sequence[str] = (), *, size: str = "4m") -> list[str]:
    """The words in front of a command that give it a tmpfs on `folder`, which nobody else sees."""
    alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    return [*alone, "sh", "-c", MOUNTED, "sh", size, str(folder), *command]


def beside(pid: int) -> list[str]:
    """The words in front of a command that runs in the file systems of another process."""
    user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
    return ["nsenter", "-t", str(pid), *user, "-m"]


@contextmanager
def outliving(pid: int, file: Path) -> Generator[int]:
    """Keep the file system of a process that is to end, and that has `file`; gives a process that sees it."""
    with subprocess.Popen([*beside(pid), "sleep", "100"]) as other:
        try:
            until(lambda: seen_by(other.pid, file).exists(), 5)
            yield other.pid
        finally:
            other.kill()


def seen_by(pid: int, path: Path) -> Path:
    """A path as a process in another mount namespace sees it."""
    return Path(f"/proc/{pid}/root{path}")


def fill(ballast: Path) -> None:
    """Take all the space there is; removing the file gives it back."""
    with ballast.open("ab", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return


def python_path() -> dict[str, str]:
    """What a child needs to import what the test imports."""
    return {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]}
