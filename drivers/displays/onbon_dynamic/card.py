"""Asks one card, in the two protocols that it speaks on one connection."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from drivers.displays.onbon_dynamic.codec import requests
from drivers.displays.onbon_dynamic.codec.frames import (
    ANSWERS,
    ANY_SCREEN,
    ANY_TYPE,
    GATEWAY,
    Decoder,
    Dynamic,
    Frame,
    Native,
)
from drivers.displays.onbon_dynamic.codec.requests import Reply, Request
from drivers.displays.onbon_dynamic.config import OnbonDynamicConfig
from gateway.core.contract import Link
from gateway.core.errors import CommandRejected, DeviceBusy, ProtocolError

NATIVE_VERSIONS = {5: 5, 6: 7}
"""What the vendor's client sends to a generation."""
ValueT = TypeVar("ValueT")


class Card:
    """A card at the end of a link. All it does raises DeviceError, OSError: a refusal with its name."""

    def __init__(self, config: OnbonDynamicConfig, link: Link) -> None:
        self._config, self._link = config, link
        self._seq = 0

    async def ask(self, request: Request, sent: Callable[[], None] | None = None, *, any_type: bool = False) -> Reply:
        """Ask in the protocol of dynamic areas. With `any_type` a card of another model answers as well."""
        device_type = ANY_TYPE if any_type else self._config.card.device_type
        frame = Dynamic(dst=self._config.screen, device_type=device_type, data=request.data())
        return await self._exchange(request, frame, sent)

    async def ask_natively(self, request: Request, sent: Callable[[], None] | None = None) -> Reply:
        """Ask in the cards' own protocol, where a card of another model answers as well."""
        self._seq = (self._seq + 2) % ANSWERS
        version = NATIVE_VERSIONS[self._config.card.generation]
        frame = Native(dst=self._config.screen, version=version, seq=self._seq, data=request.data())
        return await self._exchange(request, frame, sent)

    async def tell(self, command: bytes, read: Callable[[bytes], ValueT]) -> ValueT | None:
        """What the card tells of itself; None where it does not know the question."""
        try:
            reply = await self.ask_natively(Request(command=command))
            return read(reply.payload)
        except CommandRejected:
            return None
        except ValueError as error:
            raise ProtocolError(f"{self._config.id}: {error}") from error

    async def _exchange(self, request: Request, frame: Frame, sent: Callable[[], None] | None) -> Reply:
        matches = partial(self._answer, Decoder(), request, frame)
        reply = await self._link.exchange(frame.wire(), matches, self._config.timeout_s, sent)
        if reply.refused:
            name = requests.ERRORS.get(reply.error, "unknown")
            error = f"{self._config.id} refused with error {reply.error}, {name}"
            raise DeviceBusy(error) if reply.error == requests.BUSY else CommandRejected(error)
        return reply

    def _answer(self, decoder: Decoder, request: Request, asked: Frame, data: bytes) -> Reply | None:
        for found in decoder.feed(data):
            if isinstance(found, Dynamic | Native) and self._is_answer(asked, found):
                reply = requests.read_reply(found.data)
                if reply is not None and reply.to(request):
                    return reply
        return None

    def _is_answer(self, asked: Frame, found: Frame) -> bool:
        if found.dst != GATEWAY or asked.dst not in (found.src, ANY_SCREEN):
            return False
        if isinstance(asked, Native):
            return isinstance(found, Native) and found.seq == asked.seq | ANSWERS
        return isinstance(found, Dynamic)
