"""The speakers of an area: all say the same sentence at the same time, and none of them can hold up the others."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from gateway.calls.rendering import Renderer
from gateway.calls.speaking import Language, seconds
from gateway.calls.utterance import Said
from gateway.calls.voice_config import VERB
from gateway.core.errors import NotSupported
from gateway.core.model import Command, Stage
from gateway.core.screen import Play
from gateway.hub import Status
from gateway.supervisor.context import House
from gateway.supervisor.life import Life

PATIENCE_S = 10.0  # for a first speaker to come, once after all were away: a page needs some seconds after a restart
SLACK, MORE_S = 2.0, 5.0  # a speaker that has answered so far gets so many times the usual, and so many seconds more
ACTOR = "gateway"


class Sentence(NamedTuple):
    """What is said, how loud in percent; `name` makes the ids of its commands."""

    name: str
    text: str
    language: Language
    volume: int


class Speakers:
    """The speakers of an area. `late` are those that did not say when they had ended: they are not waited for."""

    def __init__(self, names: Sequence[str], *, lives: Mapping[str, Life], house: House, renderer: Renderer) -> None:
        self.names = names
        self._lives, self._house, self._renderer = lives, house, renderer
        self._late: set[str] = set()
        self._patient = True

    async def gather(self) -> None:
        """Wait for a first speaker, unless that was in vain before and none has come since."""
        clock = self._house.clock
        until = clock.monotonic() + (PATIENCE_S if self._patient else 0)
        with self._house.hub.subscribe("availability") as changes:
            while not (there := any(map(self._online, self.names))) and (left_s := until - clock.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await changes.take()
        self._patient = there

    async def say(self, sentence: Sentence, told: Mapping[str, Said]) -> None:
        """Have all speakers say a sentence; returns when all of them have ended, or are waited for no longer."""
        async with asyncio.TaskGroup() as group:
            for name in self.names:
                group.create_task(self._say_on(name, sentence, told[name]))

    async def _say_on(self, name: str, sentence: Sentence, told: Said) -> None:
        device, _, part = name.partition("/")
        life, usual_s = self._lives.get(device), seconds(sentence.text)
        if life is None:
            told.reason = f"there is no device {device!r} any more"
            return
        try:
            verb = life.verb(VERB, part or None)
        except NotSupported as error:  # a part that is gone
            told.reason = str(error)
            return
        limit_s = usual_s if name in self._late else SLACK * usual_s + MORE_S
        command = Command(
            id=f"voice/{sentence.name}/{name}",
            verb=VERB,
            part=part or None,
            params=self._params(sentence, device, can_play=issubclass(verb.params, Play)),
            deadline=self._house.clock.monotonic() + limit_s,
            actor=ACTOR,
        )
        result = await life.execute(command)
        if result.status is Stage.ACKED:  # it does not tell when it has ended
            await asyncio.sleep(usual_s)
        if result.status in (Stage.ACKED, Stage.CONFIRMED):
            told.sentences += 1
            self._late.discard(name)
            return
        told.reason = str(result.detail.get("reason") or f"it did not say within {limit_s:.0f} s that it had ended")
        if result.status is Stage.TIMEOUT:
            self._late.add(name)

    def _params(self, sentence: Sentence, device: str, *, can_play: bool) -> Mapping[str, object]:
        params = {"text": sentence.text, "volume": sentence.volume, "language": sentence.language.value}
        audio = {"audio": self._renderer.offer(sentence.text, sentence.language, device)} if can_play else {}
        return {**params, **audio}

    def _online(self, name: str) -> bool:
        life = self._lives.get(name.partition("/")[0])
        return life is not None and life.view.status is Status.ONLINE
