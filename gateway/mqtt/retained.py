"""All that is retained at the broker: told when it changes, and emptied when it is no longer ours.

A topic is noted in the store before its first message. So whatever a gateway that was killed has left behind is known
to the next one, which empties what it does not tell itself.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from gateway.changes import Subscription
from gateway.core.errors import JournalError
from gateway.hub import Change
from gateway.mqtt.client import Link
from gateway.mqtt.discovery import Discovery
from gateway.mqtt.topics import EMPTIED, Message, Topics
from gateway.supervisor.context import House

HEARTBEAT_S = 60.0  # at most, between two messages of one retained topic
LANES: tuple[tuple[str, ...], ...] = (("availability", "view"), ("state",), ("device",))
"""The kinds of changes that go out apart: the broker's window is shared out in turns, so that no flood of states
delays what a person waits for."""
log = logging.getLogger("gateway")


class Retained:
    """Our retained topics at one broker."""

    def __init__(self, topics: Topics, discovery: Discovery | None, house: House) -> None:
        self._topics, self._discovery, self._house = topics, discovery, house
        self._known: set[str] = set()
        self._owed: set[str] = set()  # of them, those that the store has not taken yet

    async def settle(self, link: Link) -> None:
        """After a connect: note in one commit what there is to tell, and empty what is there and not ours any more.

        Raises BrokerOffline; JournalError when the store cannot be read.
        """
        self._known |= await self._house.journal.retained()
        messages = [self._message(change) for change in self._house.hub.everything()]
        ours = {topic for topic, payload in filter(None, messages) if payload}
        await self._note(ours)
        await self._empty(link, self._known - ours)

    async def tell(self, link: Link, kinds: tuple[str, ...]) -> None:
        """Publish everything of these kinds, then what changes; begin again with every heartbeat. For ever."""
        clock = self._house.clock
        lasting = "device" in kinds  # what a device is does not wear out, and is long
        while True:
            beat = None if lasting else clock.monotonic() + HEARTBEAT_S
            await self._note(())
            with self._house.hub.subscribe(*kinds) as changes, suppress(TimeoutError):
                while beat is None or clock.monotonic() < beat:
                    async with asyncio.timeout_at(beat):
                        change = await changes.next()
                    await self._tell(link, change, changes)

    async def _tell(self, link: Link, change: Change, changes: Subscription) -> None:
        message = self._message(change)
        if message is None:
            return
        topic, payload = message
        if not payload:
            await self._empty(link, {topic} & self._known)
            return
        if topic not in self._known:
            waiting = filter(None, map(self._message, list(changes.waiting())))
            await self._note({topic, *(each for each, content in waiting if content)})
            message = self._message(change) or message  # the disk took its time: it may be another by now
        await link.send(*message, retain=True)

    def _message(self, change: Change) -> Message | None:
        if change.kind != "device":
            return self._topics.retained(change, self._house.hub)
        return self._discovery.message(change.key, self._house.hub) if self._discovery else None

    async def _note(self, topics: Iterable[str]) -> None:
        """A store that is full must not silence an alarm: then the topic is told all the same, and noted later."""
        due = set(topics) - self._known | self._owed
        if not due:
            return
        self._known |= due
        self._owed = due
        with suppress(JournalError):
            await self._house.journal.retain(due)
            self._owed = self._owed - due

    async def _empty(self, link: Link, topics: set[str]) -> None:
        """Make the broker forget topics, and then forget them ourselves."""
        if not topics:
            return
        sent = {topic: await link.send(topic, EMPTIED, retain=True, refusable=True) for topic in sorted(topics)}
        taken = await link.delivered(list(sent.values()))
        emptied = {topic for topic, yes in zip(sent, taken, strict=True) if yes}
        if left := topics - emptied:
            log.warning("mqtt: the broker does not let us empty %s; it shows what is no longer true", min(left))
        with suppress(JournalError):  # else they are emptied once more after the next connect
            await self._house.journal.retain((), emptied=emptied)
            self._known -= emptied
            self._owed -= emptied
