"""How a reader gets its key: only where the site file says that it is being installed, and only once a person asks."""

import asyncio
from collections.abc import Mapping
from typing import Any

from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.conversation import Conversation
from gateway.core.errors import AuthFailed, CommandRejected, DeviceError


class Installing:
    """The state of it, for one device. While it `waits`, the reader is asked who it is, and nothing else."""

    def __init__(self, config: OsdpConfig) -> None:
        self._config = config
        self.waits = False
        self._asked: asyncio.Future[None] | None = None
        self._wanted = asyncio.Event()

    async def begin(self, talk: Conversation) -> None:
        """Shake hands. Raises AuthFailed for a reader without the key, unless it is being installed."""
        self.waits = False
        try:
            await talk.begin()
        except AuthFailed:
            if not self._config.install:
                raise
            self.waits = True

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

    def _fail(self, asked: "asyncio.Future[None] | None", error: DeviceError) -> None:
        if asked is not None and not asked.done():
            asked.set_exception(error)
            asked.exception()  # looked at: who asked may have gone
