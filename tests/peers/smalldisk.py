"""A small file system of its own for one child process, so that its disk can really be full."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

MOUNTED = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def on_small_disk(folder: Path, command: Sequence[str] = (), *, size: str = "4m") -> list[str]:
    """The words in front of a command that give it a tmpfs on `folder`, which nobody else sees."""
    alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    return [*alone, "sh", "-c", MOUNTED, "sh", size, str(folder), *command]


def beside(pid: int) -> list[str]:
    """The words in front of a command that runs in the file systems of another process."""
    user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
    return ["nsenter", "-t", str(pid), *user, "-m"]


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
