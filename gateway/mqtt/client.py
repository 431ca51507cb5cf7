"""One connection to an MQTT broker, on the event loop: paho-mqtt 2 without its thread.

That thread waits in select(), which ends it without a word once the process has 1024 files open; and without it there
is nothing to lock, to join or to call back across threads. paho's own reconnect is not used: `guard` starts afresh.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.core.errors import AuthFailed, GatewayError

ANSWER_S = 10.0  # a broker on the site's network answers within milliseconds
GOODBYE_S = 1.0
TICK_S = 1.0  # how often paho looks whether it must ping
WINDOW = 32  # unacknowledged at once: paho's work for one PUBACK grows with it
MOST_WAITING = 1000  # received and not yet taken; a broker of MQTT 5 stops at WINDOW
LARGEST = 64 * 1024  # bytes of a payload that is worth reading
TAKEN_OVER = 0x8E  # MQTT 5, 3.14.2.1; mosquitto 2.0 and brokers of 3.1.1 just hang up
BAD_VERSION, BAD_PASSWORD, NOT_AUTHORISED = 0x84, 0x86, 0x87  # MQTT 5, 3.2.2.2; paho gives these for 3.1.1 as well
ValueT = TypeVar("ValueT")
make_properties: Callable[[int], Any] = Properties  # paho's properties are attributes that it does not declare


class BrokerOffline(GatewayError):
    """The broker cannot be reached, hung up, does not answer, or refuses what we need: connect again."""


class HungUp(BrokerOffline):
    """The connection ended after the broker had accepted us."""


class TakenOver(BrokerOffline):
    """Another client has connected with our client id: MQTT lets only one of them stay."""


class VersionRefused(BrokerOffline):
    """The broker hung up before it accepted us, as those do that do not speak this version of MQTT."""


class Received(NamedTuple):
    """A message that arrived. `payload` is None: it was larger than LARGEST. `mid` 0: nobody waits for a PUBACK."""

    mid: int
    topic: str
    retain: bool
    payload: bytes | None
    response_topic: str | None
    correlation: bytes | None


class Link:
    """One connection. `Broker.connected` makes it, from a paho client that has sent its CONNECT."""

    def __init__(self, client: Client) -> None:
        self.received: asyncio.Queue[Received] = asyncio.Queue(MOST_WAITING)
        self._client, self._loop = client, asyncio.get_running_loop()
        self._places = asyncio.Semaphore(WINDOW)
        self._waiting: dict[int, tuple[asyncio.Future[bool], str | None]] = {}
        self._accepted: asyncio.Future[None] = self._loop.create_future()
        self._down = asyncio.Event()
        self.on_drop: Callable[[], None] = lambda: None
        self._why: GatewayError | None = None
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish, client.on_message = self._on_publish, self._on_message
        client.on_subscribe = lambda _client, _data, mid, codes, _properties: self._settle(mid, codes)
        if not _drive(client):
            self._fail(BrokerOffline("the broker hung up at once"))

    @property
    def version(self) -> str:
        """The version of MQTT that is spoken here."""
        return "5" if self._client.protocol is MQTTProtocolVersion.MQTTv5 else "3.1.1"

    async def opened(self, limit_s: float) -> None:
        """Wait until the broker accepts us. Raises VersionRefused, AuthFailed, BrokerOffline."""
        try:
            async with asyncio.timeout(limit_s):
                await self._accepted
        except TimeoutError as error:
            self.hang_up()
            raise VersionRefused(f"the broker said nothing for {limit_s:g} s") from error

    async def lost(self) -> None:
        """Keep the connection alive until it is lost; raises why."""
        while self._why is None:
            self._client.loop_misc()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._down.wait()
        raise self._why

    async def subscribe(self, topic: str, *, qos: int = 1) -> None:
        """Receive what is published on a topic. Raises BrokerOffline."""
        options = SubscribeOptions(qos=qos, retainAsPublished=True)
        _, mid = self._client.subscribe((topic, options) if self.version == "5" else (topic, qos))
        await self.delivered([self._wait(mid or 0, f"a subscription to {topic}")])

    async def send(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        refusable: bool = False,
        correlation: bytes | None = None,
    ) -> "asyncio.Future[bool]":
        """Hand over a message, QoS 1, once fewer than WINDOW are on their way. The future ends with its PUBACK.

        It does not end when the connection is lost: `lost` says that. A broker that refuses the message ends the
        connection; where it is `refusable` the future is False. Raises BrokerOffline.
        """
        await _within(self._places.acquire())
        properties = None
        if correlation is not None:
            properties = make_properties(PacketTypes.PUBLISH)
            properties.CorrelationData = correlation
        sent = self._client.publish(topic, payload, 1, retain, properties)
        return self._wait(sent.mid, None if refusable else topic)

    async def delivered(self, messages: "Sequence[asyncio.Future[bool]]") -> list[bool]:
        """Wait for the PUBACK of each; whether the broker took it. Raises BrokerOffline when they do not all come."""
        return [await _within(future) for future in messages]

    def acknowledge(self, message: Received) -> None:
        """Tell the broker that it need not send this again: what the message asked for is on disk, or is refused."""
        if message.mid:
            self._client.ack(message.mid, 1)

    async def goodbye(self, topic: str, payload: bytes) -> None:
        """Publish the last words and disconnect, if there is time; else the broker says the last will."""
        if self._client.socket() is None:
            return
        with suppress(TimeoutError, BrokerOffline):
            async with asyncio.timeout(GOODBYE_S):
                await (await self.send(topic, payload, retain=True))
            self._client.disconnect()
            self._client.loop_write()

    def hang_up(self) -> None:
        """Close what is still open. paho promises that of `connect_async`, which by itself opens nothing."""
        self._client.connect_async(self._client.host)

    def _wait(self, mid: int, topic: str | None) -> "asyncio.Future[bool]":
        future = self._loop.create_future()
        self._waiting[mid] = (future, topic)
        return future

    def _fail(self, why: GatewayError) -> None:
        self._why = self._why or why
        self._down.set()
        if not self._accepted.done():
            self._accepted.set_exception(why)

    def _settle(self, mid: int, codes: Sequence[ReasonCode]) -> None:
        future, what = self._waiting.pop(mid)
        refused = any(code.is_failure for code in codes)
        if what is not None and refused:
            self._fail(BrokerOffline(f"the broker refuses {what}: {codes[0]}"))
        elif not future.done():
            future.set_result(not refused)

    def _on_connect(self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Any) -> None:
        if code.is_failure:
            error = {BAD_VERSION: VersionRefused, BAD_PASSWORD: AuthFailed, NOT_AUTHORISED: AuthFailed}
            self._fail(error.get(code.value, BrokerOffline)(f"the broker refuses the connection: {code}"))
        elif not self._accepted.done():
            self._places = asyncio.Semaphore(min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW)))
            self._accepted.set_result(None)

    def _on_disconnect(self, client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _more: Any) -> None:
        if code.packetType == PacketTypes.DISCONNECT and code.value == TAKEN_OVER:
            self._fail(TakenOver("another client connected by our client id: only one gateway of a site may"))
        kind = HungUp if self._accepted.done() else VersionRefused
        self._fail(kind(f"the connection to the broker ended: {code}"))

    def _on_publish(self, client: Client, _data: Any, mid: int, code: ReasonCode, _properties: Any) -> None:
        self._places.release()
        self._settle(mid, [code])

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        told = message.properties
        received = Received(
            mid=message.mid,
            topic=message.topic,
            retain=message.retain,
            payload=bytes(message.payload) if len(message.payload) <= LARGEST else None,
            response_topic=getattr(told, "ResponseTopic", None),
            correlation=getattr(told, "CorrelationData", None),
        )
        try:
            self.received.put_nowait(received)
        except asyncio.QueueFull:
            if not received.mid:
                self.on_drop()  # QoS 0: its sender takes no care of it either
                return
            self._fail(BrokerOffline(f"more than {MOST_WAITING} messages wait to be taken"))


def _drive(client: Client) -> bool:
    """Have the event loop read and write for paho; False where the connection has ended already."""
    loop, sock = asyncio.get_running_loop(), client.socket()
    if sock is None:
        return False

    def on_close(_client: Client, _data: Any, closing: Any) -> None:
        loop.remove_reader(closing)

    def on_full(_client: Client, _data: Any, waiting: Any) -> None:
        loop.add_writer(waiting, client.loop_write)

    def on_empty(_client: Client, _data: Any, written: Any) -> None:
        loop.remove_writer(written)

    def on_readable() -> None:
        client.loop_read()
        while isinstance(tls := client.socket(), ssl.SSLSocket) and tls.pending():
            client.loop_read()  # TLS has taken it off the wire already: the loop would not call again

    client.on_socket_close = on_close
    client.on_socket_register_write, client.on_socket_unregister_write = on_full, on_empty
    loop.add_reader(sock, on_readable)
    return True


async def _within(awaited: Awaitable[ValueT]) -> ValueT:
    try:
        async with asyncio.timeout(ANSWER_S):
            return await awaited
    except TimeoutError as error:
        raise BrokerOffline(f"the broker has not acknowledged for {ANSWER_S:g} s") from error
