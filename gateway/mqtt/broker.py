"""The broker: where it is, as whom to connect, and which version of MQTT it speaks."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from gateway.mqtt.client import WINDOW, BrokerOffline, Link, VersionRefused, make_properties
from gateway.people.secrets import read_secret
from gateway.site.model import MqttConfig

ACCEPT_S = 10.0
UNHEARD_S = 2.0  # amqtt 0.12 says nothing to a CONNECT of MQTT 5 that has a will; others hang up
KEEPALIVE_S = 15
SESSION_S = 24 * 3600  # what the broker keeps for us while we are away
LARGEST_PACKET = 1024 * 1024  # bytes; what is larger a broker of MQTT 5 does not send us
VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
log = logging.getLogger("gateway")


class Broker:
    """Connects again and again with the same session. The will is what the broker says for us when we are lost."""

    def __init__(self, config: MqttConfig, *, client_id: str, will: tuple[str, bytes]) -> None:
        self._config, self._client_id, self._will = config, client_id, will
        self._warned = False

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Link]:
        """Connect; leaving says the will ourselves and disconnects.

        Raises BrokerOffline; AuthFailed; GatewayError when the password cannot be read.
        """
        async with AsyncExitStack() as stack:
            yield await self._open(stack)

    async def _open(self, stack: AsyncExitStack) -> Link:
        if self._config.protocol != "auto":
            return await self._try(self._config.protocol, stack, ACCEPT_S)
        try:
            return await self._try("5", stack, UNHEARD_S)
        except VersionRefused:
            link = await self._try("3.1.1", stack, ACCEPT_S)
        if not self._warned:
            log.warning("mqtt: the broker does not speak MQTT 5; with 3.1.1 calls are not answered on a response topic")
        self._warned = True
        return link

    async def _try(self, version: str, stack: AsyncExitStack, limit_s: float) -> Link:
        client = self._client(VERSIONS[version])
        try:
            await asyncio.to_thread(self._connect, client)
        except OSError as error:
            raise BrokerOffline(f"{self._config.url} cannot be reached: {error.strerror or error}") from error
        link = Link(client)
        stack.callback(link.hang_up)
        await link.opened(limit_s)
        stack.push_async_callback(link.goodbye, *self._will)
        return link

    def _client(self, version: MQTTProtocolVersion) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=False if version is MQTTProtocolVersion.MQTTv311 else None,
            protocol=version,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.max_inflight_messages_set(WINDOW)
        client.will_set(*self._will, qos=1, retain=True)
        return client

    def _connect(self, client: Client) -> None:
        """Read the password, find the host, connect: all of that blocks."""
        if self._config.username is not None:
            secret = self._config.password
            client.username_pw_set(self._config.username, read_secret(secret) if secret else None)
        address = urlsplit(self._config.url)
        host, port = address.hostname or "", address.port or 1883
        if client.protocol is MQTTProtocolVersion.MQTTv311:
            client.connect(host, port, KEEPALIVE_S)
            return
        properties = make_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = WINDOW
        properties.MaximumPacketSize = LARGEST_PACKET
        client.connect(host, port, KEEPALIVE_S, clean_start=False, properties=properties)
