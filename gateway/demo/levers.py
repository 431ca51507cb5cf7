"""The levers of the demo's simulators, by their own listener."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from gateway.client import ANSWER
from gateway.core.errors import GatewayError

READY_S = 30.0


class Levers:
    """What can be done to the boxes. `url` is that of the devices."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url

    async def pull(self, device: str, lever: str, **params: Any) -> bool:
        """Do something to a box; says whether it let that happen: a locked door does not move. Raises GatewayError."""
        try:
            async with self._session.post(f"{self.url}/{device}/levers/{lever}", json=params) as answer:
                if answer.status == 400:
                    return False
                answer.raise_for_status()
                return True
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GatewayError(f"the simulators do not answer at {self.url}: {error}") from error


@asynccontextmanager
async def levers(log: Path) -> AsyncGenerator[Levers]:
    """The levers of the simulators that write this log, once they listen. Raises GatewayError."""
    url = await _said(log)
    async with aiohttp.ClientSession(timeout=ANSWER) as session:
        yield Levers(session, url)


async def _said(log: Path) -> str:
    end = asyncio.get_running_loop().time() + READY_S
    while not (found := re.search(r"levers: (http\S+);", await asyncio.to_thread(log.read_text, "utf-8", "replace"))):
        if asyncio.get_running_loop().time() > end:
            raise GatewayError(f"the simulators did not start within {READY_S:g} s; they said:\n{_tail(log)}")
        await asyncio.sleep(0.05)
    return found[1]


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
