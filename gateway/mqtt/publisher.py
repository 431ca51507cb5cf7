"""The MQTT outlet: all that is retained, the journal in order as events, calls and commands in.

The journal is the outbox: its cursor moves only past what the broker has acknowledged. After an outage the rows behind
the cursor are sent again: an event may come twice, but none is left out, and their order is kept.
"""

import asyncio
import random
from contextlib import suppress
from datetime import datetime

from gateway.calls.service import Calls
from gateway.commands import Commands
from gateway.core.errors import JournalError
from gateway.mqtt import topics
from gateway.mqtt.broker import Broker
from gateway.mqtt.client import MOST_WAITING, HungUp, Link, Received, TakenOver
from gateway.mqtt.desk import Desk
from gateway.mqtt.discovery import Discovery
from gateway.mqtt.inbox import Inbox
from gateway.mqtt.retained import LANES, Retained
from gateway.site.model import MqttConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, alone

CURSOR = "outlet/mqtt"
VIEW = "outlets/mqtt"
PAGE = 100  # rows read at once, and acknowledged before the next
MOVE_S = 0.05  # at least, between two commits of the cursor: the disk is for events
LOOK_S = 2.0  # between two looks at how far we are behind
TAKEN_OVER_S = 60.0  # two gateways of one site would push each other out all day
SHORT_S, MOST_SHORT = 5.0, 5  # of connections in a row; `guard` tries again within 4 s


class MqttOutlet:
    """`run` is one connection's life; `guard` starts the next. `serve` goes on whether there is one or not."""

    def __init__(
        self, config: MqttConfig, *, site: str, version: str, house: House, calls: Calls, commands: Commands
    ) -> None:
        self._house, self._topics = house, topics.Topics(site, config.discovery_prefix)
        found = Discovery(config.discovery_prefix, site=site, version=version, topics=self._topics)
        self._retained = Retained(self._topics, found if config.discovery else None, house)
        self._inbox = Inbox(self._topics, calls, house.meters)
        self._desk = Desk(self._topics, commands, config.allow, meters=house.meters, clock=house.clock)
        self._online = topics.online(version, house.clock.now())
        will = (self._topics.gateway, topics.OFFLINE)
        self._broker = Broker(config, client_id=f"hall-gateway-{site}", will=will)
        self._delivered = 0
        self._moved = asyncio.Event()
        self._pause_s, self._short_lives = 0.0, 0
        self._state: tuple[str, str | None, str | None, datetime] = ("connecting", None, None, house.clock.now())
        house.meters.outlet_lag.labels("mqtt").set_function(self._lag)

    async def run(self, up: Up) -> None:
        """Connect, deliver and receive until something fails. Raises BrokerOffline, AuthFailed, JournalError."""
        await asyncio.sleep(self._pause_s)
        self._pause_s = 0.0
        self._delivered = max(self._delivered, int(await self._house.journal.cursor(CURSOR) or 0))
        accepted = [0.0]

        def met() -> None:
            accepted[0] = self._house.clock.monotonic()
            up()

        try:
            with alone():
                async with self._broker.connected() as link, asyncio.TaskGroup() as group:
                    await self._live(link, group, met)
        except TakenOver:
            self._pause_s = _about(TAKEN_OVER_S)
            raise
        except HungUp as error:
            self._judge(error, self._house.clock.monotonic() - accepted[0])
            raise
        finally:
            self._desk.link = None

    def _judge(self, error: HungUp, lived_s: float) -> None:
        """Most brokers do not say that another took our place: then each of the two lives shortly, again and again."""
        self._short_lives = self._short_lives + 1 if lived_s < SHORT_S else 0
        if self._short_lives >= MOST_SHORT:
            self._short_lives, self._pause_s = 0, _about(TAKEN_OVER_S)
            text = f"{error}, {MOST_SHORT} times within {SHORT_S:g} s: does another gateway of this site run?"
            raise TakenOver(text) from error

    async def down(self, failure: BaseException) -> None:
        """Show why nothing goes out."""
        self._show("offline", str(failure) or type(failure).__name__, None)

    async def serve(self, up: Up) -> None:
        """Carry out commands, and show how far the outlet is behind, for ever."""
        up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._desk.run())
            while True:
                self._show(*self._state[:3])
                await asyncio.sleep(LOOK_S)

    async def _live(self, link: Link, group: asyncio.TaskGroup, up: Up) -> None:
        link.on_drop = self._house.meters.dropped.labels("mqtt.overflow").inc
        group.create_task(link.lost())
        await self._greet(link)
        self._show("online", None, link.version)
        up()
        self._desk.link = link
        calls: asyncio.Queue[Received] = asyncio.Queue(MOST_WAITING)
        for work in (self._receive(link, calls), self._inbox.run(link, calls), self._events(link), self._keep()):
            group.create_task(work)
        await self._retained.settle(link)
        for kinds in LANES:
            group.create_task(self._retained.tell(link, kinds))
        await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010

    async def _greet(self, link: Link) -> None:
        greeting = await link.send(self._topics.gateway, self._online, retain=True)
        await link.delivered([greeting])
        await link.subscribe(self._topics.calls)
        await link.subscribe(f"{self._topics.commands}/#", qos=0)

    async def _receive(self, link: Link, calls: "asyncio.Queue[Received]") -> None:
        while True:
            message = await link.received.get()
            if message.topic == self._topics.calls:
                await calls.put(message)
            else:
                await self._desk.take(message)

    async def _events(self, link: Link) -> None:
        """Publish the rows behind the cursor, in order, for ever."""
        journal = self._house.journal
        while True:
            rows = await journal.follow(self._delivered, PAGE)
            messages = [message for row in rows if (message := self._topics.recorded(row))]
            await link.delivered([await link.send(*message) for message in messages])
            self._house.meters.outlet_delivered.labels("mqtt").inc(rows[-1].seq - self._delivered)
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

    def _show(self, status: str, why: str | None, version: str | None) -> None:
        """The view for alarms and pages: status connecting, online or offline; MQTT's version; since when."""
        same = self._state[0] == status
        self._state = (status, why, version, self._state[3] if same else self._house.clock.now())
        view = {"status": status, "why": why, "version": version, "since": self._state[3], "lag_events": self._lag()}
        self._house.hub.show(VIEW, view)

    def _lag(self) -> int:
        return self._house.journal.head.seq - self._delivered


def _about(seconds: float) -> float:
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - so that two do not meet again; keeps no secret
