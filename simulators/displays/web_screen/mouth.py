"""The voice of a simulated page: one thing after the other, by a voice of its own or by audio of the gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from drivers.displays.web_screen import codec
from gateway.core.twin import Lever
from simulators.displays.web_screen.levers import Seconds, Switch
from simulators.faults import lever

LETTER_S = 0.15  # as people speak Chinese
MOST = 200  # sentences that `seen` tells
Fetch = Callable[[str], Awaitable[bytes]]


class Mouth:
    """What is waiting to be said, what was said, and what is wrong with the voice."""

    def __init__(self) -> None:
        self.run: str | None = None
        self.said: tuple[codec.Said, ...] = ()
        self.heard: list[dict[str, Any]] = []
        self._last = 0
        self._waiting: asyncio.Queue[codec.Say] = asyncio.Queue()
        self._mute, self._blocked, self._slow = Switch(on=False), Switch(on=False), Seconds()
        self._ends = asyncio.Event()
        self._ends.set()

    def levers(self) -> Mapping[str, Lever]:
        """What can be wrong."""
        return {
            "no_voice": lever(Switch, partial(setattr, self, "_mute")),
            "voice_hangs": lever(Switch, self._hang),
            "slow_voice": lever(Seconds, partial(setattr, self, "_slow")),
            "blocked": lever(Switch, partial(setattr, self, "_blocked")),
        }

    def state(self) -> str:
        """What the page tells of its voice."""
        return "needs a touch" if self._blocked.on else "no voice" if self._mute.on else "ready"

    def answered(self, answer: codec.Answer) -> None:
        """Take what the gateway still wants to be said; a page that is new to a run says nothing of it."""
        if answer.run == self.run:
            for say in answer.says:
                self.take(say)
        else:
            self.forget()
            self.run = answer.run
            self._last = max((say.id for say in answer.says), default=0)

    def forget(self) -> None:
        """Be a page that was loaded anew: what was to be said is not known any more."""
        self.run, self.said = None, ()
        while not self._waiting.empty():
            self._waiting.get_nowait()

    def take(self, say: codec.Say) -> None:
        """Say something when it is its turn; what was taken before is a repeat."""
        if say.run == self.run and say.id > self._last:
            self._last = say.id
            self._waiting.put_nowait(say)

    async def speak(self, say: codec.Say, fetch: Fetch) -> None:
        """Say one thing, as often as it wants. Ends once it was said, or could not be."""
        by, why = ("", "needs a touch") if self._blocked.on else ("voice", "")
        if self._mute.on and not self._blocked.on:
            by, why = ("audio", "") if say.audio and (await fetch(say.audio)).startswith(b"RIFF") else ("", "no voice")
        for _ in range(say.repeat if by else 0):
            told = {"text": say.text, "by": by, "language": say.language, "volume": say.volume}
            self.heard = [*self.heard, told][-MOST:]
            await asyncio.sleep(self._slow.seconds or LETTER_S * len(say.text))
            await self._ends.wait()
        if say.run == self.run:
            self.said = (*self.said, codec.Said(say.id, by, why))[-codec.MOST_SAID :]

    async def next(self) -> codec.Say:
        """Wait for something to say."""
        return await self._waiting.get()

    def _hang(self, given: Switch) -> None:
        """What is begun while this is on does not end before it is lifted."""
        if given.on:
            self._ends.clear()
        else:
            self._ends.set()
