"""How an order is put to a controller: done, or refused with a sentence."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from drivers.access.uhppote.codec.box import Done
from drivers.access.uhppote.codec.packet import Message
from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.wire import Wire
from gateway.core.contract import DeviceContext
from gateway.core.errors import CommandRejected, NotSupported
from gateway.core.model import Command, Stage

ReplyT = TypeVar("ReplyT", bound=Message)


class Asking:
    """The way of one command to one controller."""

    def __init__(self, config: UhppoteConfig, context: DeviceContext, wire: Wire, command: Command) -> None:
        self.config, self.wire, self.command = config, wire, command
        self.sent: Callable[[], None] = partial(context.stage, command, Stage.SENT)

    async def do(
        self, order: Message, reply: type[Done], *, again: bool = True, timeout_s: float | None = None
    ) -> None:
        """Have something done. Raises CommandRejected where the controller says no."""
        if not (await self.wire.ask(order, reply, again=again, timeout_s=timeout_s, sent=self.sent)).ok:
            raise CommandRejected(f"{self.config.id} refused: {self.command.verb}")

    async def get(
        self, question: Message, reply: type[ReplyT], fits: Callable[[ReplyT], bool] = lambda _: True
    ) -> ReplyT:
        """What it answers."""
        return await self.wire.ask(question, reply, fits=fits)

    def same(self, kept: object, wanted: object) -> None:
        """Raise CommandRejected where the controller has kept something else than it was told. Neither is named:
        it may be somebody's."""
        if kept != wanted:
            raise CommandRejected(f"{self.config.id} agreed to {self.command.verb}, and has kept something else")

    def number(self, part: str | None) -> int:
        """The number of a door. Raises NotSupported."""
        for door in self.config.doors:
            if door.id == part:
                return door.number
        raise NotSupported(f"{self.config.id} has no door {part!r}")
