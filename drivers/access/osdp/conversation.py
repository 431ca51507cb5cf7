"""The conversation with one reader. A question is one turn of the wire, and waits until the last answer is recorded."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from drivers.access.osdp import codec
from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.panel import Claims, Panel, Unsafe
from gateway.core.contract import Link
from gateway.core.errors import AuthFailed, CommandRejected, DeviceError, ProtocolError
from gateway.core.model import Event

PAUSE_S = 0.02
"""How often it is looked whether something is to be asked: libosdp asks 50 ms after an answer."""
NOT_IN_CLEAR = 6
NO_KEY = (3, 5, NOT_IN_CLEAR)
"""Why a reader refuses: unknown command, unsupported security, security conditions not met (SIA OSDP 2.2, table 47)."""


class Order:
    """A command of libosdp, and how it ends. `event` is recorded, once obeyed, before anybody hears of it."""

    def __init__(
        self, command: Mapping[str, Any], sent: Callable[[], None] = lambda: None, event: Event | None = None
    ) -> None:
        self.command, self.sent, self.event = command, sent, event
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(self, *, obeyed: bool) -> None:
        """It is over, and the reader has obeyed or refused."""
        if not self.ended.done():
            self.ended.set_result(obeyed)

    def fail(self, error: DeviceError) -> None:
        """It is over, and nothing is known."""
        if not self.ended.done():
            self.ended.set_exception(error)
            self.ended.exception()  # looked at: who gave it may have gone


class Conversation:
    """What is said on one link. All it does raises DeviceError: AuthFailed for a reader that does not prove its key."""

    def __init__(self, config: OsdpConfig, link: Link, wire: codec.Wire, key: bytes | None) -> None:
        self._config, self._link, self._wire, self.key = config, link, wire, key
        self._orders: deque[Order] = deque()
        self._order: Order | None = None
        self._given = asyncio.Event()
        self._said: codec.Frame | None = None
        self.claims: Claims = {}
        """What the reader claims to have, once hands were shaken."""
        self.panel = self._new(enforce=key is not None)

    def _new(self, *, enforce: bool) -> Panel:
        return Panel(self._wire, self._config.reader, self.key, enforce=enforce)

    async def begin(self) -> None:
        """Shake hands, from the start."""
        await self._shake_hands(enforce=self.key is not None)

    async def install(self) -> None:
        """Give a reader in install mode its key, and have it prove it. Raises AuthFailed where it does not take it."""
        await self._shake_hands(enforce=False)
        await self._shake_hands(enforce=True)

    async def _shake_hands(self, *, enforce: bool) -> None:
        self.panel = self._new(enforce=enforce)
        while not self.panel.online:
            if not await self._ask():
                await asyncio.sleep(PAUSE_S)
            if self.panel.offline:
                raise self._refusal()
        self.claims = self.panel.claims()

    async def turn(self) -> None:
        """Ask what is to be asked next and hear the answer, or wait for a moment where nothing is.

        What the reader said must be taken after each turn, with `ended` and `events`. libosdp gives up a reader that
        refuses a command: hands are shaken anew then.
        """
        if self.panel.offline:
            await self.begin()
        while self._order is None and self._orders:
            self._submit(self._orders.popleft())
        if not await self._ask():
            self._given.clear()
            await _until(self._given, PAUSE_S)
        if self.panel.offline and self._order is None:
            raise self._refusal()

    async def _ask(self) -> bool:
        try:
            question = self.panel.question()
        except Unsafe as error:
            raise AuthFailed(f"{self._config.id}: nothing is said in clear to a reader with a key ({error})") from error
        if not question:
            return False
        answers = codec.Answers(question)
        answer = await self._link.exchange(question, answers.feed, self._config.timeout_s)
        self._said = codec.read(answer)
        self.panel.hear(answer)
        return True

    def give(self, order: Order) -> None:
        """Have a command carried out, behind those that wait."""
        self._orders.append(order)
        self._given.set()

    def _submit(self, order: Order) -> None:
        """Begin with an order. One whose giver waits no longer is dropped: they were told that it was too late.

        From here on it cannot be called off: libosdp makes a question of it in its next `refresh`, before anybody can
        give up, and `flush_commands` takes back only what is no question yet.
        """
        if order.ended.done():
            return
        if self.panel.submit(order.command):
            self._order = order
            order.sent()
        else:
            order.fail(CommandRejected(f"{self._config.id}: libosdp does not take this command"))

    def ended(self) -> tuple[Order, bool] | None:
        """The order that has ended in the last turn, and whether it was obeyed. The caller ends it."""
        results = self.panel.obeyed()
        if self._order is None or not (results or self.panel.offline):
            return None
        order, self._order = self._order, None
        return order, bool(results and results.popleft())

    def events(self) -> list[Mapping[str, Any]]:
        """What the reader has said in the last turn."""
        heard = self.panel.events()
        return [heard.popleft() for _ in range(len(heard))]

    def _refusal(self) -> DeviceError:
        """Why libosdp has given the reader up, from what was asked last and how it was answered."""
        name, said, asked = self._config.id, self._said, self.panel.asked
        code = said.data[0] if said is not None and said.code == codec.NAK and said.data else None
        if asked == codec.CAP and code is None:
            return AuthFailed(f"{name} cannot prove its key: it has no secure channel")
        if asked in (codec.CHLNG, codec.SCRYPT) and code in (None, *NO_KEY):
            return AuthFailed(f"{name} does not prove its key: it has another one, or none yet")
        if self.key is None and code == NOT_IN_CLEAR:
            return AuthFailed(f"{name} has a key, and is not spoken to in clear: the site file must name the key")
        return ProtocolError(f"{name} refused command {asked:02x} with error {code}")


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
