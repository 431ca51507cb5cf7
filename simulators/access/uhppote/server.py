"""The wire of a simulated controller, UDP and TCP on one port, and its levers.

What is malformed, or for another serial number, is ignored; what it cannot do is refused.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from drivers.access.uhppote.codec.box import Done, RestoreDefaults, SetListener
from drivers.access.uhppote.codec.doors import Control, SetDoor
from drivers.access.uhppote.codec.log import EventRecord
from drivers.access.uhppote.codec.packet import Decoder, Message, Noise, Packet, whole
from drivers.access.uhppote.config import UhppoteConfig
from gateway.core.twin import Lever
from simulators.access.uhppote import happening, params
from simulators.access.uhppote.answers import FUNCTIONS, answer
from simulators.access.uhppote.flash import PASSING, replay
from simulators.access.uhppote.push import Push
from simulators.access.uhppote.ring import Ring
from simulators.access.uhppote.state import Board
from simulators.faults import NoParams, lever
from simulators.keep import Keep
from simulators.tcp import Answer
from simulators.udp import UdpTwin


class UhppoteTwin(UdpTwin[UhppoteConfig]):
    """A controller of four doors, whatever the site file says of them."""

    config_type = UhppoteConfig

    def __init__(self, config: UhppoteConfig) -> None:
        super().__init__(config, misaddress=_misaddressed)
        self.board = Board(config.serial, config.timezone)
        self.push = Push(self.board)
        self._neighbours: dict[int, Board] = {}
        self._packets: Counter[str] = Counter(answered=0, ignored=0, reboots=0)
        self._refusals = 0
        self._quiet = False
        self._ticked = self.board.time
        self._keep = Keep(config.id, bytes)
        replay(self.board, self._keep.records())
        self.board.told = self._tell

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        async with super(UdpTwin, self).serve(host, port) as bound, super().serve(host, bound):
            loop = asyncio.get_running_loop()
            sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(host, 0))
            self.push.send = sender.sendto
            self.push.again()
            try:
                yield bound
            finally:
                self.push.stop()
                self.push.send = None
                sender.close()

    def answers(self) -> Answer:
        return partial(self._over_tcp, Decoder())

    def levers(self) -> Mapping[str, Lever]:
        pulls: dict[str, tuple[Any, Callable[[Any], None]]] = {
            "swipe": (params.Swipe, self._swipe),
            "code": (params.TypeCode, lambda given: self._do(happening.type_code, given.code, given.door)),
            "open": (params.Open, lambda given: self._do(happening.push_open, given.door)),
            "force": (params.Force, lambda given: self._do(happening.force, given.door)),
            "hold": (params.Hold, self._hold),
            "close": (params.Close, lambda given: self._do(happening.shut, given.door)),
            "button": (params.Button, lambda given: self._do(happening.press, given.door)),
            "fire": (params.Fire, lambda given: happening.burn(self.board, on=given.on)),
            "force_lock": (params.ForceLock, lambda given: happening.lock_all(self.board, on=given.on)),
            "fill": (params.Fill, self._fill),
            "capacity": (params.Capacity, self._resize),
            "refuse_next": (params.RefuseNext, self._refuse_next),
            "no_door_events": (params.NoDoorEvents, self._log_doors),
            "fault": (params.Fault, lambda given: setattr(self.board, "error", given.number)),
            "push_loss": (params.PushLoss, self.push.lose),
            "firmware": (params.Firmware, lambda given: setattr(self.push, "old_firmware", given.v6_62)),
            "neighbour": (params.Neighbour, self._neighbour),
            "restore_defaults": (NoParams, self._restore),
            "reboot": (params.Reboot, self._reboot),
        }
        own = {name: lever(form, pull) for name, (form, pull) in pulls.items()}
        return {**super().levers(), **self.board.clock.levers(), **own}

    def power_lost(self) -> None:
        """Its log and its settings stay."""
        self._packets["reboots"] += 1

    def seen(self) -> Mapping[str, Any]:
        board = self.board
        doors = {
            str(number): {
                "open": door.open,
                "unlocked": board.unlocked(number),
                "mode": Control(door.mode).name.lower(),
                "released": door.released,
            }
            for number, door in board.doors.items()
        }
        return {
            "doors": doors,
            "fire": board.fire,
            "force_lock": board.force_lock,
            "cards": len(board.cards),
            "log": {"oldest": board.ring.oldest, "newest": board.ring.newest},
            "clock": board.time.isoformat(),
            "listener": f"{board.listener.address}:{board.listener.port}",
            "special_events": board.special_events,
            "pushed": self.push.sent,
            "packets": dict(self._packets),
        }

    def _heard(self, data: bytes) -> list[bytes]:
        """A datagram is one packet, or none."""
        return [] if self.down else list(self._replies([whole(data)]))

    def _over_tcp(self, decoder: Decoder, data: bytes) -> Iterator[bytes]:
        return self._replies(decoder.feed(data))

    def _replies(self, packets: Iterable[Packet | Noise]) -> Iterator[bytes]:
        for found in packets:
            self._tick()
            replies = [reply for board in self._boards() if (reply := answer(board, found, self._refuses))]
            self._packets["answered" if replies else "ignored"] += 1
            if replies and isinstance(found, Packet) and found.serial == self.board.serial:
                self._obeyed(found, replies[0])
            yield from replies

    def _boards(self) -> list[Board]:
        return [self.board, *self._neighbours.values()]

    def _refuses(self) -> bool:
        """Whether an order is refused; it is counted."""
        refuses = self._refusals > 0
        self._refusals = max(0, self._refusals - 1)
        return refuses

    def _obeyed(self, order: Packet, reply: bytes) -> None:
        """Keep what an order has changed."""
        function = FUNCTIONS[order.function]
        if function.question is SetListener:
            self.push.again()
        is_order = function.question is SetDoor or (function.answer is not None and issubclass(function.answer, Done))
        if is_order and reply[8] and order.function not in PASSING:
            self._keep.write(order.data)

    def _tell(self, record: EventRecord) -> None:
        if self._keep.on:
            self._keep.write(record.wire(self.board.serial))
        if not self._quiet:
            self.push.newest()

    def _tick(self) -> None:
        """Do what its schedule wants done since it was looked at last."""
        since, self._ticked = self._ticked, self.board.time
        happening.run_tasks(self.board, since, self._ticked)

    def _do(self, what: Callable[..., object], *given: Any) -> None:
        self._tick()
        what(self.board, *given)

    def _swipe(self, given: params.Swipe) -> None:
        self._tick()
        passed = happening.swipe(self.board, given.card, given.door, out=given.out, pin=given.pin)
        if passed and given.through:
            happening.push_open(self.board, given.door)
            happening.shut(self.board, given.door)

    def _hold(self, given: params.Hold) -> None:
        self._do(happening.push_open, given.door)
        asyncio.get_running_loop().call_later(given.after_s, happening.held, self.board, given.door)

    def _fill(self, given: params.Fill) -> None:
        self._quiet = True
        for number in range(given.count):
            happening.swipe(self.board, 1 + number % 60_000, given.door)
        self._quiet = False

    def _resize(self, given: params.Capacity) -> None:
        if self.board.ring.newest:
            raise ValueError("the log has events: restore the defaults first")
        self.board.ring = Ring(given.events, given.block)

    def _refuse_next(self, given: params.RefuseNext) -> None:
        self._refusals = given.count

    def _log_doors(self, given: params.NoDoorEvents) -> None:
        self.board.can_log_doors = not given.on
        self.board.special_events &= self.board.can_log_doors

    def _neighbour(self, given: params.Neighbour) -> None:
        self._neighbours[given.serial] = Board(given.serial, self.config.timezone)

    def _restore(self, _: NoParams) -> None:
        """Everything is forgotten: cards, log, listener, settings. Its log begins at 1 again."""
        self._replies_to_nobody(RestoreDefaults())

    def _replies_to_nobody(self, order: Message) -> None:
        for _ in self._replies([whole(order.wire(self.board.serial))]):
            continue

    def _reboot(self, given: params.Reboot) -> None:
        self.power_lost()
        happening.restart(self.board)
        self.hang_up(given.down_s)


def _misaddressed(reply: bytes) -> bytes:
    """The same answer from the controller with the next serial number."""
    return reply[:4] + ((int.from_bytes(reply[4:8], "little") + 1) & 0xFFFFFFFF).to_bytes(4, "little") + reply[8:]
