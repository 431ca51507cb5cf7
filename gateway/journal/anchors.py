"""Anchors: the head of the chain, written now and then to a file outside the database.

A cut tail leaves a chain that is whole in itself; only a head that was noted elsewhere shows it.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from operator import attrgetter
from pathlib import Path

import msgspec

from gateway.core.contract import Clock
from gateway.journal.head import Anchor
from gateway.journal.rows import Head, stamp
from gateway.journal.writer import Writer

PERIOD_S = 60.0
TAIL_BYTES = 64 * 1024  # some hundred lines: the newest anchor of a site is among them
log = logging.getLogger(__name__)


class Anchors:
    """Writes the anchors of one site, and tells them on the event loop to whoever publishes them."""

    def __init__(self, path: Path, *, site: str, clock: Clock, told: Callable[[Anchor], None]) -> None:
        self._path, self._site, self._clock, self._told = path, site, clock, told
        self._seq = 0
        self._broken = False

    @asynccontextmanager
    async def following(self, writer: Writer) -> AsyncGenerator[None]:
        """Anchor the head when it has moved, at most once a minute, and when left. Raises OSError at the start."""
        run = asyncio.get_running_loop().run_in_executor
        with ThreadPoolExecutor(1, "journal-anchors") as pool:
            await run(pool, append, self._path, b"")
            task = asyncio.create_task(self._follow(writer, pool))
            writer.ends_with(task, "anchors")
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait({task})
                await run(pool, self._write, self._anchor(writer.head))
        if not task.cancelled():
            task.result()

    async def _follow(self, writer: Writer, pool: ThreadPoolExecutor) -> None:
        while True:
            await writer.beyond(self._seq)
            anchor = self._anchor(writer.head)
            self._told(anchor)
            await asyncio.get_running_loop().run_in_executor(pool, self._write, anchor)
            await asyncio.sleep(PERIOD_S)

    def _anchor(self, head: Head) -> Anchor:
        return Anchor(stamp(self._clock.now()), self._site, head.seq, head.hash.hex())

    def _write(self, anchor: Anchor) -> None:
        """Only called in the one thread, so that a cancelled call and the last one come in turn."""
        if anchor.seq <= self._seq:
            return
        try:
            append(self._path, msgspec.json.encode(anchor) + b"\n")
        except OSError as error:
            if not self._broken:
                log.error("the journal's head is not anchored: %s", error)
            self._broken = True
        else:
            if self._broken:
                log.info("the journal's head is anchored again")
            self._seq, self._broken = anchor.seq, False


def append(path: Path, line: bytes) -> None:
    """Append to the file, made when missing, and wait until it is on disk. Raises OSError."""
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"  # a crash cut the last line: it must not spoil the next one
            line = b"\n" + line if torn else line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def load(*paths: Path) -> dict[str, dict[int, set[str]]]:
    """Every hash that was anchored for a seq, by site; lines that are none, as a crash cuts them, are left out.

    Two hashes for one seq are told both: no file overrules another. Raises OSError.

    Words in front of an anchor do no harm: what `mosquitto_sub -v` writes down can be read.
    """
    noted: dict[str, dict[int, set[str]]] = {}
    for anchor in _anchors(line for path in paths for line in path.read_bytes().splitlines()):
        noted.setdefault(anchor.site, {}).setdefault(anchor.seq, set()).add(anchor.hash)
    return noted


def newest(path: Path, *, site: str) -> Anchor | None:
    """The newest anchor of a site, None where the file has none, or is missing. Raises OSError."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return max((anchor for anchor in _anchors(lines) if anchor.site == site), key=attrgetter("seq"), default=None)


def _anchors(lines: Iterable[bytes]) -> Generator[Anchor]:
    for line in lines:
        with suppress(ValueError):
            yield msgspec.json.decode(line[max(0, line.find(b"{")) :], type=Anchor)
