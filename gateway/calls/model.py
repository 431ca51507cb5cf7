"""A call as the queue system sends it, as the gateway keeps it, and why one is refused."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from gateway.core.errors import GatewayError
from gateway.core.known import unknown
from gateway.people.masking import mask_name

PERSONAL = re.compile(r"(?<!\d)((86)?1[3-9]\d{9}|\d{17}[\dX])(?!\d)")  # a mobile number, an identity number (GB 11643)
BETWEEN = re.compile(r"[\s.\-]")  # what people put between groups of digits
RACE = timedelta(seconds=5)  # of two calls to one window that overtook each other, both are listed and spoken
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before that no clock is right
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a sign of which nothing is seen
MARKS = ("Mn", "Me")  # Unicode: what stands on, in or around the character before it
MOST_MARKS = 4  # on one character: no script that people write needs more, and a tower of them covers other lines
UNSEEN = ("Cc", "Cs", "Co", "Zl", "Zp")  # Unicode: control, surrogate, private use, line and paragraph separator


class UnknownWindow(GatewayError):
    """The call names a window that is not among those `known`."""

    def __init__(self, window: str, known: Collection[str]) -> None:
        super().__init__(unknown(window, known, "window"))


class CallConflict(GatewayError):
    """The call_id was used before, for another call."""


class CallRefused(GatewayError):
    """The call can never be shown as it is."""


class UnknownCall(GatewayError):
    """There is no such call."""


class ErasedCall(UnknownCall):
    """There was such a call, but what it was has expired, or was erased."""


class Kind(StrEnum):
    """What the window's officer did."""

    CALL = "call"
    RECALL = "recall"
    SKIP = "skip"
    TRANSFER = "transfer"
    HOLD = "hold"
    PAUSE = "pause"
    CLOSE = "close"
    RESUME = "resume"


SHOWS = (Kind.CALL, Kind.RECALL)
"""A number is shown."""
ENDS = (Kind.SKIP, Kind.TRANSFER, Kind.HOLD)
"""A number is shown no longer: nobody came, it goes to another window, it waits for something."""
OVER = (*ENDS, Kind.CLOSE)
"""Numbers that were called before are over: nobody is to come to the window for them."""


class Priority(StrEnum):
    """Why somebody comes before others; the queue system decides the order, the screens and the voice tell it."""

    NORMAL = "normal"
    PRIORITY = "priority"
    GREEN = "green"


PRIORITIES = {Priority.NORMAL: "", Priority.PRIORITY: "优先", Priority.GREEN: "绿色通道"}
"""How people call it."""


def visible(text: str) -> str:
    """A text that everybody may see, without marks of direction. Raises ValueError for any other."""
    seen = (each for each in text if unicodedata.category(each) != "Cf" and each not in BLANK)  # direction, joiners
    text = "".join(seen).strip()
    if not text or any(unicodedata.category(character) in UNSEEN for character in text):
        raise ValueError("must be visible characters, without control characters")
    if _towers(text):
        raise ValueError(f"must not begin with a combining mark, nor have more than {MOST_MARKS} on one character")
    if PERSONAL.search(BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()):
        raise ValueError("looks like an identity or telephone number, which is never shown")
    return text


def _towers(text: str) -> bool:
    """Whether marks stand on nothing, or too many of them on one character."""
    height = MOST_MARKS
    for character in text:
        height = height + 1 if unicodedata.category(character) in MARKS else 0
        if height > MOST_MARKS:
            return True
    return False


VISIBLE = AfterValidator(visible)


