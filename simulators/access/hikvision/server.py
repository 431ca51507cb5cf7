"""A simulated Hikvision terminal: an HTTP server with Digest, a stream of alerts, a log, and doors."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers.access.hikvision.config import HikvisionConfig
from gateway.core.twin import Lever
from simulators.access.hikvision import isapi, state
from simulators.access.hikvision.http import Account, Request, Requests, answer
from simulators.access.hikvision.isapi import STREAM, STREAM_HEAD, Isapi
from simulators.access.hikvision.levers import AtDoor, Fill, Limit, Quiet, Refuse, Replay, Skew, Swipe
from simulators.access.hikvision.state import Entry, Quirks, Terminal
from simulators.faults import TCP, NoParams, lever
from simulators.keep import Keep
from simulators.tcp import Answer, Connection, Refusal, TcpTwin

BEAT_S = 10.0
FAULTS = TCP - {"corrupt"}
"""A flipped bit in a login is a wrong password, which nobody may try again: TCP has checksums against that."""


class HikvisionTwin(TcpTwin[HikvisionConfig]):
    """One terminal. Five wrong passwords in a row lock its account until `unlock`."""

    def __init__(self, config: HikvisionConfig) -> None:
        super().__init__(config, wire=FAULTS)
        self._zone = ZoneInfo(config.timezone)
        self.box = Terminal([door.number for door in config.doors], Keep(config.id, Entry))
        self.account = Account(config.username, self._password)
        self._isapi = Isapi(self.box, now=self._now, wrote=self._told, refuses=self._refuses)
        self._streams: set[Connection] = set()
        self._refusals = 0
        self._quiet = False
        self.counts = Counter(requests=0, searches=0, streams=0, reboots=0)

    config_type = HikvisionConfig

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        beating = asyncio.create_task(self._beat())
        try:
            async with super().serve(host, port) as bound:
                yield bound
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    def answers(self) -> Answer:
        """A connection that only asks; the twin makes its own, which can become a stream."""
        return lambda _: ()

    def connection(self) -> asyncio.Protocol:
        if self.down:
            return Refusal()
        requests = Requests()

        def hear(data: bytes) -> Iterator[bytes]:
            return self._hear(made, requests, data)

        made = Connection(hear, self._faults, self._connections, tcp=True)
        return made

    def levers(self) -> Mapping[str, Lever]:
        own: dict[str, Lever] = {
            "swipe": lever(Swipe, self._pull_swipe),
            "open": self._door("somebody opens it", self._mover(state.OPENED, is_open=True)),
            "close": self._door("somebody closes it", self._mover(state.CLOSED, is_open=False)),
            "hold": self._door("it stands open too long", self._mover(state.HELD, is_open=True)),
            "force": self._door("it is forced", self._mover(state.FORCED, is_open=True)),
            "button": self._door("the button inside", partial(self._write, state.EVENT, state.BUTTON)),
            "fire": self._door("the fire relay opens it", partial(self._write, state.EVENT, state.FIRE)),
            "fill": lever(Fill, self._pull_fill),
            "replay": lever(Replay, self._pull_replay),
            "skew": lever(Skew, self._pull_skew),
            "refuse": lever(Refuse, self._pull_refuse),
            "limit": lever(Limit, self._pull_limit),
            "quiet": lever(Quiet, self._pull_quiet),
            "firmware": lever(Quirks, self._pull_firmware),
            "drop": lever(NoParams, self._pull_drop),
            "unlock": lever(NoParams, self._pull_unlock),
            "reboot": lever(NoParams, self._pull_reboot),
            "factory_reset": lever(NoParams, self._pull_factory_reset),
        }
        return {**super().levers(), **own}

    def seen(self) -> Mapping[str, Any]:
        """The doors by id, the log, the account, the streams that are open, and what was asked how often."""
        names = {door.number: door.id for door in self.config.doors}
        box = self.box
        return {
            "doors": {
                names[number]: {"open": door.open, "released": door.released, "mode": door.mode, "opened": door.opened}
                for number, door in box.doors.items()
            },
            "log": {"newest": box.newest, "kept": len(box.log)},
            "account": {"locked": self.account.locked, "wrong": self.account.wrong},
            "open_streams": len(self._streams & self._connections),
            "clock_offset_s": box.skew.total_seconds(),
            **self.counts,
        }

    def _hear(self, connection: Connection, requests: Requests, data: bytes) -> Iterator[bytes]:
        for request in requests.feed(data):
            if request is None:
                yield answer(400, Connection="close")
                return
            self.counts["requests"] += 1
            yield self.account.refused(request) or self._answer(connection, request)

    def _answer(self, connection: Connection, request: Request) -> bytes:
        if request.target == STREAM and request.method == "GET":
            self._streams = self._streams & self._connections | {connection}
            self.counts["streams"] += 1
            return STREAM_HEAD + self._heartbeat()
        self.counts["searches"] += request.method == "POST"
        return self._isapi.answer(request)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(min(BEAT_S, self.config.heartbeat_s / 3))
            if not self._quiet:
                self._say(self._heartbeat())

    def _heartbeat(self) -> bytes:
        return isapi.heartbeat(self._now() + self.box.skew, xml=self.box.quirks.xml)

    def _told(self, entry: Entry, *, current: bool = True) -> None:
        if not self._quiet:
            self._say(isapi.alert(self.box, entry, current=current))

    def _say(self, data: bytes) -> None:
        for stream in self._streams & self._connections:
            stream.send(data)

    def _refuses(self) -> bool:
        self._refusals, refused = max(0, self._refusals - 1), self._refusals > 0
        return refused

    def _password(self) -> str:
        ref = self.config.password
        with suppress(OSError):
            return Path(ref.file).read_text("utf-8").strip() if ref.file else os.environ.get(ref.env or "", "")
        return ""

    def _now(self) -> datetime:
        return datetime.now(self._zone)

    def _at(self) -> str:
        return state.local(self._now() + self.box.skew)

    def _door(self, text: str, act: Callable[[int], Entry | None]) -> Lever:
        return Lever(AtDoor, partial(self._pull_door, act), text)

    def _mover(self, minor: int, *, is_open: bool) -> Callable[[int], Entry]:
        return lambda door: self.box.move(door, open=is_open, minor=minor, at=self._at())

    def _write(self, major: int, minor: int, door: int) -> Entry:
        return self.box.write(major, minor, at=self._at(), door=door)

    def _pull_door(self, act: Callable[[int], Entry | None], given: AtDoor) -> None:
        if given.door not in self.box.doors:
            raise ValueError(f"{self.config.id} has no door {given.door}")
        if (entry := act(given.door)) is not None:
            self._told(entry)

    def _pull_swipe(self, given: Swipe) -> None:
        swipe = partial(self.box.swipe, given.employee, given.card, at=self._at())
        self._pull_door(lambda door: swipe(door=door), AtDoor(given.door))

    def _pull_fill(self, given: Fill) -> None:
        for _ in range(given.count):
            self.box.swipe("18", None, door=min(self.box.doors), at=self._at())

    def _pull_replay(self, given: Replay) -> None:
        for entry in list(self.box.log)[-given.count :]:
            self._told(entry, current=False)

    def _pull_skew(self, given: Skew) -> None:
        self.box.skew = timedelta(seconds=given.seconds)

    def _pull_refuse(self, given: Refuse) -> None:
        self._refusals = given.count

    def _pull_limit(self, given: Limit) -> None:
        self.box.limit = given.rows

    def _pull_quiet(self, given: Quiet) -> None:
        self._quiet = given.on

    def _pull_firmware(self, given: Quirks) -> None:
        self.box.quirks, self.account.single_use = given, given.single_use_nonce

    def _pull_drop(self, _: NoParams) -> None:
        """All streams end; other connections stay."""
        for stream in self._streams:
            stream.drop()

    def _pull_unlock(self, _: NoParams) -> None:
        """Somebody unlocks the account."""
        self.account.wrong = 0

    def _pull_reboot(self, _: NoParams) -> None:
        """It starts again, and writes that into its log."""
        self.counts["reboots"] += 1
        self.box.write(state.TROUBLE, state.POWER_ON, at=self._at())
        self.hang_up()

    def _pull_factory_reset(self, _: NoParams) -> None:
        """It forgets its log, whose numbers begin at 1 again."""
        self.box.wipe()
        self._pull_reboot(NoParams())
