"""A simulated ZKTeco controller: the client of the field listener. It sends its rows again until it reads OK."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from drivers.access.zkteco_push import codec
from drivers.access.zkteco_push.config import ZktecoPushConfig
from gateway.core.twin import Lever, Twin
from simulators.access.zkteco_push import state
from simulators.access.zkteco_push.levers import AtDoor, Fill, Fire, Refuse, Skew, Swipe
from simulators.access.zkteco_push.state import Controller, Kept
from simulators.access.zkteco_push.wire import FAULTS, Answer, Wire
from simulators.faults import Faults, NoParams, lever
from simulators.keep import Keep

ROWS = 10
"""In one post."""
MODEL = "DeviceType=acc,~DeviceName=C3-400 (simulated),FirmVer=AC Ver 4.3.4,PushVersion=Ver 2.0.22,LockCount=4"
COMMAND = re.compile(r"C:(\d{1,16}):(.*)")
CONTROL = re.compile(r"CONTROL DEVICE 01([0-9A-F]{2})01([0-9A-F]{2})")
SET_TIME = re.compile(r"SET OPTIONS DateTime=(\d{1,10})")
FAILED, NO_SUCH = -12, -13


class ZktecoPushTwin(Twin[ZktecoPushConfig]):
    """`half_open`, `cut` and `reset` spoil its next request."""

    config_type = ZktecoPushConfig
    passive: ClassVar[bool] = True

    def __init__(self, config: ZktecoPushConfig) -> None:
        super().__init__(config)
        self._zone = ZoneInfo(config.timezone)
        self.box = Controller([door.number for door in config.doors], Keep(config.id, Kept))
        self._faults = Faults(FAULTS)
        self._wake = asyncio.Event()
        self._half_open = False
        self._refusals = 0
        self._code = self._session = self._told = ""
        self._due: list[tuple[float, str]] = []
        self.counts = Counter(retries=0, starts=0)

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        """Call until left. The device is the client: `host` and `port` are those of the gateway's field listener."""
        wire = Wire(host, port, self._faults, hang_s=10 * self.config.poll_s)
        living = asyncio.create_task(self._live(wire))
        try:
            yield port
        finally:
            living.cancel()
            await asyncio.wait({living})

    def levers(self) -> Mapping[str, Lever]:
        box, at = self.box, self._at
        own: dict[str, Lever] = {
            "half_open": lever(NoParams, self._pull_half_open),
            "swipe": lever(Swipe, self._pull_swipe),
            "open": self._door("somebody opens it", lambda door: box.move(door, open=True, at=at())),
            "close": self._door("somebody closes it", lambda door: box.move(door, open=False, at=at())),
            "hold": self._door("it stands open too long", lambda door: box.move(door, open=True, at=at(), alarm=28)),
            "force": self._door("it is forced", lambda door: box.move(door, open=True, at=at(), alarm=state.FORCED)),
            "button": self._door("the button inside", lambda door: box.write(state.BUTTON, door=door, at=at())),
            "fire": lever(Fire, self._pull_fire),
            "fill": lever(Fill, self._pull_fill),
            "skew": lever(Skew, self._pull_skew),
            "refuse": lever(Refuse, self._pull_refuse),
            "reboot": lever(NoParams, self._pull_reboot),
            "factory_reset": lever(NoParams, self._pull_factory_reset),
        }
        return {**self._faults.levers(), **own}

    def seen(self) -> Mapping[str, Any]:
        """The doors by id, the log and how far it was taken, and what commands did."""
        names = {door.number: door.id for door in self.config.doors}
        box = self.box
        return {
            "doors": {
                names[number]: {"open": door.open, "released_s": door.released_s, "opened": door.opened}
                for number, door in box.doors.items()
            },
            "log": {"newest": box.newest, "taken": box.taken, "kept": len(box.log)},
            "registered": box.registered,
            "clock_offset_s": box.skew.total_seconds(),
            "done": list(box.done),
            **self.counts,
        }

    async def _live(self, wire: Wire) -> None:
        while True:
            self._wake.clear()
            wire.half_open, self._half_open = self._half_open, False
            if self._session or await self._introduce(wire):
                await self._work(wire)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.config.poll_s):
                    await self._wake.wait()

    async def _introduce(self, wire: Wire) -> bool:
        """Say who it is, register where it must, fetch its settings."""
        hello = await self._ask(wire, "GET", "cdata", "&options=all&pushver=3.1.2&DeviceType=acc")
        told = _settings(hello)
        if told.get("registry") != "ok" or not self.box.registered:
            code = _settings(await self._ask(wire, "POST", "registry", body=MODEL)).get("RegistryCode", "")
            told = {**_settings(await self._ask(wire, "POST", "push")), "RegistryCode": code}
        self._code, self._session = told.get("RegistryCode", ""), told.get("SessionID", "")
        self.box.register(done=bool(self._code and self._session))
        return self.box.registered

    async def _work(self, wire: Wire) -> None:
        """Send what is new, in order; ask for commands; tell how they went."""
        while rows := self.box.unread(ROWS):
            era = self.box.era
            if not await self._post(wire, "rtlog", "\r\n".join(row.line for row in rows)):
                self.counts["retries"] += 1
                return
            if self.box.era == era:
                self.box.take(rows[-1].index)
        await self._post(wire, "rtstate", self.box.state(self._at()))
        if (answer := await self._ask(wire, "GET", "getrequest")) is not None and answer.status == 200:
            for line in answer.body.decode().splitlines():
                self._obey(line)
        await self._report(wire)

    async def _report(self, wire: Wire) -> None:
        """Tell what is done, in order: nothing overtakes what is delayed."""
        now = asyncio.get_running_loop().time()
        while self._due and self._due[0][0] <= now:
            told = await self._ask(wire, "POST", "devicecmd", body=self._due[0][1])
            if told is None or told.body != codec.OK:
                return
            del self._due[0]

    def _obey(self, line: str) -> None:
        found = COMMAND.fullmatch(line)
        if found is None:
            return
        code = self._do(found[2])
        at = asyncio.get_running_loop().time() + self._faults.now.slow.seconds
        self._due.append((at, f"ID={found[1]}&Return={code}&CMD={found[2].partition('=')[0]}"))
        self._wake.set()

    def _do(self, text: str) -> int:
        if self._refusals:
            self._refusals -= 1
            return FAILED
        if control := CONTROL.fullmatch(text):
            if not self.box.control(int(control[1], 16), int(control[2], 16), at=self._at()):
                return FAILED
        elif clock := SET_TIME.fullmatch(text):
            self.box.skew = _unpacked(int(clock[1])) - self._now()
        else:
            return NO_SUCH
        self.box.done.append(text)
        return 0

    async def _post(self, wire: Wire, table: str, body: str) -> bool:
        answer = await self._ask(wire, "POST", "cdata", f"&table={table}", body)
        if answer is not None and answer.status == 401:
            self._session = ""  # it begins anew with an introduction
        return answer is not None and answer.status == 200 and answer.body == codec.OK

    async def _ask(self, wire: Wire, method: str, call: str, more: str = "", body: str = "") -> Answer | None:
        token = codec.token(self._code, self.config.serial, self._session) if self._session else ""
        return await wire.ask(method, f"{call}?SN={self.config.serial}{more}", body, cookie=token)

    def _now(self) -> datetime:
        return datetime.now(UTC).astimezone(self._zone).replace(tzinfo=None)

    def _at(self) -> str:
        return self.box.time(self._now())

    def _door(self, help_: str, act: Callable[[int], None]) -> Lever:
        return Lever(AtDoor, partial(self._pull_door, act), help_)

    def _pull_door(self, act: Callable[[int], None], given: AtDoor) -> None:
        if given.door not in self.box.doors:
            raise ValueError(f"{self.config.id} has no door {given.door}")
        act(given.door)
        self._wake.set()

    def _pull_swipe(self, given: Swipe) -> None:
        swipe = partial(self.box.swipe, given.pin, given.card, out=given.out, at=self._at())
        self._pull_door(lambda door: swipe(door=door), AtDoor(given.door))

    def _pull_fire(self, _: Fire) -> None:
        for number, door in self.box.doors.items():
            door.released_s = state.FOR_EVER
            self.box.write(state.FIRE, door=number, at=self._at())
        self._wake.set()

    def _pull_fill(self, given: Fill) -> None:
        for _ in range(given.count):
            self.box.write(state.GRANTED, door=min(self.box.doors), at=self._at(), pin="1002", card="1234567")
        self._wake.set()

    def _pull_skew(self, given: Skew) -> None:
        self.box.skew = timedelta(seconds=given.seconds)

    def _pull_refuse(self, given: Refuse) -> None:
        self._refusals = given.count

    def _pull_half_open(self, _: NoParams) -> None:
        self._half_open = True

    def _pull_reboot(self, _: NoParams) -> None:
        """It starts again: it writes that into its log, and introduces itself."""
        self._session = ""
        self._due.clear()
        self.counts["starts"] += 1
        self.box.write(state.STARTED, door=0, at=self._at())
        self._wake.set()

    def _pull_factory_reset(self, _: NoParams) -> None:
        """It forgets its registration and its log, whose numbers begin at 1 again."""
        self.box.wipe()
        self._pull_reboot(NoParams())


def _settings(answer: Answer | None) -> dict[str, str]:
    """Settings as a device reads them; none in what is no good answer."""
    lines = answer.body.decode("utf-8", "replace").split("\n") if answer and answer.status == 200 else []
    return {name: value for name, sign, value in (line.partition("=") for line in lines) if sign}


def _unpacked(seconds: int) -> datetime:
    """A time as ZKTeco packs it (appendix 6)."""
    days, rest = divmod(seconds, 86400)
    months, day = divmod(days, 31)
    year, month = divmod(months, 12)
    return datetime(2000 + year, month + 1, day + 1) + timedelta(seconds=rest)  # noqa: DTZ001 - a device's clock is naive
