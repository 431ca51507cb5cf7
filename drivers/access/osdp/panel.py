"""One control panel of libosdp, for one reader: bytes to send, bytes that came, what the reader has said.

libosdp 3.2.9 is a state machine in C that never waits: `refresh` looks whether bytes have come and whether a time is
over, and returns within microseconds. It holds Python's lock all the time, so a thread for it would only be one more
thing to stop; it is driven from the event loop. Decision 0025 says what follows from that.
"""

import ctypes
import os
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any

from drivers.access.osdp import codec
from drivers.access.osdp.library import osdp_sys

STEPS = 4
"""How often `refresh` is called for a question: taking an answer, changing state and sending are steps of their own."""
CLEAR = (codec.ID, codec.CAP, codec.CHLNG, codec.SCRYPT)
"""All that is ever said to a reader before it has proven its key."""
Claims = Mapping[int, tuple[int, int]]
_libc = ctypes.CDLL(None)


class Unsafe(Exception):
    """libosdp was about to say something in clear to a reader that must prove its key."""


class _Told:
    """What libosdp calls: it must not know the panel, which could then never be freed, and must never raise."""

    def __init__(self) -> None:
        self.offline = False
        self.events: deque[Mapping[str, Any]] = deque()
        self.obeyed: deque[bool] = deque()
        self._lent: list[dict[str, Any]] = []

    def event(self, _: int, event: dict[str, Any]) -> int:
        self._lent.append(event)
        if event["event"] != osdp_sys.EVENT_NOTIFICATION:
            self.events.append(dict(event))
        elif event["type"] == osdp_sys.EVENT_NOTIFICATION_PD_STATUS and not event["arg0"]:
            self.offline = True
        return 0

    def completed(self, _: int, __: dict[str, Any], status: int) -> None:
        self.obeyed.append(status == osdp_sys.COMPLETION_OK)

    def give_back(self) -> None:
        """Free the events that libosdp 3.2.9 forgets to free: who has one reference more than one of ours."""
        if not self._lent:
            return
        self._lent.append({})
        *counts, ours = [sys.getrefcount(event) for event in self._lent]
        for event, count in zip(self._lent, counts, strict=False):
            event.clear()  # a card's number
            if count > ours:
                ctypes.pythonapi.Py_DecRef(ctypes.py_object(event))
        self._lent.clear()


class Panel:
    """A conversation with one reader, from its first question. Without `enforce` it may go on in clear."""

    def __init__(self, wire: codec.Wire, reader: int, key: bytes | None, *, enforce: bool) -> None:
        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)  # it would print to our standard output
        wire.clear()
        self._wire, self._told, self._enforce = wire, _Told(), enforce
        self.asked = 0
        """The code of the command that was sent last."""
        flags = osdp_sys.FLAG_ENABLE_NOTIFICATION | (osdp_sys.FLAG_ENFORCE_SECURE if enforce else 0)
        about = {"version": 0, "model": 0, "vendor_code": 0, "serial_number": 0, "firmware_version": 0}
        info = {"name": "reader", "address": reader, "flags": flags, "scbk": key, "channel": wire, **about}
        self._panel = osdp_sys.ControlPanel([info])
        self._panel.set_event_callback(self._told.event)
        self._panel.set_command_completion_callback(self._told.completed)

    @property
    def online(self) -> bool:
        """Whether the reader has passed all that is asked before cards are read."""
        return bool(self._panel.status()) and not self.offline

    @property
    def secure(self) -> bool:
        """Whether it has proven its key."""
        return bool(self._panel.sc_status())

    @property
    def offline(self) -> bool:
        """Whether this conversation is over: libosdp would wait for five minutes, so another one is begun."""
        return self._told.offline

    def question(self) -> bytes:
        """What is to be sent now; empty while nothing is. Raises Unsafe."""
        for _ in range(STEPS):
            self._refresh()
            if self._wire.said or self.offline:
                break
        question, self._wire.said = self._wire.said, b""
        frame = codec.read(question.removeprefix(bytes([codec.MARK])))
        if frame is not None:
            self.asked = frame.code
        if question and self._enforce:
            self._check(frame)
        return question

    def _check(self, frame: codec.Frame | None) -> None:
        """Raises Unsafe for what is in clear and must not be, and for what cannot be read: it might be."""
        if frame is None:
            raise Unsafe("a question that cannot be read")
        if not frame.secure and frame.code not in CLEAR:
            raise Unsafe(f"command {frame.code:02x}")

    def hear(self, answer: bytes) -> None:
        """Take the answer, one whole frame."""
        self._wire.heard += answer
        self._refresh()

    def submit(self, command: Mapping[str, Any]) -> bool:
        """Have a command sent before anything else; False while it is not online."""
        return self._panel.submit_command(0, command)

    def claims(self) -> Claims:
        """What the reader claims to have: the level and the number of each capability that is of use here."""
        codes = (
            osdp_sys.CAP_CONTACT_STATUS_MONITORING,
            osdp_sys.CAP_OUTPUT_CONTROL,
            osdp_sys.CAP_READER_LED_CONTROL,
            osdp_sys.CAP_READER_AUDIBLE_OUTPUT,
        )
        return {code: self._panel.check_capability(0, code) for code in codes}

    def identity(self) -> Mapping[str, int]:
        """What the reader says that it is."""
        return self._panel.get_pd_id(0)

    def events(self) -> deque[Mapping[str, Any]]:
        """What it has said, in order; taken from here."""
        return self._told.events

    def obeyed(self) -> deque[bool]:
        """Whether the commands that have ended were obeyed, in order; taken from here."""
        return self._told.obeyed

    def _refresh(self) -> None:
        """libosdp takes its challenges from `rand`, unseeded: else a recorded conversation could be played again."""
        if not self.online:
            _libc.srand(ctypes.c_uint(int.from_bytes(os.urandom(4), "big")))
        self._panel.refresh()
        self._told.give_back()
