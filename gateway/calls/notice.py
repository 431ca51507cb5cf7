"""A notice as somebody publishes it, as the gateway keeps it, and which of several is shown. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from gateway.calls.model import EARLIEST, VISIBLE
from gateway.core.config import Id
from gateway.core.errors import GatewayError
from gateway.core.screen import MOST, Colour, Fit, Show


class NoticeConflict(GatewayError):
    """The notice_id was used before, for another notice."""


class NoticeRefused(GatewayError):
    """The notice can never be shown as it is, or not beside those that there are."""


class UnknownNotice(GatewayError):
    """There is no such notice."""


class Urgency(StrEnum):
    """Which notice goes before others."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}


class NoticeBody(BaseModel, frozen=True, extra="forbid"):
    """A notice as it comes in."""

    notice_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
        description="Chosen by who publishes it. The same notice_id is published once, however often it is sent.",
    )
    text: Annotated[str, Field(min_length=1, max_length=MOST), VISIBLE]
    zones: list[Id] = Field(default=[], max_length=50, description="Where it is shown; everywhere when it is empty.")
    priority: Urgency = Urgency.NORMAL
    from_: AwareDatetime | None = Field(default=None, alias="from", ge=EARLIEST, description="By default at once.")
    until: AwareDatetime | None = Field(default=None, ge=EARLIEST, description="By default until it is withdrawn.")
    colour: Colour = Colour.YELLOW

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ and self.until and self.until <= self.from_:
            raise ValueError("until must be later than from")
        return self

    def digest(self) -> str:
        """Names the content of the notice, so that a repeat can be told from another one with the same notice_id."""
        content = msgspec.json.encode(self.model_dump(mode="json"), order="sorted")
        return hashlib.sha256(content).hexdigest()[:32]

    def check_repeats(self, digest: str) -> None:
        """Raises NoticeConflict unless this is the notice whose content has this name."""
        if self.digest() != digest:
            raise NoticeConflict(f"notice_id {self.notice_id!r} was used before, for another notice")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it is kept. `zones` empty: everywhere; `until` None: until it is withdrawn."""

    notice_id: str
    text: str
    zones: list[str]
    priority: Urgency
    from_: datetime = msgspec.field(name="from")
    until: datetime | None
    colour: Colour
    published_at: datetime
    actor: str
    digest: str

    def show(self) -> Show:
        """What a screen shows of it."""
        return Show(self.text, self.colour, Fit.SCROLL)

    def valid(self, now: datetime) -> bool:
        """Whether it is shown at a time."""
        return self.from_ <= now and not self.over(now)

    def over(self, now: datetime) -> bool:
        """Whether its time has run out."""
        return self.until is not None and self.until <= now


def make_notice(body: NoticeBody, *, now: datetime, actor: str) -> Notice:
    """Keep a notice from now on. Raises NoticeRefused for one whose time is over."""
    until = body.until and body.until.astimezone(UTC)
    if until is not None and until <= now:
        raise NoticeRefused(f"until is over: it is {now:%Y-%m-%dT%H:%M:%SZ}")
    return Notice(
        notice_id=body.notice_id,
        text=body.text,
        zones=sorted(set(body.zones)),
        priority=body.priority,
        from_=body.from_.astimezone(UTC) if body.from_ else now,
        until=until,
        colour=body.colour,
        published_at=now,
        actor=actor,
        digest=body.digest(),
    )


def notice_from(params: Mapping[str, Any]) -> Notice:
    """Read a notice back from the journal or the desired state."""
    return msgspec.convert(dict(params), Notice)


def foremost(notices: Iterable[Notice], zones: Collection[str] | None, now: datetime) -> Notice | None:
    """The notice that is shown in these zones (None: in any) at a time: the highest priority, then the last published.

    `notices` are in the order in which they were published, for the clock may have been set back between them.
    """
    fitting = [
        each
        for each in notices
        if each.valid(now) and (not each.zones or zones is None or not set(zones).isdisjoint(each.zones))
    ]
    return max(reversed(fitting), key=lambda each: RANK[each.priority], default=None)
