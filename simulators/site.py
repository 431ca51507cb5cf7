"""Where the boxes of a site listen: each on its own address, or together on their line."""

import errno
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from ipaddress import IPv4Address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gateway.core.address import WEB_PORTS, Port, serial_port
from gateway.core.config import DeviceConfig
from gateway.core.errors import GatewayError, NotSupported
from gateway.core.twin import Twin
from simulators.tcp import TcpTwin
from simulators.wires import serve_pty, serve_raw


class AddressTaken(GatewayError):
    """Somebody listens there already."""


@contextmanager
def taken(address: str, option: str) -> Generator[None]:
    """Say who probably holds an address, and which option gives another."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        why = "another `simulate` probably holds it: stop that one, or give this one other addresses with"
        raise AddressTaken(f"{address} is in use already; {why} {option}") from error


class Addresses(NamedTuple):
    """Where the simulated devices and lines are, by id. A device on a line keeps its address."""

    devices: dict[str, str]
    lines: dict[str, str]


@asynccontextmanager
async def served(
    twins: Mapping[str, Twin[Any]], lines: Sequence[tuple[str, str]], *, base: str, port: int | None
) -> AsyncGenerator[Addresses]:
    """Serve everything until left. `lines` are ids and addresses; see `serve_all` for the others.

    Serial ports become pseudo-terminals of the same speed; a line at a serial server becomes a TCP port, at 9600 baud
    where its address does not tell; `https` becomes `http`, since nobody vouches for a twin. Raises NotSupported
    for a box that cannot be on a bus, AddressTaken, OSError.
    """
    async with AsyncExitStack() as stack:
        found = Addresses({}, {})
        hosts = iter(range(len(twins) + len(lines)))

        async def put(address: str, on_it: Sequence[Twin[Any]]) -> str:
            host = str(IPv4Address(base) + next(hosts))
            tcp_port = real_port(address) if port is None else port
            with taken(f"{host}:{tcp_port}" if tcp_port else host, "--base"):
                return await stack.enter_async_context(_wire(address, on_it, host, tcp_port))

        for name, twin in twins.items():
            if twin.config.line is None:
                found.devices[name] = await put(_address(twin.config), [twin])
        for name, address in lines:
            found.lines[name] = await put(address, [twin for twin in twins.values() if twin.config.line == name])
        yield found


@asynccontextmanager
async def _wire(address: str, twins: Sequence[Twin[Any]], host: str, tcp_port: int) -> AsyncGenerator[str]:
    """One wire as its address has it; gives the address that it has here."""
    scheme = address.partition(":")[0]
    alone = twins[0] if len(twins) == 1 else None
    if scheme == "serial":
        async with serve_pty([_on_a_bus(twin) for twin in twins], serial_port(address)) as path:
            yield f"serial://{path}{address[address.find('?') :] if '?' in address else ''}"
    elif scheme in ("tcp", "udp", *WEB_PORTS) and alone is not None and alone.config.line is None:
        async with alone.serve(host, tcp_port) as bound:
            yield f"{'http' if scheme in WEB_PORTS else scheme}://{host}:{bound}"
    else:
        speed = serial_port(address) if scheme == "rfc2217" else Port()
        boxes = [_on_a_bus(twin) for twin in twins]
        async with serve_raw(boxes, speed, host=host, tcp_port=tcp_port) as bound:
            yield f"tcp://{host}:{bound}"


def _on_a_bus(twin: Twin[Any]) -> TcpTwin[Any]:
    if not isinstance(twin, TcpTwin):
        raise NotSupported(f"{twin.config.id}: the simulator of {twin.config.driver} cannot be on a serial line")
    return twin


def _address(config: DeviceConfig) -> str:
    return str(config.model_dump()["address"])


def real_port(address: str) -> int:
    """The port of an address, out of the range that needs privileges; 0 where it has none."""
    parts = urlsplit(address)
    port = parts.port or WEB_PORTS.get(parts.scheme, 0)
    return port if port >= 1024 or not port else port + 10000
