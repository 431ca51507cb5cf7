"""A simulated controller, and the public client uhppoted, in all its four ways, that asks it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from typing import Any, NamedTuple

from drivers.access.uhppote.config import UhppoteConfig
from simulators.access.uhppote.server import UhppoteTwin

structs: Any = import_module("uhppoted.structs")  # it has no types
errors: Any = import_module("uhppoted.errors")
uhppote: Any = import_module("uhppoted.uhppote")
uhppote_async: Any = import_module("uhppoted.uhppote_async")
CLIENTS = {"sync": uhppote.Uhppote, "async": uhppote_async.UhppoteAsync}
WAYS = [(kind, wire) for kind in CLIENTS for wire in ("udp", "tcp")]
SERIAL, CARD = 405419896, 8165538
FROM, TO = date(2026, 1, 1), date(2027, 12, 31)
WEEK = (True, False, True, False, True, False, False)
Ask = Callable[..., Awaitable[Any]]


class Hall(NamedTuple):
    """A simulated controller, and the client that asks it."""

    twin: UhppoteTwin
    ask: Ask

    def pull(self, lever: str, **params: Any) -> None:
        self.twin.levers()[lever](params)


def twin_of(serial: int = SERIAL) -> UhppoteTwin:
    section = {"id": "box", "driver": "access.uhppote", "address": "udp://127.0.0.1:1", "serial": serial, "doors": 4}
    return UhppoteTwin(UhppoteConfig.model_validate(section))


def client(kind: str, port: int, listen: int = 0) -> Any:
    """The client of that kind; what it broadcasts goes to `port` of the loopback."""
    return CLIENTS[kind]("127.0.0.1", f"127.0.0.1:{port}", f"127.0.0.1:{listen}")


@asynccontextmanager
async def asked(kind: str, wire: str) -> AsyncGenerator[Hall]:
    """A controller that is asked by that client over that wire."""
    twin = twin_of()
    async with twin.serve("127.0.0.1", 0) as port:
        made = client(kind, port)

        async def ask(what: str, *given: Any) -> Any:
            to, method = (SERIAL, f"127.0.0.1:{port}", wire), getattr(made, what)
            if kind == "async":
                return await method(to, *given, timeout=2.0)
            return await asyncio.to_thread(method, to, *given, timeout=2.0)

        yield Hall(twin, ask)
