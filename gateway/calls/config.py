"""The sections `windows`, `screens` and `calls` of the site file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from gateway.calls.emergency import HALL
from gateway.calls.pictures import PictureFile
from gateway.core.config import Id
from gateway.core.known import unknown
from gateway.core.model import Surface
from gateway.site.load import Section
from gateway.site.positions import is_list
from gateway.site.references import Complaint, dangling, names, rows, texts, twice
from gateway.site.surfaces import Surfaces

FIELDS = ("ticket", "name", "label", "function", "priority")
SCREEN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63})?")


def template(text: str, *, fields: Sequence[str] = FIELDS) -> str:
    """A text with these fields in braces. Raises ValueError."""
    allowed = " ".join(f"{{{field}}}" for field in fields)
    try:
        used = [found for found in Formatter().parse(text) if found[1] is not None]
    except ValueError as error:
        raise ValueError(f"must be text with fields in braces, such as 请{{ticket}}号: {error}") from error
    if any(name not in fields or form or conversion for _, name, form, conversion in used):
        raise ValueError(f"must use no other fields than {allowed}")
    return text


def screen(text: str) -> str:
    """A reference to a device or to a part of one. Raises ValueError."""
    if not SCREEN.fullmatch(text):
        raise ValueError("must be DEVICE or DEVICE/PART, by their ids")
    return text


Template = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(template)]


class WindowConfig(BaseModel, frozen=True, extra="forbid"):
    """`windows[]`: a service window and the screens above it (`device` or `device/part`)."""

    id: Id
    label: str = Field(min_length=1, max_length=40)
    function: str = Field(min_length=1, max_length=80, description="What its screen shows while nobody is called.")
    zone: Id | None = None
    screens: list[Annotated[str, AfterValidator(screen)]] = Field(min_length=1)
    show: Template | None = Field(default=None, description="Overrides calls.show for this window.")


class SummaryConfig(BaseModel, frozen=True, extra="forbid"):
    """`screens[]`: a summary screen, which lists the last calls of its zones."""

    id: Id
    device: Annotated[str, AfterValidator(screen)] = Field(description="DEVICE or DEVICE/PART that shows a board.")
    title: str = Field(default="", max_length=80, description="Its heading; by default the name of the centre.")
    zones: list[Id] = Field(default=[], description="Whose calls it lists; those of all windows when it is empty.")
    rows: int = Field(default=8, ge=1, le=20, description="How many calls it lists.")
    names: bool = Field(default=False, description="Whether it shows the masked names too.")
    notice: str | None = Field(default=None, max_length=200, description="A line for everybody, below the calls.")
    roster: list[Id] = Field(default=[], max_length=4, description="The rosters that it shows beside the calls.")
    map: PictureFile | None = Field(default=None, description="A picture of the zones: PNG, JPEG or WebP.")


class CallsConfig(BaseModel, frozen=True, extra="forbid"):
    """`calls`: how calls are shown."""

    show: Template = "{priority} {ticket}"
    shorter: list[Template] = Field(
        default=["{ticket}"],
        max_length=4,
        description="What is shown where the whole does not fit: the first that does.",
    )
    paused: str = Field(default="暂停服务", min_length=1, max_length=80)
    closed: str = Field(default="窗口已关闭", min_length=1, max_length=80)
    repeat_s: float = Field(
        default=5, ge=0, le=60, description="The same number called to the same window again so soon is no new call."
    )
    ttl_s: int = Field(default=1800, ge=5, le=86400, description="How long a call is shown when it does not say so.")


def _check_windows(data: Mapping[str, Any]) -> Iterable[Complaint]:
    for index, zone in enumerate(texts(data, "zones", "id")):
        if zone == HALL:
            yield Complaint(("zones", index, "id"), f"{HALL!r} stands for all zones, where screens are commanded")
    yield from twice(data, "windows", "id")
    yield from dangling(data, "windows", "zone", "zones")
    devices, owner = names(data, "devices"), dict[str, int]()
    for index, window in enumerate(rows(data, "windows")):
        screens: Any = window.get("screens")
        for place, screen in enumerate(screens if is_list(screens) else []):
            loc = ("windows", index, "screens", place)
            device = screen.partition("/")[0] if isinstance(screen, str) else None
            if device is not None and device not in devices:
                yield Complaint(loc, unknown(device, devices, "device"))
            elif device is not None and owner.setdefault(screen, index) != index:
                yield Complaint(loc, f"two windows cannot share {screen!r}: it belongs to", ("windows", owner[screen]))


def _check_screens(data: Mapping[str, Any]) -> Iterable[Complaint]:
    yield from twice(data, "screens", "id")
    yield from twice(data, "screens", "device")
    devices, zones = {str(row.get("id")): row for row in rows(data, "devices")}, names(data, "zones")
    owner, surfaces, rosters = _owners(data), Surfaces(data), names(data, "roster")
    for index, summary in enumerate(rows(data, "screens")):
        screen = summary.get("device")
        device = screen.partition("/")[0] if isinstance(screen, str) else None
        loc = ("screens", index, "device")
        if device is not None and device not in devices:
            yield Complaint(loc, unknown(device, devices, "device"))
        elif screen in owner:
            text = f"{screen!r} shows what is called to one window, and cannot list calls too: it belongs to"
            yield Complaint(loc, text, ("windows", owner[screen]))
        elif device is not None and not _shows_boards(surfaces.of(device)):
            driver = devices[device].get("driver")
            yield Complaint(loc, f"the driver {driver} shows no board of calls, as displays.web_screen does")
        for key, kind, known in (("zones", "zone", zones), ("roster", "roster", rosters)):
            named: Any = summary.get(key)
            for place, name in enumerate(named if is_list(named) else []):
                if isinstance(name, str) and name not in known:
                    yield Complaint(("screens", index, key, place), unknown(name, known, kind))


def _owners(data: Mapping[str, Any]) -> dict[str, int]:
    """The window of every screen that a window names."""
    owner = dict[str, int]()
    for index, window in enumerate(rows(data, "windows")):
        screens: Any = window.get("screens")
        for screen in screens if is_list(screens) else []:
            if isinstance(screen, str):
                owner[screen] = index
    return owner


def _shows_boards(surface: Surface | None) -> bool:
    """Whether a device has the verb `board`; a section with mistakes of its own is given the benefit of the doubt."""
    kinds = (surface.device, *surface.kinds.values()) if surface is not None else ()
    return surface is None or any(verb.name == "board" for kind in kinds for verb in kind.verbs)


def _no_check(_: Mapping[str, Any]) -> Iterable[Complaint]:
    return ()


SECTIONS = (
    Section("windows", list[WindowConfig], [], _check_windows),
    Section("screens", list[SummaryConfig], [], _check_screens),
    Section("calls", CallsConfig, {}, _no_check),
)
