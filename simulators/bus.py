"""A simulated RS-485 bus: one pair of wires, timed to the byte. Who is on it hears everything, and answers if asked.

A byte takes its time on an absolute grid, so that a long frame ends when it would at this speed. Where two speak at
once, what both say is garbled. The gateway is one of those on the bus: `say` is its voice, `hear` its ear.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from gateway.core.address import Port
from simulators.tcp import End, TcpTwin

CHUNK_S = 0.005
"""How many bytes are delivered at once, in time: 0 is every byte alone, which costs two and a half times as much."""
GARBLE = bytes(byte ^ 0x55 for byte in range(256))


class Piece(NamedTuple):
    """Some bytes on the wire."""

    begin: float
    end: float
    data: bytes


class Voice:
    """One of those on the bus: what it says, and since when and until when its bytes are on the wire."""

    def __init__(self, hear: Callable[[bytes], object]) -> None:
        self.hear = hear
        self.since = self.until = float("-inf")
        self.pieces: deque[Piece] = deque()
        self.timer: asyncio.TimerHandle | None = None

    def overlaps(self, begin: float, end: float) -> bool:
        return self.since < end and self.until > begin


class Bus:
    """The wire. `gateway` hears what the boxes say; `ends` are those of its serial server, where it has one."""

    def __init__(
        self,
        port: Port,
        gateway: Callable[[bytes], object],
        *,
        chunk_s: float = CHUNK_S,
        ends: Collection[End] | None = None,
    ) -> None:
        self._byte_s = port.byte_s
        self._chunk = max(1, int(chunk_s / port.byte_s))
        self._gateway = Voice(gateway)
        self._voices = [self._gateway]
        self._boxes: list[Box] = []
        self._ends = ends

    def plug(self, twin: TcpTwin[Any]) -> None:
        """Put a box on the bus, until the bus ends."""
        twin.join(self._ends)
        self._boxes.append(Box(self, twin))
        self._voices.append(self._boxes[-1].voice)
        twin.ring = self._boxes[-1].begin

    def say(self, data: bytes, voice: Voice | None = None) -> None:
        """Put bytes on the wire, behind those that this voice has not said yet."""
        voice = voice or self._gateway
        loop = asyncio.get_running_loop()
        if voice.until < loop.time():
            voice.since = voice.until = loop.time()
        for start in range(0, len(data), self._chunk):
            piece = data[start : start + self._chunk]
            begin, voice.until = voice.until, voice.until + len(piece) * self._byte_s
            voice.pieces.append(Piece(begin, voice.until, piece))
        if voice.timer is None and voice.pieces:
            self._wait(voice)

    def resets(self) -> bool:
        """Whether the next bytes for the bus are to be answered with a TCP reset; it is counted."""
        return any(box.twin.resets() for box in self._boxes)

    def hush(self, voice: Voice) -> None:
        """Stop in the middle of a byte: what was not delivered never will be."""
        if voice.timer is not None:
            voice.timer.cancel()
            voice.timer = None
        voice.pieces.clear()
        voice.until = min(voice.until, asyncio.get_running_loop().time())

    def end(self) -> None:
        """Nothing is heard any more, and no box believes in a connection."""
        self.hush(self._gateway)
        for box in self._boxes:
            box.abort()
            box.twin.ring = lambda: None

    def _wait(self, voice: Voice) -> None:
        """Let the next piece arrive at its time. One after the other: uvloop may call what comes later first."""
        loop = asyncio.get_running_loop()

        def arrive() -> None:
            piece, voice.timer = voice.pieces.popleft(), None
            if voice.pieces:
                self._wait(voice)
            else:  # uvloop calls up to 0.5 ms early: the answer would collide with its own question
                voice.until = min(voice.until, loop.time())
            heard = piece.data.translate(GARBLE) if self._collides(voice, piece) else piece.data
            for other in self._voices:
                if other is not voice:
                    other.hear(heard)

        voice.timer = loop.call_at(voice.pieces[0].end, arrive)

    def _collides(self, voice: Voice, piece: Piece) -> bool:
        return any(other is not voice and other.overlaps(piece.begin, piece.end) for other in self._voices)


class Box(asyncio.Transport):
    """A box on a bus. Its twin believes in a connection, which ends when the twin hangs up, and begins with a byte."""

    def __init__(self, bus: Bus, twin: TcpTwin[Any]) -> None:
        super().__init__()
        self._bus, self.twin = bus, twin
        self.voice = Voice(self._hear)
        self._connection: asyncio.Protocol | None = None

    def write(self, data: Any) -> None:
        self._bus.say(bytes(data), self.voice)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """The answer ends here, and what was heard of the next question is forgotten."""
        self._end()

    def abort(self) -> None:
        self._bus.hush(self.voice)
        self._end()

    def _end(self) -> None:
        ended, self._connection = self._connection, None
        if ended is not None:
            ended.connection_lost(None)

    def _hear(self, data: bytes) -> None:
        if self._connection is None:
            self.begin()
        if self._connection is not None:
            self._connection.data_received(data)

    def begin(self) -> None:
        """Believe in a connection from now on."""
        self._connection = begun = self.twin.connection()
        begun.connection_made(self)  # a box that has no power hangs up at once
