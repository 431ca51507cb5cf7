"""A small hall in the test's own process: real journal, hub, services and listeners; boards instead of real devices."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
from child import free_port
from doorhall import BoxConfig, DoorBox
from stores import stores

from drivers.shared.image import Panel
from gateway import registry
from gateway.alarms.config import AlarmsConfig
from gateway.alarms.service import Alarms
from gateway.calls.config import CallsConfig, SummaryConfig, WindowConfig
from gateway.calls.service import Calls
from gateway.calls.voice_config import AreaConfig
from gateway.clock import SystemClock
from gateway.commands import Commands
from gateway.core.config import DeviceConfig
from gateway.core.contract import Driver, convert
from gateway.core.errors import CommandRejected
from gateway.core.model import Command, Identity, Part, PartKind, Picture, Point, Reading, Surface, Verb
from gateway.core.screen import Show
from gateway.doors.config import DoorConfig
from gateway.doors.service import Doors
from gateway.hub import Hub
from gateway.journal.journal import open_journal
from gateway.meters import Meters
from gateway.people.persons import Persons
from gateway.people.pseudonyms import Pseudonyms
from gateway.people.rights import Role
from gateway.people.service import People
from gateway.people.tokens import Tokens
from gateway.site.model import General, InForce, Site, SiteInfo, Zone
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.web.exposition import Exposition
from gateway.web.openapi import statuses
from gateway.web.route import Listener, Route
from gateway.web.routes import ROUTES
from gateway.web.server import serve
from gateway.web.services import Services
from gateway.wire.inlet import Inlets

FoundT = TypeVar("FoundT")
LONGEST = 8  # characters that a board can show


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `press`."""

    times: int = 1


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


SHOW = Verb(name="show", meaning="show a text", params=Show, desired=True, confirms=False)
WRITE = Verb(name="write", meaning="as show, for a person", params=Show, desired=True, confirms=False)
PRESS = Verb(name="press", meaning="press the red button", params=Press, dangerous=True)
HOLD = Verb(name="hold", meaning="take long", params=Nothing)
TEXT = (Point("text", "text", "what it shows"), Point("colour", "text", "its colour"))


class BoardConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A board, in halves where it has them."""

    halves: tuple[str, ...] = ()


class Board(Driver[BoardConfig]):
    """A board without a wire: it shows what it is told."""

    config_type = BoardConfig

    def __init__(self, config: BoardConfig, context: Any) -> None:
        super().__init__(config, context)
        self.shown: dict[str | None, Show] = {}
        self.let_go = asyncio.Event()
        self.pictures = 0

    def surface(self) -> Surface:
        if self.config.halves:
            return Surface(kinds={"half": PartKind(points=TEXT, verbs=(SHOW, WRITE))})
        return Surface(device=PartKind(points=TEXT, verbs=(SHOW, WRITE, PRESS, HOLD)))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        parts = tuple(Part(half, "half", half.title()) for half in self.config.halves)
        yield Identity(model="board", firmware="1.0", serial="0042", parts=parts)

    async def execute(self, command: Command) -> Mapping[str, Any]:
        if command.verb in ("show", "write"):
            show = self.shown[command.part] = convert(Show, command.params)
            self.context.publish(Reading(command.part, "text", show.text), Reading(command.part, "colour", show.colour))
        if command.verb == "hold":
            await self.let_go.wait()
        return {"done": command.verb}

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        super().check(verb, part, params)
        if len(str(params.get("text", ""))) > LONGEST:
            raise CommandRejected(f"{self.config.id} has room for {LONGEST} characters")

    def picture(self, part: str | None) -> Picture | None:
        self.pictures += 1
        if part not in self.shown:
            return None
        panel = Panel(64, 16)
        panel.write([(character, self.shown[part].colour) for character in self.shown[part].text], wrap=False)
        return Picture(256, 64, panel.png())


OWN: Mapping[type[DeviceConfig], type[Driver[Any]]] = {BoardConfig: Board, BoxConfig: DoorBox}
"""The drivers that no entry point names."""


async def until(ask: Callable[[], Awaitable[FoundT]], good: Callable[[FoundT], bool], within_s: float = 5) -> FoundT:
    """Ask until the answer is good; gives it. Fails with the last answer when that takes too long."""
    end = asyncio.get_running_loop().time() + within_s
    while not good(found := await ask()):
        assert asyncio.get_running_loop().time() < end, f"the last answer was {found!r}"
        await asyncio.sleep(0.01)
    return found


class Answer(NamedTuple):
    """What the gateway answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """The sentence of a problem."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        assert (self.json["type"], self.json["status"]) == ("about:blank", self.status)
        return str(self.json["detail"])


class WebHall:
    """A hall that serves. Every answer to `ask` is held against the table of routes."""

    def __init__(self, services: Services, session: aiohttp.ClientSession, url: str, field: str) -> None:
        self.services, self.session, self.url, self.field = services, session, url, field
        self.queue = services.tokens.new("queue-system", Role.QUEUE)
        self.admin = services.tokens.new("boss", Role.ADMIN)

    async def ask(self, method: str, path: str, body: Any = None, *, who: str | None = "admin", **more: Any) -> Answer:
        """One request, as JSON unless `data` is given; `who` is "admin", "queue" or a token, None a browser."""
        known = {"admin": self.admin, "queue": self.queue}
        headers = {"Authorization": f"Bearer {known.get(who, who)}"} if who else {}
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body
        base = self.field if path.startswith(("/inlet", "/iclock/", "/screens/")) else self.url
        async with self.session.request(
            method, base + path, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(10), **more
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        _as_declared(method, path.partition("?")[0], answer)
        return answer

    async def get(self, path: str, who: str = "admin") -> Any:
        """What the API tells an admin, or another; fails unless 200."""
        answer = await self.ask("GET", f"/api/v1{path}", who=who)
        assert answer.status == 200, answer
        return answer.json

    async def call(self, call_id: str, window: str = "w01", ticket: str | None = "A001", **more: Any) -> Answer:
        """Call a number as the queue system does."""
        body = {"call_id": call_id, "window": window, "ticket": ticket, **more}
        return await self.ask("POST", "/api/v1/calls", body, who="queue")

    def token(self, role: Role, *zones: str) -> str:
        """A token of a role, of some zones or of the whole hall."""
        return self.services.tokens.new(f"{role} {len(self.services.tokens.entries())}", role, zones=zones or None)

    def board(self, device: str) -> Board:
        """The driver of a device."""
        board = self.services.lives[device].driver
        assert isinstance(board, Board)
        return board

    @asynccontextmanager
    async def online(self, *devices: str) -> AsyncGenerator[None]:
        """Let devices live meanwhile."""
        ups = [asyncio.Event() for _ in devices]
        lives = [self.services.lives[device] for device in devices]
        tasks = [asyncio.create_task(life.run(up.set)) for life, up in zip(lives, ups, strict=True)]
        try:
            for up in ups:
                await asyncio.wait_for(up.wait(), 5)
            yield
        finally:
            await _end(tasks)


def _as_declared(method: str, path: str, answer: Answer) -> None:
    """The status, the media type and the form of every answer are those of the table."""
    route = _route(method, path)
    if route is None or route.listeners == (Listener.FIELD,) or answer.status == 500:
        return
    assert answer.status in (*route.answers, *statuses(route)), answer
    if answer.status not in route.answers:
        return
    declared = route.answers[answer.status]
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if isinstance(declared, str):
        assert declared in ("*/*", media_type)
        return
    assert media_type == "application/json"
    assert msgspec.to_builtins(msgspec.json.decode(answer.body, type=declared)) == answer.json


def _route(method: str, path: str) -> Route | None:
    for route in ROUTES:
        pattern = re.sub(r"\{\w+\}", "[^/]+", re.sub(r"\{\w+:(.*)\}", r"(?:\1)", route.path))
        if route.method == method and re.fullmatch(pattern, path):
            return route
    return None


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=5)


def _general(name: str, devices: Sequence[DeviceConfig]) -> General:
    zones = sorted({device.zone for device in devices if device.zone})
    return General(site=SiteInfo(id="test", name=name), zones=[Zone(id=zone, name=zone) for zone in zones])


@asynccontextmanager
async def web_hall(
    folder: Path,
    *,
    devices: Sequence[DeviceConfig],
    windows: Sequence[WindowConfig],
    summaries: Sequence[SummaryConfig] = (),
    areas: Sequence[AreaConfig] = (),
    doors: Sequence[DoorConfig] = (),
    name: str = "测试中心",
) -> AsyncGenerator[WebHall]:
    """A hall with these devices, none of them online, and these windows."""
    clock, meters = SystemClock(), Meters()
    async with AsyncExitStack() as stack:
        opened = open_journal(stores.url(folder), site="test", key=bytes(32), clock=clock, anchors=folder / "anchors")
        journal = await stack.enter_async_context(opened)
        inlets = Inlets(lambda reason: meters.dropped.labels(reason).inc())
        house = House(hub=Hub(clock), journal=journal, inlets=inlets, clock=clock, meters=meters)
        kinds = {each.id: OWN[type(each)] if type(each) in OWN else registry.driver(each.driver) for each in devices}
        lives = {config.id: Life(config, kinds[config.id], house) for config in devices}
        zone = ZoneInfo("Asia/Shanghai")
        calls = Calls(windows, CallsConfig(), zone=zone, lives=lives, house=house, summaries=summaries, areas=areas)
        await calls.restore([])
        door_service = Doors(lambda: doors, zone=zone, lives=lives, house=house)
        services = Services(
            in_force=InForce(Site(folder / "site.yaml", _general(name, devices), list(devices), {})),
            house=house,
            lives=lives,
            calls=calls,
            doors=door_service,
            commands=Commands(lives, house, calls.targets, door_service.targets, guard=door_service.targets.guard),
            people=People(Tokens(folder / "tokens.json"), journal, clock=clock, meters=meters),
            persons=Persons(journal, Pseudonyms(bytes(32), "test"), clock),
            alarms=Alarms(AlarmsConfig(), house),
            exposition=Exposition(house.hub),
            version="0.0.0",
            started_at=datetime.now(UTC),
        )
        service = asyncio.create_task(calls.run(lambda: None))
        stack.push_async_callback(_end, [service, asyncio.create_task(door_service.run(lambda: None))])
        field = f"127.0.0.1:{free_port()}"
        url = await stack.enter_async_context(serve(services, console="127.0.0.1:0", field=field))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield WebHall(services, session, url, f"http://{field}")