class CallRequest(BaseModel, frozen=True, extra="forbid"):
    """A call as it comes in, by HTTP or MQTT."""

    call_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
        description="Chosen by the queue system. The same call_id is accepted once, however often it is sent.",
    )
    window: str = Field(max_length=64)
    kind: Kind = Kind.CALL
    ticket: Annotated[str, Field(min_length=1, max_length=32), VISIBLE] | None = None
    person_name: Annotated[str, Field(min_length=1, max_length=40), VISIBLE] | None = Field(
        default=None, description="Masked at once."
    )
    priority: Priority = Priority.NORMAL
    session: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._:-]{1,32}$",
        description="Restarts seq. Compared in natural order: 9 before 10. By default the date at the site.",
    )
    seq: int | None = Field(default=None, ge=0, le=2**53, description="Orders the calls of a window in a session.")
    ttl_s: int | None = Field(default=None, ge=5, le=86400, description="How long it is shown.")
    at: AwareDatetime | None = Field(
        default=None, ge=EARLIEST, description="When it was called; ttl_s counts from here."
    )

    @model_validator(mode="after")
    def _needs_ticket(self) -> "CallRequest":
        if self.kind in (*SHOWS, *ENDS) and self.ticket is None:
            raise ValueError(f"ticket is missing: a {self.kind} is about one")
        return self

    def digest(self) -> str:
        """Names the content of the call, so that a repeat can be told from another call with the same call_id."""
        content = self.model_dump(mode="json", exclude={"at"}) | {"person_name": mask_name(self.person_name or "")}
        if self.priority is Priority.NORMAL:
            del content["priority"]  # calls were named without it before there was one
        return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:32]

    def check_repeats(self, digest: str) -> None:
        """Raises CallConflict unless this is the call whose content has this name."""
        if self.digest() != digest:
            raise CallConflict(f"call_id {self.call_id!r} was used before, for another call")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it is kept: numbered, its name masked. `why` says why it was not shown, None when it was."""

    call_id: str
    window: str
    kind: Kind
    ticket: str | None
    name: str | None
    session: str
    seq: int
    accepted_at: datetime
    expires_at: datetime | None
    actor: str
    digest: str
    priority: Priority = Priority.NORMAL
    why: str | None = None


def make_call(
    request: CallRequest, *, session: str, seq: int, ttl_s: int, now: datetime, actor: str, first: Call | None = None
) -> Call:
    """Number and mask a request. Only what shows a ticket expires by itself; a pause lasts until something newer.

    A recall that leaves name or priority open has those of `first`, the call that it repeats.
    """
    again = first if request.kind is Kind.RECALL else None
    priority = again.priority if again and "priority" not in request.model_fields_set else request.priority
    lasting = request.kind not in SHOWS and request.ttl_s is None
    called_at = min(request.at or now, now).astimezone(UTC)  # a clock that is ahead gets no longer time
    return Call(
        call_id=request.call_id,
        window=request.window,
        kind=request.kind,
        ticket=request.ticket,
        name=mask_name(request.person_name) if request.person_name else (again.name if again else None),
        session=session,
        seq=seq,
        accepted_at=now,
        expires_at=None if lasting else called_at + timedelta(seconds=request.ttl_s or ttl_s),
        actor=actor,
        digest=request.digest(),
        priority=priority,
    )


def order(session: str, seq: int) -> tuple[list[tuple[int, int, str]], int]:
    """A key that sorts calls of one window: by session in natural order, then by seq."""
    pieces = re.findall(r"\d+|\D+", session)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces], seq


def overtaken(call: Call, newest: Call | None) -> bool:
    """Whether a call was overtaken by the newest of its window, another number that was called in the same moment.

    The window shows the newest, but both people have been called.
    """
    if newest is None or call.kind not in SHOWS or newest.kind not in SHOWS or call.ticket == newest.ticket:
        return False
    older = order(call.session, call.seq) < order(newest.session, newest.seq)
    return older and abs(call.accepted_at - newest.accepted_at) < RACE


def is_over(call: Call, end: Call) -> bool:
    """Whether a number that was called before is over by this: its own end, or the close of its window."""
    own = end.kind in ENDS and call.ticket == end.ticket
    return call.window == end.window and (own or end.kind is Kind.CLOSE)


def call_from(params: Mapping[str, Any]) -> Call:
    """Read a call back from the journal or the desired state."""
    return msgspec.convert(dict(params), Call)
