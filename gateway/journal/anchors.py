"""Anchors: the head of the chain and the newest seal, written now and then to a file outside the database.

A cut tail leaves a chain that is whole in itself; only a head that was noted elsewhere shows it. So it is with seals.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.contract import Clock
from gateway.journal.head import Anchor
from gateway.journal.rows import stamp
from gateway.journal.sealing import Seal
from gateway.journal.writer import Writer

PERIOD_S = 60.0
TAIL_BYTES = 64 * 1024  # some hundred lines: the newest anchor of a site is among them
log = logging.getLogger(__name__)


class Anchors:
    """Writes the anchors of one site, and tells them on the event loop to whoever publishes them."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        *,
        site: str,
        clock: Clock,
        told: Callable[[Anchor], None],
        seal: Seal | None,
    ) -> None:
        self._path, self._writer, self._site, self._clock, self._told = path, writer, site, clock, told
        self._pool = ThreadPoolExecutor(1, "journal-anchors")
        self._newest = seal
        self._written = Anchor("", site, 0, "")
        self._broken = False

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        """Anchor the head when it has moved, at most once a minute, and when left. Raises OSError at the start."""
        with self._pool:
            await self._run(append, self._path, b"")
            task = asyncio.create_task(self._follow())
            self._writer.ends_with(task, "anchors")
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait({task})
                await self._run(self._write, self._anchor())
        if not task.cancelled():
            task.result()

    def sealed(self, seal: Seal) -> None:
        """Anchor a new seal at once: nobody waits for that."""
        self._newest = seal
        self._told(self._anchor())
        self._run(self._write, self._anchor())

    async def _follow(self) -> None:
        while True:
            await self._writer.beyond(self._written.seq)
            anchor = self._anchor()
            self._told(anchor)
            await self._run(self._write, anchor)
            await asyncio.sleep(PERIOD_S)

    def _run(self, work: Callable[..., None], *arguments: Any) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def _anchor(self) -> Anchor:
        head, seal = self._writer.head, self._newest
        anchor = Anchor(stamp(self._clock.now()), self._site, head.seq, head.hash.hex())
        return msgspec.structs.replace(anchor, sealed=seal.last_seq, seal=seal.seal.hex()) if seal else anchor

    def _write(self, anchor: Anchor) -> None:
        """Only called in the one thread, so that a cancelled call and the last one come in turn."""
        if anchor.seq <= self._written.seq and anchor.sealed <= self._written.sealed:
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
            self._written, self._broken = anchor, False


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


class Noted(msgspec.Struct, frozen=True):
    """What was anchored of a site: the hashes of a head, and the seals of the rows up to a seq, by seq."""

    heads: dict[int, set[str]] = {}
    seals: dict[int, set[str]] = {}


def load(*paths: Path) -> dict[str, Noted]:
    """Everything that was anchored, by site; lines that are none, as a crash cuts them, are left out.

    Two hashes for one seq are told both: no file overrules another. Raises OSError.

    Words in front of an anchor do no harm: what `mosquitto_sub -v` writes down can be read.
    """
    noted: dict[str, Noted] = {}
    for anchor in _anchors(line for path in paths for line in path.read_bytes().splitlines()):
        of_site = noted.setdefault(anchor.site, Noted())
        of_site.heads.setdefault(anchor.seq, set()).add(anchor.hash)
        if anchor.seal:
            of_site.seals.setdefault(anchor.sealed, set()).add(anchor.seal)
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
