"""How a reader gets its key: only where the site file says that it is being installed, and only once a person asks."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.conversation import Conversation
from gateway.core.contract import DeviceContext
from gateway.core.errors import AuthFailed, CommandRejected, DeviceError, JournalError
from gateway.core.model import Cursor

PROVEN = "proven"


class Installing:
    """The state of it, for one device. While it `waits`, the reader is asked who it is, and nothing else.

    A key that was proven here is kept as its mark: who does not know it any more is another reader.
    """

    def __init__(self, config: OsdpConfig, context: DeviceContext) -> None:
        self._config, self._context = config, context
        self.waits = False
        self._kept = ""
        self._asked: asyncio.Future[None] | None = None
        self._wanted = asyncio.Event()

    async def begin(self, talk: Conversation) -> None:
        """Shake hands. Raises AuthFailed for a reader without the key, unless it is being installed; JournalError."""
        self.waits = False
        try:
            await talk.begin()
        except AuthFailed as error:
            if not self._config.install:
                raise
            if await self._context.cursor(PROVEN) == self._mark(talk):
                raise AuthFailed(f"{error}. It was proven here before: another reader needs another key") from error
            self.waits = True
        else:
            await self._keep(talk)

    async def _keep(self, talk: Conversation) -> None:
        """Keep that the key was proven. Where that cannot be, it is the next time: what the reader says is not lost."""
        if self._config.install and self._kept != (mark := self._mark(talk)):
            with suppress(JournalError):
                await self._context.record(cursor=Cursor(PROVEN, mark))
                self._kept = mark

    def _mark(self, talk: Conversation) -> str:
        return self._context.mark((talk.key or b"").hex())

    async def install(self) -> Mapping[str, Any]:
        """Have the key installed and proven. Raises CommandRejected, and what the wire raises."""
        if not self.waits:
            raise CommandRejected(f"{self._config.id} has its key: take `install` out of the site file")
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().create_future()
            self._wanted.set()
        await asyncio.shield(self._asked)
        return {"secure": True}

    async def serve(self, talk: Conversation) -> None:
        """Install the key once it is asked for; see from time to time whether the reader is there, or has it by now."""
        try:
            async with asyncio.timeout(self._config.status_s):
                await self._wanted.wait()
        except TimeoutError:
            await self.begin(talk)
            return
        self._wanted.clear()
        await self._install(talk)

    async def _install(self, talk: Conversation) -> None:
        asked = self._asked
        try:
            await talk.install()
        except AuthFailed:
            self._fail(asked, CommandRejected(f"{self._config.id} does not take the key: is it in install mode?"))
        except DeviceError as error:
            self._fail(asked, error)
            raise
        else:
            self.waits = False
            if asked is not None and not asked.done():
                asked.set_result(None)
            await self._keep(talk)

    def _fail(self, asked: "asyncio.Future[None] | None", error: DeviceError) -> None:
        if asked is not None and not asked.done():
            asked.set_exception(error)
            asked.exception()  # looked at: who asked may have gone
