"""The contract between a driver and the rest of the house.

A driver speaks to one physical device. It raises; the supervisor decides: drivers never sleep between
polls, never retry, never log an outage, never swallow a cancellation and hold no lock.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from logging import LoggerAdapter
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from gateway.core.config import DeviceConfig, SecretRef
from gateway.core.errors import CommandRejected, NotSupported
from gateway.core.model import Command, Cursor, Event, Identity, Part, Picture, Reading, Stage, Surface, Verb
from gateway.core.parameters import taken
from gateway.core.search import Search

ConfigT = TypeVar("ConfigT", bound=DeviceConfig)
AnswerT = TypeVar("AnswerT")
DatagramKey = Callable[[bytes, str], str | None]
"""Whose datagram this is, from its bytes and its source address; None for nobody's. Told apart by identity: name one
function for all devices of a driver."""


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of the event loop's clock."""
        ...


class Link(Protocol):
    """A wire to one device. An error leaves it unusable: leave the context and connect again."""

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        """Take one turn of the line: write `request`, then hand what arrives to `matches` until it returns the answer.

        `matches` gets the bytes as they come, cut anywhere, and returns None while they are not yet the
        answer. `sent` is called once the last byte has been handed to the wire. Bytes that arrived before
        the request are thrown away. Raises DeviceOffline when the link is lost or nothing answers within
        `timeout_s`; both drop the transport, so that a late answer never meets the next question.
        """
        ...


class Stream(Protocol):
    """A wire on which the device speaks first. An error leaves it unusable: leave the context and connect again."""

    async def receive(self) -> bytes:
        """Wait for what comes next: in order, cut anywhere. What comes between two calls is held for the next one.

        Raises DeviceOffline when the wire is lost, or the device says more than anybody takes.
        """
        ...

    def send(self, data: bytes) -> None:
        """Hand bytes to the wire. Never waits. Raises DeviceOffline when it is lost, or takes no more."""


