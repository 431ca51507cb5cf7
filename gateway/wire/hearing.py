"""A wire on which the device speaks first: what it says is held until it is taken."""

import asyncio

from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink

MOST_HELD = 65_536
"""Bytes: far more than any such device says while its last words are on their way to the disk."""


class Hearing:
    """See `core.contract.Stream`. `lost` gets its exception as soon as the wire breaks."""

    def __init__(self, wire: StreamLink) -> None:
        self.lost = wire.lost
        self._wire, self._held = wire, bytearray()
        self._something = asyncio.Event()
        wire.receive = self._hear
        wire.lost.add_done_callback(lambda _: self._something.set())

    async def receive(self) -> bytes:
        """See `core.contract.Stream.receive`. What came before the wire was lost is given first."""
        while not self._held:
            if self.lost.done():
                self.lost.result()
            self._something.clear()
            await self._something.wait()
        data = bytes(self._held)
        self._held.clear()
        return data

    def send(self, data: bytes) -> None:
        """See `core.contract.Stream.send`."""
        self._wire.write(data)

    def _hear(self, data: bytes) -> None:
        self._held += data
        self._something.set()
        if len(self._held) > MOST_HELD and not self.lost.done():
            self.lost.set_exception(DeviceOffline(f"{self._wire.name} says more than anybody takes"))
            self.lost.exception()  # looked at, as a loss that nobody waits for
            self._wire.abort()
