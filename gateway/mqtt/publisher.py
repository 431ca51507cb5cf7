"""The MQTT outlet: all that is retained after every connect and when it changes, and the journal, in order, as events.

The journal is the outbox: its cursor moves only past what the broker has acknowledged. After an outage the rows behind
the cursor are sent again: an event may come twice, but none is left out, and their order is kept.
"""

import asyncio
from contextlib import suppress

from gateway.calls.service import Calls
from gateway.core.errors import JournalError
from gateway.mqtt import topics
from gateway.mqtt.broker import Broker
from gateway.mqtt.client import Link
from gateway.mqtt.inbox import Inbox
from gateway.site.model import MqttConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, alone

CURSOR = "outlet/mqtt"
PAGE = 100  # rows read at once, and acknowledged before the next
MOVE_S = 0.05  # at least, between two commits of the cursor: the disk is for events
HEARTBEAT_S = 60.0  # at most, between two messages of one retained topic


class MqttOutlet:
    """`run` is one connection's life; `guard` starts the next."""

    def __init__(self, config: MqttConfig, *, site: str, version: str, house: House, calls: Calls) -> None:
        self._house, self._topics = house, topics.Topics(site)
        self._inbox = Inbox(self._topics, calls, house.meters)
        self._online = topics.online(version, house.clock.now())
        will = (self._topics.gateway, topics.OFFLINE)
        self._broker = Broker(config, client_id=f"hall-gateway-{site}", will=will)
        self._delivered = 0
        self._moved = asyncio.Event()
        house.meters.outlet_lag.labels("mqtt").set_function(self._lag)

    async def run(self, up: Up) -> None:
        """Connect, deliver and receive until something fails. Raises BrokerOffline, AuthFailed, JournalError."""
        self._delivered = max(self._delivered, int(await self._house.journal.cursor(CURSOR) or 0))
        with alone():
            async with self._broker.connected() as link, asyncio.TaskGroup() as group:
                link.on_drop = self._house.meters.dropped.labels("mqtt.overflow").inc
                group.create_task(link.lost())
                await self._greet(link)
                up()
                for work in (self._retained(link), self._events(link), self._keep(), self._inbox.run(link)):
                    group.create_task(work)
                await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010

    async def _greet(self, link: Link) -> None:
        greeting = await link.send(self._topics.gateway, self._online, retain=True)
        await link.delivered([greeting])
        await link.subscribe(self._topics.calls)

    async def _retained(self, link: Link) -> None:
        """Publish all that is retained, then what changes; begin again with every heartbeat."""
        clock = self._house.clock
        while True:
            beat = clock.monotonic() + HEARTBEAT_S
            with self._house.hub.subscribe(everything=True) as subscription, suppress(TimeoutError):
                while (left_s := beat - clock.monotonic()) > 0:
                    async with asyncio.timeout(left_s):
                        changes = await subscription.take()
                    for change in changes:
                        if message := self._topics.retained(change, self._house.hub):
                            await link.send(*message, retain=True)

    async def _events(self, link: Link) -> None:
        """Publish the rows behind the cursor, in order, for ever."""
        journal = self._house.journal
        while True:
            await journal.beyond(self._delivered)
            rows = await journal.read(after=self._delivered, limit=PAGE)
            messages = [message for row in rows if (message := self._topics.recorded(row))]
            await link.delivered([await link.send(*message) for message in messages])
            self._delivered = rows[-1].seq
            self._moved.set()

    async def _keep(self) -> None:
        """Commit the cursor behind what was delivered. While the store is full it stays: repeats, not losses."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            with suppress(JournalError):
                await self._house.journal.move(CURSOR, str(self._delivered))
            await asyncio.sleep(MOVE_S)

    def _lag(self) -> float:
        return self._house.journal.head.seq - self._delivered
