"""One area: its calls are spoken one after the other, in the order in which they were accepted."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.calls.announced import Announced
from gateway.calls.config import WindowConfig
from gateway.calls.model import PRIORITIES, Call, is_over, order
from gateway.calls.quiet import is_quiet
from gateway.calls.speakers import Sentence, Speakers
from gateway.calls.speaking import Language, fields_en, fields_zh, sentence
from gateway.calls.utterance import Said, State, Utterance
from gateway.calls.voice_config import AreaConfig
from gateway.core.contract import Clock
from gateway.journal.rows import Desired

UNSAYABLE = "its ticket has nothing that can be said"
Changed = Callable[[Utterance], None]


class Area:
    """A queue, and what is being spoken. `changed` is told of every new state of a call but the first."""

    def __init__(
        self,
        config: AreaConfig,
        windows: Sequence[WindowConfig],
        *,
        speakers: Speakers,
        zone: ZoneInfo,
        clock: Clock,
        announced: Announced,
        changed: Changed,
    ) -> None:
        self.closed = False
        self._waiting: deque[Utterance] = deque()
        self._speaking: Utterance | None = None
        self._news = asyncio.Event()
        self._zone, self._clock, self._announced, self._changed = zone, clock, announced, changed
        self.configure(config, windows, speakers)

    def configure(self, config: AreaConfig, windows: Sequence[WindowConfig], speakers: Speakers) -> None:
        """Be as the site file says, from the next call on."""
        self.config, self._speakers = config, speakers
        own = [window for window in windows if not config.zones or window.zone in config.zones]
        self._windows = {window.id: window for window in own}

    def hears(self, call: Call) -> bool:
        """Whether a call to this window is spoken here."""
        return call.window in self._windows

    def take(self, utterance: Utterance, why: str | None = None) -> None:
        """Let a call wait for its turn; `why` says why it is not to be spoken at all."""
        now = self._clock.now()
        if why is not None:
            self._become(utterance, State.OUTDATED, why)
        elif self._over(utterance, now):
            return
        elif len(self._waiting) >= self.config.most_waiting:
            self._become(utterance, State.FULL, f"{len(self._waiting)} calls waited")
        else:
            self._waiting.append(utterance)
            self._news.set()

    def withdraw(self, end: Call) -> bool:
        """Leave out what waits and is over by this: a number that has ended, all of a window that has closed.

        What has begun is said to its end. Gives whether there was any.
        """
        place = order(end.session, end.seq)  # an end that was overtaken ends nothing that was called after it
        older = [each for each in self._waiting if order(each.call.session, each.call.seq) < place]
        over = [each for each in older if is_over(each.call, end)]
        for utterance in over:
            self._waiting.remove(utterance)
            self._become(utterance, State.WITHDRAWN, f"{end.kind} came before its turn")
        return bool(over)

    def close(self) -> None:
        """Speak nothing more but what is being spoken."""
        self.closed = True
        while self._waiting:
            self._become(self._waiting.popleft(), State.MISSED, "the area is no more")
        self._news.set()

    def wake(self) -> None:
        """See whether it may speak again."""
        self._news.set()

    def hushed(self) -> bool:
        """Whether an emergency is shown here: people are to leave, and not to come to a window."""
        return self._announced.emergency(self.config.zones or None) is not None

    async def run(self) -> None:
        """Speak, until closed."""
        if self._speaking is not None:  # a bug ended the last run: it is said in the log
            self._end(self._speaking, State.FAILED, "the gateway failed while it was spoken")
        while not self.closed:
            if not self._waiting or self.hushed():
                self._news.clear()
                await self._news.wait()
                continue
            await self._speakers.gather()
            if self._waiting and not self.hushed():  # it may have been closed meanwhile
                await self._in_turn(self._waiting.popleft())

    def kept(self) -> Desired:
        """The row that brings back after a restart what is accepted, or being accepted, and not yet spoken."""
        under_way = [*([self._speaking] if self._speaking else []), *self._waiting]
        return row(self.config.id, [(each.call, each is self._speaking) for each in under_way if each.kept])

    async def _in_turn(self, utterance: Utterance) -> None:
        if self._over(utterance, self._clock.now()):
            return
        sentences = self._sentences(utterance.call)
        if not sentences:
            self._become(utterance, State.FAILED, UNSAYABLE)
            return
        speakers, gap_s = self._speakers, self.config.gap_s
        utterance.speakers = {name: Said() for name in speakers.names}
        self._speaking = utterance
        self._become(utterance, State.SPEAKING)
        for each in sentences:
            if self.hushed():
                break
            await speakers.say(each, utterance.speakers)
            if any(said.sentences for said in utterance.speakers.values()):
                await asyncio.sleep(gap_s)
        if any(said.sentences for said in utterance.speakers.values()):
            self._end(utterance, State.SPOKEN)
        else:
            self._end(utterance, State.FAILED, "no speaker of the area could")

    def _sentences(self, call: Call) -> list[Sentence]:
        """What is said of a call: all of it as often as the area wants."""
        config, window = self.config, self._windows[call.window]
        ticket, label = call.ticket or "", window.label
        priority = PRIORITIES[call.priority]
        fields = fields_zh(ticket=ticket, label=label, function=window.function, name=call.name, priority=priority)
        said = [(Language.ZH, sentence(config.say, fields))]
        if config.say_en is not None:
            said.append((Language.EN, sentence(config.say_en, fields_en(ticket=ticket, label=label))))
        texts = [(text, language) for language, text in said if text] if said[0][1] else []
        name = f"{config.id}/{call.call_id}"
        return [
            Sentence(f"{name}/{turn}/{language}", text, language, config.volume)
            for turn in range(config.repeat)
            for text, language in texts
        ]

    def _over(self, utterance: Utterance, now: datetime) -> bool:
        """Whether its time is over, or now is not the time to speak; it ends then."""
        expires_at = utterance.call.expires_at
        if expires_at is not None and expires_at <= now:
            self._become(utterance, State.EXPIRED)
        elif is_quiet(now.astimezone(self._zone).time(), self.config.quiet):
            self._become(utterance, State.QUIET)
        elif not self.hears(utterance.call):
            self._become(utterance, State.MISSED, "its window is no more here")
        return utterance.ended

    def _end(self, utterance: Utterance, state: State, reason: str | None = None) -> None:
        self._speaking = None
        self._become(utterance, state, reason)

    def _become(self, utterance: Utterance, state: State, reason: str | None = None) -> None:
        utterance.become(state, self._clock.now(), reason)
        self._changed(utterance)


def row(area: str, calls: Sequence[tuple[Call, bool]]) -> Desired:
    """The row of an area: its calls in their order, each with whether it is being spoken."""
    params: Mapping[str, object] = {"calls": [{"call": msgspec.to_builtins(call), "begun": on} for call, on in calls]}
    return Desired(
        device=f"voice/{area}",
        part=None,
        verb="speak",
        params=dict(params),
        rev=0,
        expires_at=None,
        actor="gateway",
        command_id=f"voice/{area}",
    )
