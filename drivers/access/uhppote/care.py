"""What must hold on a controller, and is set again where it does not: where it pushes to, that doors are logged."""

from ipaddress import IPv4Address

from drivers.access.uhppote.codec.box import (
    GetListener,
    Listener,
    ListenerSet,
    RecordSpecialEvents,
    SetListener,
    SpecialEventsRecorded,
)
from drivers.access.uhppote.codec.doors import Door, GetDoor
from drivers.access.uhppote.codec.log import Status
from drivers.access.uhppote.config import LISTENER, UhppoteConfig
from drivers.access.uhppote.points import DELAY, MODES, reading
from drivers.access.uhppote.wire import Wire
from gateway.core.access import DOORS_LOGGED
from gateway.core.contract import DeviceContext
from gateway.core.model import Reading

ARMED_S = 3600.0
"""How often door events are switched on though nothing says that they are off: that cannot be asked."""


class Care:
    """The settings of one controller."""

    def __init__(self, config: UhppoteConfig, context: DeviceContext, wire: Wire) -> None:
        self._config, self._context, self._wire = config, context, wire
        self._armed_at: float | None = None
        self._armed = False
        self._before: Status | None = None
        self.directed = False
        """Whether it pushes to us."""

    def begin(self) -> None:
        """It may have forgotten everything."""
        self._armed_at = self._before = None

    def notice(self, status: Status) -> None:
        """A door that moves without an event says that door events are off."""
        before, self._before = self._before, status
        if before and before.index == status.index and before.open != status.open:
            self._armed_at = None

    async def look_after(self) -> list[Reading]:
        """Set what must hold; gives whether it does. How the locks are run is told as soon as each has been asked: a
        door may be run otherwise before the next one has answered. Raises DeviceOffline.
        """
        if self._config.listener is not None:
            await self._direct(self._config.listener)
        await self._arm()
        for door in self._config.doors:
            self._context.publish(*await self._door(door.number, door.id))
        return [reading(None, DOORS_LOGGED.name, self._armed)]

    async def _door(self, number: int, part: str) -> list[Reading]:
        """How one lock is run."""
        found = await self._wire.ask(GetDoor(door=number), Door, fits=lambda door: door.door == number)
        mode = {int(code): mode for code, mode in MODES.items()}.get(found.mode)
        return [reading(part, "mode", mode), reading(part, DELAY.name, found.delay)]

    async def _arm(self) -> None:
        """Have it log doors and buttons."""
        now = self._context.clock.monotonic()
        if self._armed_at is not None and now - self._armed_at < ARMED_S:
            return
        self._armed = (await self._wire.ask(RecordSpecialEvents(on=True), SpecialEventsRecorded)).ok
        self._armed_at = now if self._armed else None

    async def _direct(self, listener: str) -> None:
        """Have it push to us. Where it does not, it may have forgotten more."""
        found = LISTENER.fullmatch(listener)
        if found is None or await self._pushes_to(IPv4Address(found[1]), int(found[2])):
            return
        self._armed_at = None
        wanted = SetListener(address=IPv4Address(found[1]), port=int(found[2]), interval=0)
        await self._wire.ask(wanted, ListenerSet)
        await self._pushes_to(wanted.address, wanted.port)

    async def _pushes_to(self, address: IPv4Address, port: int) -> bool:
        told = await self._wire.ask(GetListener(), Listener)
        self.directed = (told.address, told.port) == (address, port)
        return self.directed
