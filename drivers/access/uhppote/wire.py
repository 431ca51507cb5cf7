"""Questions to one controller and their answers: one at a time, each on a socket of its own."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

from drivers.access.uhppote.codec.log import GetStatus, Status
from drivers.access.uhppote.codec.packet import HEAD, Decoder, Message, Noise, Packet, whole
from drivers.access.uhppote.config import UhppoteConfig
from gateway.core.contract import DeviceContext
from gateway.core.errors import CommandRejected

ReplyT = TypeVar("ReplyT", bound=Message)


def _whole(data: bytes) -> Iterator[Packet | Noise]:
    yield whole(data)


class Wire:
    """The way to a controller.

    An answer has the serial number and the function of its question, and what else `fits` asks for. Anything else is
    dropped and counted. As each question has a socket of its own, what comes late or twice finds nobody: answers have
    no number that would tell them apart. A controller may serve one TCP client at a time, so that a connection is never
    kept, and nobody asks while another question is open.
    """

    def __init__(self, config: UhppoteConfig, context: DeviceContext) -> None:
        self._config, self._context = config, context
        self._turn = asyncio.Lock()  # as the one in a link, where links are kept
        self.strays = 0
        self.latest: Status | None = None

    async def ask(
        self,
        question: Message,
        reply: type[ReplyT],
        *,
        fits: Callable[[ReplyT], bool] = lambda _: True,
        again: bool = True,
        timeout_s: float | None = None,
        sent: Callable[[], None] | None = None,
    ) -> ReplyT:
        """The answer to a question. `again` False: it may not be asked twice. Raises DeviceOffline, CommandRejected."""
        config = self._config
        try:
            request = question.wire(config.serial)
        except ValueError as error:
            raise CommandRejected(f"{config.id}: {error}") from error
        again_s = config.again_s if again else None
        async with self._turn, self._context.link(config.address, again_s=again_s) as link:
            return await link.exchange(request, self._matching(reply, fits), timeout_s or config.timeout_s, sent)

    async def status(self) -> Status:
        """How it is; it is the `latest` then."""
        self.latest = await self.ask(GetStatus(), Status)
        return self.latest

    def _matching(self, reply: type[ReplyT], fits: Callable[[ReplyT], bool]) -> Callable[[bytes], ReplyT | None]:
        packets = _whole if self._config.address.startswith("udp:") else Decoder().feed

        def matches(data: bytes) -> ReplyT | None:
            for found in packets(data):
                answer = self._answer(found, reply)
                if answer is not None and fits(answer):
                    return answer
                self.strays += 1
            return None

        return matches

    def _answer(self, found: Packet | Noise, reply: type[ReplyT]) -> ReplyT | None:
        if isinstance(found, Noise) or found.serial != self._config.serial or found.data[0] != HEAD:
            return None
        return reply.read(found)
