"""One connection to a Huidu card: what is asked on it, and whether what comes is the answer."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from drivers.displays.huidu import answers, codec, requests
from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.markup import Element, parse
from gateway.core.contract import Link
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceError, ProtocolError
from gateway.core.panel import Sent

BUSY = {"kDeviceOccupa", "kFileOccupa", "kReadFileExcessive", "kDelayRespond", "kDownloadingFile", "kProcessing"}
"""Ask again. The last two are of later SDKs."""
LOST = {"kInvalidGUID", "kNodeNotExist", "kInvalidXmlIndex"}
"""The card has forgotten the connection, or the programme: it was started again, or somebody else was there."""
AnswerT = TypeVar("AnswerT")
Read = Callable[[codec.Packet], AnswerT | None]
"""The answer in a packet, None where it is none, or not yet complete. Raises DeviceError."""


class Session:
    """A connection, and the guid that the card has given it. Everything raises DeviceError."""

    def __init__(self, link: Link, config: HuiduConfig) -> None:
        self._link, self._config = link, config
        self._guid = codec.NO_GUID

    async def negotiate(self) -> None:
        """Agree on a version, and get a guid: before anything else is asked."""
        status = await self._exchange(codec.version_ask().wire(), self._version)
        if status != codec.OK:
            raise ProtocolError(f"{self._config.id} does not agree on version {codec.VERSION:#x}: {status}")
        await self.ask("GetIFVersion", requests.value("version", 1000000))

    async def beat(self) -> None:
        """Exchange a heartbeat."""
        await self._exchange(codec.Packet(codec.HEARTBEAT).wire(), _beat)

    async def ask(self, method: str, *inner: Element, sent: Sent | None = None) -> Element:
        """What the card answers to a command that it obeys."""
        request = codec.parts(codec.COMMAND, requests.command(self._guid, method, *inner))
        out = await self._exchange(request, partial(self._answer, codec.Gathering(), method), sent)
        result = answers.told(out.attributes.get("result")) or "nothing"
        if result != codec.OK:
            raise self._refusal(result)
        return out

    async def ask_if_known(self, method: str) -> Element:
        """The same, without anything in it where the card has no such method, or refuses it."""
        try:
            return await self.ask(method)
        except CommandRejected:
            return Element("out")

    async def _exchange(self, request: bytes, read: Read[AnswerT], sent: Sent | None = None) -> AnswerT:
        matches = partial(self._first, codec.Decoder(), read)
        return await self._link.exchange(request, matches, self._config.timeout_s, sent)

    def _first(self, decoder: codec.Decoder, read: Read[AnswerT], data: bytes) -> AnswerT | None:
        """The answer in these bytes, None while it is not complete."""
        for found in decoder.feed(data):
            if isinstance(found, codec.Noise):
                raise ProtocolError(f"{self._config.id} sent what is no packet: {found.data.hex(' ')}")
            if found.command == codec.ERROR:
                raise self._refusal(codec.read_error(found.data))
            answer = read(found)
            if answer is not None:
                return answer
        return None

    def _version(self, packet: codec.Packet) -> str | None:
        if packet.command != codec.VERSION_ANSWER:
            return None
        try:
            return codec.read_version(packet.data)
        except ValueError as error:
            raise ProtocolError(f"{self._config.id} answered with {error}") from error

    def _answer(self, gathering: codec.Gathering, method: str, packet: codec.Packet) -> Element | None:
        if packet.command != codec.ANSWER:
            return None
        try:
            xml = gathering.add(packet.data)
            return None if xml is None else self._out(parse(xml, codec.MAX_XML), method)
        except ValueError as error:
            raise ProtocolError(f"{self._config.id} answered {method} with {error}") from error

    def _out(self, root: Element, method: str) -> Element:
        """What stands in an answer. Raises ValueError when it is not that to `method`, or of another connection."""
        guid = root.attributes.get("guid", "")
        out = next(root.find("out"), None)
        if root.name != "sdk" or out is None or out.attributes.get("method") != method:
            raise ValueError("something else")
        if self._guid not in (guid, codec.NO_GUID) or answers.told(guid) != guid:
            raise ValueError("a guid that is not that of this connection")
        self._guid = guid
        return out

    def _refusal(self, result: str) -> DeviceError:
        sentence = f"{self._config.id} refused with {result}"
        if result in BUSY:
            return DeviceBusy(sentence)
        return ProtocolError(sentence) if result in LOST else CommandRejected(sentence)


def _beat(packet: codec.Packet) -> bool | None:
    return True if packet.command == codec.HEARTBEAT_ANSWER else None
