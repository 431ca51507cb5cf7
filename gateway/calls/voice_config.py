"""The section `voice` of the site file: areas in which calls are spoken."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gateway.calls.config import screen, template
from gateway.calls.quiet import hours
from gateway.calls.rendering import PROGRAM, installed
from gateway.core.config import Id
from gateway.core.known import unknown
from gateway.core.model import Surface, Verb
from gateway.core.screen import Play
from gateway.site.load import Section
from gateway.site.positions import is_list
from gateway.site.references import Complaint, names, rows, twice
from gateway.site.surfaces import Surfaces

SAID = ("ticket", "label", "function", "name", "priority")
SAID_EN = ("ticket", "label")
VERB = "speak"


def _says_the_ticket(text: str) -> str:
    if "{ticket}" not in text:
        raise ValueError("must have the field {ticket}: people wait for their number")
    return text


def _hours(text: str) -> str:
    hours(text)
    return text


Sentence = Annotated[
    str,
    Field(min_length=1, max_length=80),
    AfterValidator(partial(template, fields=SAID)),
    AfterValidator(_says_the_ticket),
]
SentenceEn = Annotated[
    str,
    Field(min_length=1, max_length=160),
    AfterValidator(partial(template, fields=SAID_EN)),
    AfterValidator(_says_the_ticket),
]


class AreaConfig(BaseModel, frozen=True, extra="forbid"):
    """`voice[]`: a part of the hall in which people hear the same: its calls are spoken one after the other."""

    id: Id
    zones: list[Id] = Field(default=[], description="Whose calls are spoken; those of all windows when it is empty.")
    speakers: list[Annotated[str, AfterValidator(screen)]] = Field(
        min_length=1, max_length=16, description="DEVICE or DEVICE/PART that speaks."
    )
    repeat: int = Field(default=2, ge=1, le=3, description="How often a call is said.")
    gap_s: float = Field(default=0.5, ge=0, le=10, description="Silence behind each time.")
    volume: int = Field(default=80, ge=1, le=100, description="Of the loudest, in percent.")
    quiet: list[Annotated[str, AfterValidator(_hours)]] = Field(
        default=[],
        max_length=8,
        description='Hours in which nothing is spoken, by the clock of the site: "12:30-14:00".',
    )
    say: Sentence = Field(default="请{ticket}到{label}", description="What is said.")
    say_en: SentenceEn | None = Field(default=None, description="What is said behind it in English.")
    names: bool = Field(default=False, description="Whether `say` may have the field {name}, which is masked.")
    most_waiting: int = Field(default=20, ge=1, le=100, description="More calls than these are not spoken.")

    @model_validator(mode="after")
    def _names_are_wanted(self) -> "AreaConfig":
        if "{name}" in self.say and not self.names:
            raise ValueError("say has the field {name}: names are spoken with names: true only")
        return self


def _check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    yield from twice(data, "voice", "id")
    zones, owner, surfaces = names(data, "zones"), dict[str, int](), Surfaces(data)
    for index, area in enumerate(rows(data, "voice")):
        for place, zone in _texts(area, "zones"):
            if zone not in zones:
                yield Complaint(("voice", index, "zones", place), unknown(zone, zones, "zone"))
        for place, speaker in _texts(area, "speakers"):
            loc = ("voice", index, "speakers", place)
            if owner.setdefault(speaker, index) != index:
                text = f"two areas cannot share {speaker!r}: it belongs to"
                yield Complaint(loc, text, ("voice", owner[speaker]))
            elif (why := _why_mute(speaker, surfaces)) is not None:
                yield Complaint(loc, why)


def _why_mute(speaker: str, surfaces: Surfaces) -> str | None:
    device, _, part = speaker.partition("/")
    if device not in surfaces:
        return unknown(device, surfaces.devices, "device")
    if surfaces.of(device) is None or _verbs(speaker, surfaces):
        return None
    return f"{speaker!r} cannot speak: {'no part of it has' if part else 'it lacks'} the verb {VERB!r}"


def _verbs(speaker: str, surfaces: Surfaces) -> list[Verb]:
    """The verbs `speak` of a device, or of the parts that it may have."""
    device, _, part = speaker.partition("/")
    surface = surfaces.of(device) or Surface()
    kinds = surface.kinds.values() if part else [surface.device]
    return [verb for kind in kinds for verb in kind.verbs if verb.name == VERB]


def _warn(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Where a page may have no voice of its own, and nothing is there that would stand in for it."""
    surfaces = Surfaces(data)
    for index, area in enumerate(rows(data, "voice") if installed() is None else ()):
        for place, speaker in _texts(area, "speakers"):
            if any(issubclass(verb.params, Play) for verb in _verbs(speaker, surfaces)):
                text = f"{PROGRAM} is not installed: {speaker} stays silent where its browser has no Chinese voice"
                yield Complaint(("voice", index, "speakers", place), text)


def _texts(area: Mapping[str, Any], key: str) -> list[tuple[int, str]]:
    found: Any = area.get(key)
    return [(place, text) for place, text in enumerate(found if is_list(found) else []) if isinstance(text, str)]


SECTIONS = (Section("voice", list[AreaConfig], [], _check, _warn),)
