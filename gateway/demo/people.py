"""The living queue of the demo: visitors take numbers, officers call them, pause and come back."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

from gateway.client import Client

SURNAMES = "王李张刘陈杨黄赵吴周徐孙"
GIVEN = ("伟", "芳", "娜", "敏", "静", "秀英", "丽", "强", "磊", "洋")
PAUSE_S = 1.2  # a hall of twelve windows calls about once a second at its busiest


class Queue:
    """Calls numbers at random windows, always the same for a seed."""

    def __init__(self, client: Client, windows: Sequence[str], *, seed: int, run: str) -> None:
        self._client, self._windows, self._run = client, windows, run
        self._random = random.Random(seed)  # noqa: S311 - a demo that repeats itself, no secret
        self._number = 0
        self._paused: set[str] = set()
        self._last: dict[str, str] = {}
        self.calls: list[str] = []
        self.kinds: Counter[str] = Counter()

    async def live(self) -> None:
        """Go on for ever."""
        for window in self._windows:
            await self._call(window, "call")
            await asyncio.sleep(PAUSE_S / 6)
        while True:
            window = self._random.choice(self._windows)
            await self._call(window, self._kind(window))
            await asyncio.sleep(PAUSE_S * self._random.uniform(0.5, 1.5))

    def _kind(self, window: str) -> str:
        if window in self._paused:
            self._paused.discard(window)
            return "resume"
        kind = self._random.choices(("call", "recall", "pause"), (80, 12, 8))[0]
        if kind == "pause":
            self._paused.add(window)
        return kind

    async def _call(self, window: str, kind: str) -> None:
        call_id = f"demo-{self._run}-{len(self.calls) + 1}"
        body: dict[str, object] = {"call_id": call_id, "window": window, "kind": kind}
        if kind == "call":
            self._number += 1
            self._last[window] = f"A{self._number % 1000:03d}"
            body["person_name"] = self._random.choice(SURNAMES) + self._random.choice(GIVEN)
            body["priority"] = self._random.choices(("normal", "priority", "green"), (85, 10, 5))[0]
        if kind in ("call", "recall"):
            body["ticket"] = self._last[window]
        await self._client.post("/calls", body)
        self.calls.append(call_id)
        self.kinds[kind] += 1
