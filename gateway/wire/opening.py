"""Opens a wire by the scheme of its address."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from gateway.wire.rfc2217 import open_rfc2217
from gateway.wire.serial import open_serial
from gateway.wire.stream import StreamLink
from gateway.wire.tcp import open_tcp
from gateway.wire.udp import open_udp

OPENERS: dict[str, Callable[[str], AbstractAsyncContextManager[StreamLink]]] = {
    "tcp": open_tcp,
    "serial": open_serial,
    "rfc2217": open_rfc2217,
}


def open_wire(address: str, *, again_s: float | None = None) -> AbstractAsyncContextManager[StreamLink]:
    """Open `tcp://` `udp://` `serial://` or `rfc2217://`. Raises DeviceOffline. `again_s`: see `open_udp`."""
    scheme = address.partition(":")[0]
    return open_udp(address, again_s=again_s) if scheme == "udp" else OPENERS[scheme](address)
