"""`hall-gateway demo`: the whole hall on simulators, in one command."""

import asyncio
import secrets
import socket
import statistics
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from gateway import app
from gateway.client import Client, connect
from gateway.core.errors import GatewayError
from gateway.demo import staff
from gateway.demo.broker import Broker, broker, child
from gateway.demo.levers import Levers, levers
from gateway.demo.people import Queue
from gateway.journal.key import make_key
from gateway.journal.verify import verify
from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from gateway.sections import load_site
from gateway.shipped import shipped
from gateway.site.model import Site
from gateway.supervisor.guard import alone

SEED = 238
BROKEN = "led-13"
HALL = (
    "fourteen screens of six kinds work (four on one serial line, two in the waiting areas), a spare one is broken; "
    "a ticket printer and the officers' pads stand beside them"
)
DOORS = "the staff come and go; one door is forced, one is held open: look at the alarms"


async def demo(*, for_s: float | None, port: int, broker_name: str, say: Callable[[str], None]) -> None:
    """Run the demo for `for_s` seconds, or until cancelled. Raises GatewayError when a part does not start."""
    with TemporaryDirectory(prefix="hall-demo-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(broker(folder, broker_name))
            twins = folder / "demo.sim.yaml"
            await stack.enter_async_context(child(_simulate(twins, folder), folder / "simulators.log"))
            pulled = await stack.enter_async_context(levers(folder / "simulators.log"))
            own = _overlay(folder, found, port)
            site = load_site(shipped("demo.yaml"), twins, own)
            tokens = Tokens(folder / "tokens.json")
            token = tokens.new("demo", Role.ADMIN)
            await pulled.pull(BROKEN, "mute")
            told = f"{_pages(site, tokens)}\n{_broker(found, folder)}\nlevers    {pulled.url}"
            await _open(site, pulled, token, told, for_s, say)
        if for_s is not None:
            say(_verdict(folder))


async def _open(
    site: Site, pulled: Levers, token: str, told: str, for_s: float | None, say: Callable[[str], None]
) -> None:
    """Open the hall: gateway and queue, until the time is over. `told` are the lines that tell of the others."""
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    gateway = asyncio.create_task(app.run(site, started=started.set_result))
    try:
        either: set[asyncio.Future[Any]] = {gateway, started}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            await gateway
        url = await started
        say(f"console   {url}/#token={token}\nAPI       {url}/api/v1   (Authorization: Bearer {token})")
        program = Path(sys.executable).with_name("hall-gateway")
        say(f"CLI       export HALL_TOKEN={token}; {program} devices --url {url}\n{told}")
        say(f"doors     {', '.join(door.name for door in site.sections['doors'])}: {DOORS}")
        say(f"{HALL}; Ctrl-C ends the demo")
        async with connect(url, token) as client:
            windows = [window.id for window in site.sections["windows"]]
            queue = Queue(client, windows, seed=SEED, run=f"{datetime.now().astimezone():%H%M%S}")
            try:
                with alone():
                    async with asyncio.timeout(for_s), asyncio.TaskGroup() as group:
                        group.create_task(queue.live())
                        group.create_task(staff.Staff(client, pulled, seed=SEED).live())
            except TimeoutError:
                say(f"{await _summary(client, queue)}\n{await staff.told(client, site.sections['doors'])}")
    finally:
        gateway.cancel()
        await asyncio.wait({gateway})


async def _summary(client: Client, queue: Queue) -> str:
    """What happened: calls, and how fast the screens acknowledged them."""
    waits_ms: list[float] = []
    for call_id in queue.calls[-200:]:
        call = await client.get(f"/calls/{call_id}")
        waits_ms += [_wait_ms(call, screen) for screen in call["screens"].values() if screen.get("acked_at")]
    devices = (await client.get("/devices"))["devices"]
    online = sum(device["status"] == "online" for device in devices)
    alarms = (await client.get("/alarms"))["alarms"]
    told = ", ".join(alarm["id"] for alarm in alarms) or "none"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(queue.kinds.items()))
    speed = f"median {statistics.median(waits_ms):.1f}, slowest {max(waits_ms):.1f} ms" if waits_ms else "none shown"
    screens = f"summary   {online} of {len(devices)} devices online; {kinds}; call to acknowledged screen: {speed}"
    return f"{screens}\nalarms    {told}"


def _wait_ms(call: Any, screen: Any) -> float:
    waited = datetime.fromisoformat(screen["acked_at"]) - datetime.fromisoformat(call["accepted_at"])
    return waited.total_seconds() * 1000


def _verdict(folder: Path) -> str:
    url = f"sqlite:///{folder / 'hall.db'}"
    key = bytes.fromhex((folder / "journal.key").read_text())
    verdict = verify(url, key=key, anchors=[folder / "hall.db.anchors"])
    if not verdict.ok:
        raise GatewayError(f"the journal is broken: {verdict.what}")
    return f"journal   {verdict.what}"


def _simulate(overlay: Path, folder: Path) -> list[str]:
    program = [sys.executable, "-P", "-m", "gateway.cli", "simulate", str(shipped("demo.yaml"))]
    base = f"127.{secrets.randbelow(100) + 100}.0.1"  # two demos on one machine do not meet
    with socket.create_server(("127.0.0.1", 0)) as free:
        field = f"127.0.0.1:{free.getsockname()[1]}"
    tokens = str(folder / "tokens.json")
    more = ["--control", "0", "--base", base, "--field", field, "--tokens", tokens]
    return [*program, "--overlay", str(overlay), *more]


def _pages(site: Site, tokens: Tokens) -> str:
    """The addresses of the waiting-area pages, for whoever wants to look at one in a browser of their own."""
    shown = [summary.device for summary in site.sections["screens"]]
    keys = {screen: tokens.new(f"to look at {screen}", Role.SCREEN, screen=screen) for screen in shown}
    field = site.general.http.field
    return "\n".join(f"waiting   http://{field}/screens/{screen}?key={key}" for screen, key in keys.items())


def _broker(found: Broker, folder: Path) -> str:
    who = f"user {found.username}, password in {_password(folder)}" if found.password else "without a password"
    return f"MQTT      {found.url}   {who}"


def _password(folder: Path) -> Path:
    return folder / "mqtt.password"


def _overlay(folder: Path, found: Broker, port: int) -> Path:
    """What the demo adds to its site file: store, broker, listener, tokens, all in the temporary folder."""
    make_key(folder / "journal.key")
    mqtt: dict[str, Any] = {"url": found.url, "protocol": found.protocol, "username": found.username}
    if found.password is not None:
        secret = _password(folder)
        secret.touch(mode=0o600)
        secret.write_text(found.password)
        mqtt["password"] = {"file": str(secret)}
    own = {
        "store": {"url": f"sqlite:///{folder / 'hall.db'}", "key": {"file": str(folder / "journal.key")}},
        "mqtt": mqtt,
        "http": {"console": f"127.0.0.1:{port}"},
        "people": {"tokens": str(folder / "tokens.json")},
    }
    path = folder / "demo.overlay.yaml"
    path.write_bytes(msgspec.json.encode(own))
    return path