class Contact(Protocol):
    """What came from a device that is the client. An HTTP request is answered exactly once: the device waits.

    `method` is that of the HTTP request; `MESSAGE` for a WebSocket message, `CLOSE` once its connection has ended;
    `DATAGRAM` on a UDP port. `source` names the connection (WebSocket), else it is the peer's address.
    `cookie` is the Cookie header of an HTTP request, as it was sent; else empty.
    """

    @property
    def method(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def cookie(self) -> str: ...

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        """Send the answer. Everything that the answer promises must be recorded by now.

        A WebSocket message need not be answered: a `body` goes out as one message of its connection, a `status` of
        400 or more ends the connection, the body being the reason. A datagram is answered to its source.
        """


class Inlet(Protocol):
    """Where the contacts of a passive device arrive, in order."""

    async def contact(self) -> Contact:
        """Wait for the next contact."""
        ...

    def push(self, body: bytes) -> None:
        """Send a message on every WebSocket connection that is open now. Never waits: who is too slow is dropped."""


class DeviceContext(Protocol):
    """What a driver may ask of the gateway."""

    @property
    def clock(self) -> Clock: ...
    @property
    def log(self) -> LoggerAdapter[Any]: ...

    def link(self, address: str, *, again_s: float | None = None) -> AbstractAsyncContextManager[Link]:
        """Open what the address names. Raises DeviceOffline. The supervisor notices by itself when it is lost.

        `again_s` is for `udp://`, which loses datagrams: a question that is not answered is sent again, byte for byte,
        every so many seconds within its time-out. Only for a protocol all of whose questions may be asked twice.
        Other wires lose nothing, and ignore it.
        """
        ...

    def stream(self, address: str) -> AbstractAsyncContextManager[Stream]:
        """Open `tcp://` `serial://` or `rfc2217://` to a device that speaks first, and shares its wire with nobody.

        Raises DeviceOffline. As with `link`, the supervisor notices by itself when it is lost.
        """
        ...

    def inlet(self, spec: str, key: DatagramKey | None = None) -> AbstractAsyncContextManager[Inlet]:
        """Receive what a device that is the client sends. Raises GatewayError when `spec` is wrong or taken, OSError.

        `http:NAME`: what it posts to `/inlet/NAME` of the field listener. `ws:NAME`: its WebSocket connections there.
        `screen:NAME`: both, below `/screens/NAME`, for who has the key of that screen. `iclock:SN`: what it posts to
        `/iclock/…?SN=SN` there, the one path that ZKTeco's devices know. `udp:PORT/KEY`, or
        `udp:HOST:PORT/KEY` on one address only: the datagrams of a port for which `key` gives KEY. Devices share a
        port; `key` must not raise, and gives None for what is not of its protocol.
        """
        ...

    def publish(self, *readings: Reading) -> None:
        """Hand over readings: the latest wins; never waits.

        Only what the device has said: a command's effect once it is confirmed. Raises ValueError for what `surface`
        does not declare.
        """

    async def record(self, *events: Event, cursor: Cursor | None = None) -> None:
        """Record events and the cursor behind them in one transaction. Returns once they are on disk.

        Raises JournalError: then nothing was recorded, and the device must not be told that it was. Let it through:
        the walk stops at its cursor, and `listen` or the poll is begun again later. Events that are all `volatile`,
        without a cursor, are never refused: while the store takes nothing they are held in memory.
        """

    async def cursor(self, name: str) -> str | None:
        """The last committed value of a cursor, None at the first run."""
        ...

    def parts(self, *parts: Part) -> None:
        """Tell the parts that the device has now: what is missing here is gone."""

    def stage(self, command: Command, stage: Stage) -> None:
        """Tell that a command was `sent` or `acked`.

        `sent` may be told more than once: the first time counts for the first bytes, the newest for the last.
        """

    def secret(self, ref: SecretRef) -> str:
        """The secret behind a reference, read when it is asked for."""
        ...

    def mark(self, text: str) -> str:
        """16 letters and digits for a `source_key` that stands on what names a person: they do not tell the text."""
        ...


class Driver(ABC, Generic[ConfigT]):
    """One physical device. Building it does no I/O. It raises; the supervisor decides."""

    config_type: ClassVar[type[DeviceConfig]]
    """The model of its section of the site file."""
    search: ClassVar[Search | None] = None
    """How devices of this kind are found that are in no site file yet; None where they cannot be."""

    def __init__(self, config: ConfigT, context: DeviceContext) -> None:
        self.config = config
        self.context = context

    @abstractmethod
    def surface(self) -> Surface:
        """What the device offers, from its configuration or profile. Pure, and the same at every call."""

    @abstractmethod
    def connect(self) -> AbstractAsyncContextManager[Identity]:
        """Open the device and ask who it is; leaving the context frees everything.

        A passive device enters once its first contact has come. Raises DeviceError, OSError.
        """

    async def poll(self, group: str) -> Sequence[Reading]:
        """Read one poll group. Never called twice at once. Raises DeviceError, OSError."""
        raise NotSupported(f"surface() declares the poll group {group!r}, and poll() does not serve it")

    async def listen(self) -> None:
        """Take what the device pushes, until cancelled. Only overridden by drivers whose device pushes.

        Begun again on the same connection, from its cursors, after a JournalError.
        """

    async def execute(self, command: Command) -> Mapping[str, Any]:
        """Do what is asked; return when the DEVICE confirmed, with details for the person who asked.

        Raises DeviceError, OSError.
        """
        raise NotSupported(f"no verb {command.verb!r}")

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        """Say whether a command can succeed on this device as it is configured. Pure: no I/O.

        Raises CommandRejected with one sentence: what passes may be kept as desired state, to be done later.
        """
        convert(verb.params, params)

    def picture(self, part: str | None) -> Picture | None:
        """What the device shows now, as far as it has acknowledged; None where nothing is known. Pure."""
        return None


StructT = TypeVar("StructT", bound=msgspec.Struct)


def convert(model: type[StructT], params: Mapping[str, Any]) -> StructT:
    """Turn parameters into the Struct a verb declares. Raises CommandRejected, naming the field."""
    try:
        return taken(model, params)
    except ValueError as error:
        raise CommandRejected(f"bad parameters: {error}") from error
