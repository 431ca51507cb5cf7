"""The broker: where it is, as whom to connect, and which version of MQTT it speaks."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from gateway.mqtt.client import WINDOW, BrokerOffline, Link, VersionRefused, make_properties
from gateway.people.secrets import read_secret
from gateway.site.model import MqttConfig
from gateway.site.tls import tls

ACCEPT_S = 10.0
UNHEARD_S = 2.0  # amqtt 0.12 says nothing to a CONNECT of MQTT 5 that has a will; others hang up
KEEPALIVE_S = 15
SESSION_S = 24 * 3600  # what the broker keeps for us while we are away
LARGEST_PACKET = 1024 * 1024  # bytes; what is larger a broker of MQTT 5 does not send us
VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
PORTS = {"mqtt": 1883, "mqtts": 8883}
EXPIRED, OTHER_NAME, OTHER_ADDRESS = 10, 62, 64  # X509_V_ERR_… of OpenSSL's x509_vfy.h
UNKNOWN = (18, 19, 20, 21)  # self-signed, or nobody known has signed it
log = logging.getLogger("gateway")


class ClosingSocket(ssl.SSLSocket):
    """Closes itself when nobody can be trusted: paho forgets it then, open as it is."""

    def do_handshake(self, block: bool = False) -> None:
        """See ssl.SSLSocket."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


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
        except ssl.SSLError as error:
            raise BrokerOffline(f"{self._config.url}: {_untrusted(error)}") from error
        except OSError as error:
            raise BrokerOffline(f"{self._config.url} cannot be reached: {error.strerror or error}") from error
        link = Link(client)
        stack.callback(link.hang_up)
        try:
            await link.opened(limit_s)
        except BrokerOffline as error:
            raise type(error)(f"{self._config.url}: {error}{self._unproven()}") from error
        stack.push_async_callback(link.goodbye, *self._will)
        return link

    def _unproven(self) -> str:
        """What a broker of TLS 1.3 does not say: it misses our certificate only after it has shaken hands."""
        ours = not self._config.secure or self._config.certificate
        return "" if ours else "; if it wants a certificate of its clients, mqtt.certificate must name ours"

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
        """Read the secrets, find the host, connect, shake hands: all of that blocks."""
        if self._config.username is not None:
            secret = self._config.password
            client.username_pw_set(self._config.username, read_secret(secret) if secret else None)
        if self._config.secure:
            context = tls(self._config)
            context.sslsocket_class = ClosingSocket
            client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho declares no type for it
        address = urlsplit(self._config.url)
        host, port = address.hostname or "", address.port or PORTS[address.scheme]
        if client.protocol is MQTTProtocolVersion.MQTTv311:
            client.connect(host, port, KEEPALIVE_S)
            return
        properties = make_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = WINDOW
        properties.MaximumPacketSize = LARGEST_PACKET
        client.connect(host, port, KEEPALIVE_S, clean_start=False, properties=properties)


def _untrusted(error: ssl.SSLError) -> str:
    """Why TLS did not come about, in one sentence that says what to do."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"no TLS: {error.reason or error}"
    mend = {
        EXPIRED: "the broker must get a new one",
        OTHER_NAME: "the url must name the broker as its certificate does",
        OTHER_ADDRESS: "the url must name the broker as its certificate does",
        **dict.fromkeys(UNKNOWN, "its CA must be in mqtt.ca, or in the system's store"),
    }.get(error.verify_code)
    return f"the broker's certificate is not accepted: {error.verify_message.rstrip('.')}" + (
        f"; {mend}" if mend else ""
    )
