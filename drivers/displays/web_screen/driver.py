"""Drives a waiting-area screen: a page of ours in a browser, which says what it has on the glass."""

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from drivers.displays.web_screen import codec, drawing
from drivers.displays.web_screen.board import face, text_of
from drivers.displays.web_screen.config import SILENT_BEATS, WebScreenConfig
from drivers.displays.web_screen.pages import Pages, shown_at
from drivers.displays.web_screen.speech import Speech
from drivers.displays.web_screen.verbs import DEVICE, POINTS, Identify
from drivers.shared.text import printable
from gateway.core.contract import Contact, DeviceContext, Driver, Inlet, convert
from gateway.core.errors import CommandRejected
from gateway.core.model import (
    Command,
    Identity,
    Picture,
    Quality,
    Reading,
    Scalar,
    Stage,
    Surface,
)
from gateway.core.screen import Board, Play, Power, Show

ORDERS = 8  # kept for pages that poll: they come every few seconds


class WebScreen(Driver[WebScreenConfig]):
    """One screen. What is sent counts once every page of it that people can see has it on the glass."""

    config_type = WebScreenConfig
    _inlet: Inlet

    def __init__(self, config: WebScreenConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._run = secrets.token_hex(4)
        self._rev = self._first_rev = self._order = 0
        self._content = codec.Content()
        self._board: Board | None = None
        self._text: dict[str, str] = {"text": "", "colour": ""}
        self._mark = codec.mark(self._content)
        self._mended = -math.inf
        self._orders: list[codec.Order] = []
        self._pages = Pages(SILENT_BEATS * config.beat_s)
        self._speech = Speech(self._run, self._pages)
        self._news = asyncio.Event()

    def surface(self) -> Surface:
        return Surface(device=DEVICE, silent_after_s=SILENT_BEATS * self.config.beat_s)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Wait for a page. What it shall show is told anew: nothing of an earlier connection is left."""
        async with self.context.inlet(f"screen:{self.config.id}") as self._inlet:
            self._pages.clear()
            self._content, self._first_rev = codec.Content(), self._rev
            self._board, self._text = None, {"text": "", "colour": ""}
            self._mark = codec.mark(self._content)
            while (beat := self._take(await self._inlet.contact())) is None:
                pass
            yield Identity(model="web page", firmware=printable(beat.build, 64) or None)

    async def listen(self) -> None:
        self._publish()
        while True:
            self._take(await self._inlet.contact())
            self._publish()

    async def execute(self, command: Command) -> Mapping[str, Any]:
        match command.verb:
            case "board":
                self._board = convert(Board, command.params)
                return await self._show(command, **face(self._board, self._text))
            case "show":
                self._text = text_of(convert(Show, command.params))
                return await self._show(command, **face(self._board, self._text))
            case "power":
                return await self._show(command, lit=convert(Power, command.params).on)
            case "identify":
                return await self._tell(command, convert(Identify, command.params).seconds)
            case "speak":
                return await self._speak(command, convert(Play, command.params))
            case "reload":
                return await self._tell(command, 0)
            case _:
                return await super().execute(command)

    def picture(self, part: str | None) -> Picture | None:
        """What is on the glass, drawn with our own font; None while pages differ."""
        return drawing.picture(self._content) if self._is_shown() else None

    def _is_shown(self) -> bool:
        return self._first_rev < self._rev == self._pages.shown(self._run)

    async def _show(self, command: Command, **changes: Any) -> Mapping[str, Any]:
        """Put something new onto the pages; returns when it is on the glass."""
        old, self._content = self._content, msgspec.structs.replace(self._content, **changes)
        rev = self._next()
        delta = codec.change(old, self._content) if rev > self._first_rev + 1 else None
        message = codec.encode(codec.Delta(self._run, rev, rev - 1, **delta)) if delta else b""
        if not 0 < len(message) <= codec.MOST_DELTA:
            message = codec.encode(self._snapshot())
        self._inlet.push(message)
        begun = self.context.clock.now()
        await self._until(command, lambda: self._pages.shown(self._run) >= rev, rev)
        pages = self._pages.seen()
        lit = self._content.lit
        return {
            "rev": rev,
            "pages": len(pages),
            "render_ms": max((page.render_ms or 0 for page in pages), default=None),
            "shown_at": shown_at(pages, begun, self.context.clock.now()) if lit else None,
            "lit": lit,
        }

    def _next(self) -> int:
        """Begin a revision."""
        self._rev += 1
        self._mark = codec.mark(self._content)
        return self._rev

    def _mend(self, now: float) -> None:
        """Show everything anew where a page has something else; not at every beat, it may be beyond help."""
        if now - self._mended >= self.config.beat_s:
            self._mended = now
            self._next()
            self._inlet.push(codec.encode(self._snapshot(afresh=True)))

    async def _tell(self, command: Command, seconds: float) -> Mapping[str, Any]:
        """Have every page do something once."""
        self._order += 1
        order = codec.Order(self._run, self._order, command.verb, seconds)
        self._orders = [*self._orders, order][-ORDERS:]
        self._inlet.push(codec.encode(order))
        await self._until(command, lambda: self._pages.obeyed(order.id))
        return {"pages": len(self._pages.seen())}

    async def _speak(self, command: Command, play: Play) -> Mapping[str, Any]:
        """Have the pages say something; returns when they have ended. Raises CommandRejected where none has said it."""
        asked = self._speech.begin(play, command.deadline, self.context.clock)
        try:
            self._inlet.push(codec.encode(asked.say))
            await self._until(command, asked.over)
            return asked.how()
        finally:
            self._speech.end(asked)

    async def _until(self, command: Command, done: Callable[[], bool], rev: int | None = None) -> None:
        """Wait until the pages say so. Raises CommandRejected when one says that it could not show `rev`."""
        sent = False
        while not done():
            if self._pages.seen() and not sent:
                self.context.stage(command, Stage.SENT)
                sent = True
            if rev is not None and (why := self._pages.refused(self._run, rev)):
                raise CommandRejected(f"{self.config.id}: the page could not show it: {why}")
            await self._news.wait()

    def _take(self, contact: Contact) -> codec.Beat | None:
        """Take what came; gives the beat, if it is one that counts."""
        try:
            if contact.method == "CLOSE":
                self._pages.left(contact.source)
                return None
            beat = codec.read_beat(contact.body)
            if isinstance(beat, codec.Noise):
                contact.answer(400, f"no beat: {beat.why}".encode())
                return None
            return self._count(beat, contact)
        finally:
            self._news.set()
            self._news = asyncio.Event()

    def _count(self, beat: codec.Beat, contact: Contact) -> codec.Beat | None:
        """Count a page as it says that it stands, unless it has gone, or has said something newer; answer it."""
        counts = not (beat.gone or self._pages.is_late(beat))
        now, new, wrong = self.context.clock.monotonic(), False, False
        if counts:
            source = contact.source if contact.method == "MESSAGE" else ""
            wrong = (beat.run, beat.rev) == (self._run, self._rev) and beat.mark not in (None, self._mark)
            new = self._pages.take(beat, source, now, run=self._run, order=self._order, wrong=wrong)
        elif beat.gone:
            self._pages.gone(beat)
        contact.answer(200, codec.encode(self._answer(beat, new=new)), "application/json")
        if wrong:
            self._mend(now)
        return beat if counts else None

    def _answer(self, beat: codec.Beat, *, new: bool) -> codec.Answer:
        """While nothing is wanted yet a new page waits a beat: it keeps its numbers over a restart of ours."""
        behind = (beat.run, beat.rev) != (self._run, self._rev)
        known = self._rev > self._first_rev or not new
        return codec.Answer(
            sent=beat.sent,
            now=int(self.context.clock.now().timestamp() * 1000),
            run=self._run,
            last_order=self._order,
            snapshot=self._snapshot() if beat.want and behind and known else None,
            orders=tuple(order for order in self._orders if beat.done_run == order.run and order.id > (beat.done or 0)),
            says=self._speech.still(),
        )

    def _snapshot(self, *, afresh: bool = False) -> codec.Snapshot:
        config = self.config
        return codec.Snapshot(
            run=self._run,
            rev=self._rev,
            beat_s=config.beat_s,
            hide_after_min=config.hide_after_min,
            content=self._content,
            afresh=afresh,
        )

    def _publish(self) -> None:
        values: dict[str, Scalar] = dict.fromkeys(point.name for point in POINTS)
        values |= self._pages.values(self._run, self._rev)
        if self._is_shown():
            values |= {"text": drawing.words(self._content), "colour": self._content.colour}
        good, bad = Quality.GOOD, Quality.BAD
        self.context.publish(
            *(Reading(None, name, value, bad if value is None else good) for name, value in values.items())
        )
