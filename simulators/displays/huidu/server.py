"""The wire of a simulated Huidu card, strict: version, then guid, then commands with that guid; lengths count bytes.

What is no packet, no XML, out of order or too long is answered with an error packet; what is a command but cannot be
obeyed with its error's name. In which of the two ways a real card says so is not documented.
"""

import secrets
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import msgspec

from drivers.displays.huidu import codec
from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.markup import Element, document, parse
from gateway.core.model import Picture
from gateway.core.twin import Lever
from simulators.displays.huidu.state import Card, Name
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin


class Nack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` commands are refused with the error `name`, in XML or `as_packet`."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "kDeviceOccupa"
    as_packet: bool = False


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card restarts, and answers nobody for `down_s` seconds."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to the version has `size` bytes; with 10 the last two are the number `status`."""

    size: Literal[8, 10] = 10
    status: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0


class Someone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody else puts a programme with this text in the place of all others."""

    text: str = "HDPlayer"


class Talk:
    """One connection: how far it has come."""

    def __init__(self) -> None:
        self.decoder, self.gathering = codec.Decoder(), codec.Gathering()
        self.agreed = False
        self.guid = ""


class HuiduTwin(TcpTwin[HuiduConfig]):
    """A simulated card."""

    config_type = HuiduConfig

    def __init__(self, config: HuiduConfig) -> None:
        super().__init__(config, misaddress=_misaddressed)
        self.card = Card(config)
        self._guids: set[str] = set()
        self._nack, self._version = Nack(count=0), Version()
        self._commands = {"obeyed": 0, "refused": 0}

    def answers(self) -> Answer:
        return partial(self._replies, Talk())

    def levers(self) -> Mapping[str, Lever]:
        own = {
            "reboot": lever(Reboot, self._reboot),
            "silent_reboot": lever(NoParams, self._silent_reboot),
            "nack": lever(Nack, self._refuse),
            "version": lever(Version, partial(setattr, self, "_version")),
            "name": lever(Name, partial(setattr, self.card, "name")),
            "someone": lever(Someone, self._someone),
        }
        return {**super().levers(), **self.card.clock.levers(), **own}

    def power_lost(self) -> None:
        self.card.reboots += 1
        self.card.forget()
        self._guids.clear()

    def seen(self) -> Mapping[str, Any]:
        return {**self.card.seen(), "commands": dict(self._commands)}

    def picture(self) -> Picture:
        panel = self.card.panel()
        return Picture(*panel.size, panel.png())

    def _replies(self, talk: Talk, data: bytes) -> Iterator[bytes]:
        for found in talk.decoder.feed(data):
            try:
                yield from self._reply(talk, found)
            except ValueError as error:
                self._commands["refused"] += 1
                yield codec.error(str(error)).wire()

    def _reply(self, talk: Talk, found: codec.Packet | codec.Noise) -> Iterator[bytes]:
        """Answers. Raises ValueError with the name of an error."""
        if isinstance(found, codec.Noise):
            raise ValueError("kInvalidPacketLen")
        if found.command == codec.HEARTBEAT:
            yield codec.Packet(codec.HEARTBEAT_ANSWER).wire()
        elif found.command == codec.VERSION_ASK:
            yield self._agree(talk, found.data)
        elif found.command == codec.COMMAND and talk.agreed:
            xml = talk.gathering.add(found.data)
            if xml is not None:
                yield codec.parts(codec.ANSWER, document(self._obey(talk, xml)))
        elif found.command != codec.HEARTBEAT_ANSWER:
            raise ValueError("kProcessError")

    def _agree(self, talk: Talk, data: bytes) -> bytes:
        if len(data) != 4:
            raise ValueError("kInvalidPacketLen")
        talk.agreed = True
        status = self._version.status.to_bytes(2, "little") if self._version.size == 10 else b""
        return codec.Packet(codec.VERSION_ANSWER, codec.VERSION.to_bytes(4, "little") + status).wire()

    def _obey(self, talk: Talk, xml: bytes) -> Element:
        """The answer to a whole command. Raises ValueError when it is none."""
        try:
            root = parse(xml, codec.MAX_XML)
        except ValueError:
            raise ValueError("kParseXmlFailed") from None
        asked = [*root.find("in")]
        if root.name != "sdk" or not asked:
            raise ValueError("kParseXmlFailed")
        if self._nack.as_packet and (name := self._nacked()):
            raise ValueError(name)
        if [one.attributes.get("method") for one in asked] == ["GetIFVersion"]:
            talk.guid = secrets.token_hex(16)
            self._guids.add(talk.guid)
            wrong = root.attributes.get("guid") != codec.NO_GUID
        else:
            wrong = root.attributes.get("guid") != talk.guid or talk.guid not in self._guids
        return Element("sdk", {"guid": talk.guid}, [self._out(one, wrong=wrong) for one in asked])

    def _out(self, asked: Element, *, wrong: bool) -> Element:
        method, inner = asked.attributes.get("method", ""), list[Element]()
        try:
            obey = self.card.methods.get(method)
            if wrong:
                raise ValueError("kInvalidGUID")
            if name := self._nacked():
                raise ValueError(name)
            if obey is None:
                raise ValueError("kInvalidMethod")
            inner += obey(asked)
            result = codec.OK
        except ValueError as error:
            result = str(error)
        self._commands["obeyed" if result == codec.OK else "refused"] += 1
        return Element("out", {"method": method, "result": result}, inner)

    def _nacked(self) -> str | None:
        """The error that the next command is refused with, if any; it is counted."""
        if not self._nack.count:
            return None
        self._nack = msgspec.structs.replace(self._nack, count=self._nack.count - 1)
        return self._nack.name

    def _refuse(self, given: Nack) -> None:
        if given.as_packet:
            codec.error(given.name)  # raises what is wrong with a name that has no number
        self._nack = given

    def _someone(self, given: Someone) -> None:
        """Somebody else puts a programme in the place of all others."""
        self.card.somebody_elses(given.text)

    def _silent_reboot(self, _: NoParams) -> None:
        """The card restarts, and its connections stay."""
        self.power_lost()

    def _reboot(self, given: Reboot) -> None:
        self.power_lost()
        self.hang_up(given.down_s)


def _misaddressed(reply: bytes) -> bytes:
    """The same answer on another connection: with another guid. Heartbeats have none."""
    head, mark, tail = reply.partition(b'guid="')
    return head + mark + tail[:32][::-1] + tail[32:]
