"""What the spool holds, counted in a file of fixed size: after a kill, the next run tells what was lost with it.

The file is mapped into memory: what stands there outlives the process, though not the power, and to write there takes
no space of a disk that has none. On a disk that hangs, a store into a page that the kernel has written back can wait
for that disk, and the whole process with it: ext4 notes the time of the change in the inode, which the commit of its
own journal may hold; where a block device wants stable pages, the page itself is held. So the file stands in memory
where systemd gives a folder there.
"""

import logging
import mmap
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

HALF = 128 * 1024  # of the file: room for a thousand sources
SIZE = mmap.PAGESIZE + 2 * HALF
HALVES = {b"a": mmap.PAGESIZE, b"b": mmap.PAGESIZE + HALF}
"""The first byte of the file names the half that counts: the other is written meanwhile."""
log = logging.getLogger(__name__)


class Missing(msgspec.Struct, frozen=True, array_like=True):
    """Events of one source that are not on disk: how many, and the times of the first and the last of them."""

    count: int
    first: str
    last: str


class Unwritten:
    """By device; "" is the gateway itself."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self.found = self._read()

    def tell(self, held: Mapping[str, Missing]) -> None:
        """Write what is held, for whoever comes after a kill. What is more than fits is told as the gateway's."""
        data = msgspec.json.encode(held) + b"\n"
        if len(data) > HALF:
            ends = min(each.first for each in held.values()), max(each.last for each in held.values())
            data = msgspec.json.encode({"": Missing(sum(each.count for each in held.values()), *ends)}) + b"\n"
        half = b"b" if self._memory[:1] == b"a" else b"a"
        self._memory[HALVES[half] : HALVES[half] + len(data)] = data
        self._memory[:1] = half

    def _read(self) -> dict[str, Missing]:
        start = HALVES.get(self._memory[:1])
        if start is None:
            return {}
        try:
            data = self._memory[start : self._memory.find(b"\n", start)]
            return msgspec.json.decode(data, type=dict[str, Missing])
        except ValueError as error:
            log.error("what the last run could not record is not known: %s", error)
            return {}


def place(site: str, beside: Path) -> Path:
    """The file of a site: in RUNTIME_DIRECTORY (systemd.exec(5)), else in the folder `beside`."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return (Path(folder) if folder else beside) / f"{site}.unwritten"


@contextmanager
def unwritten(path: Path) -> Generator[Unwritten]:
    """Open the file, made when missing. Raises OSError."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
        if os.fstat(file.fileno()).st_size != SIZE:
            file.truncate(0)
            file.write(bytes(SIZE))  # no hole: each page has its place on the disk from now on
            file.flush()
            os.fsync(file.fileno())
        with mmap.mmap(file.fileno(), SIZE) as memory:
            yield Unwritten(memory)
