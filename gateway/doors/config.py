"""The section `doors` of the site file: which doors are watched, and how long each may stand open."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gateway.core.access import DOOR, DOOR_POINTS
from gateway.core.config import Id
from gateway.core.known import unknown
from gateway.core.model import Surface
from gateway.doors.door import Limits
from gateway.doors.verbs import ALL, HALL
from gateway.site.load import Section
from gateway.site.positions import is_list, is_mapping
from gateway.site.references import Complaint, dangling, names, rows, texts, twice
from gateway.site.surfaces import Surfaces
from gateway.site.week import WEEK, Day, End, Time

PART = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}/[a-z0-9][a-z0-9_-]{0,63}")
DEVICE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63})?")
CAMERAS = "cameras."  # how the names of their drivers begin
HELD = "must be longer than warn_s, {:g}: a door is warned of before it is held"


def _part(text: str) -> str:
    if not PART.fullmatch(text):
        raise ValueError("must be DEVICE/PART, a door of a controller by their ids, for example acs-1/door-2")
    return text


def _device(text: str) -> str:
    if not DEVICE.fullmatch(text):
        raise ValueError("must be DEVICE or DEVICE/PART, by their ids")
    return text


class ReleaseConfig(BaseModel, frozen=True, extra="forbid"):
    """`doors[].release[]`: when its controller releases the door by its own timetable."""

    days: list[Day] = Field(default=WEEK, min_length=1, description="On which days; by default on all.")
    on: Time = Field(description="From when on, by the clock of the site.")
    off: End = Field(description="Until when, later on the same day, at most 24:00.")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.off <= self.on:
            raise ValueError(
                f"off must be later than on, {self.on}: a release over midnight is two entries, the first until 24:00"
            )
        return self


class DoorConfig(BaseModel, frozen=True, extra="forbid"):
    """`doors[]`: a door that is watched."""

    id: Id
    name: str = Field(min_length=1, max_length=80, description="What people call it.")
    door: Annotated[str, AfterValidator(_part)] = Field(description="DEVICE/PART: which door of which controller.")
    zone: Id | None = Field(default=None, description="The zone that it leads to; by default that of its controller.")
    staff_entrance: bool = Field(default=False, description="Whether it is counted as an entrance of the staff.")
    warn_s: float = Field(default=10, ge=1, le=3600, description="Open for so long, it is shown as a warning.")
    held_s: float = Field(default=15, ge=1, le=3600, description="Open for so long, it is held: an alarm.")
    authorised_s: float = Field(default=8, ge=1, le=60, description="How long after a card or button it may be opened.")
    release: list[ReleaseConfig] = Field(default=[], max_length=32, description="When it is released, and may be open.")
    fire_input: bool = Field(default=True, description="Whether the fire input of its controller is wired.")
    fire_everywhere: bool | None = Field(
        default=None,
        description="Whether a fire that only the log of its controller tells of is one of all doors; "
        "by default where the gateway asks the controller, and it does not come by itself.",
    )
    camera: Annotated[str, AfterValidator(_device)] | None = Field(
        default=None,
        description="DEVICE or DEVICE/PART: the camera that sees it, a device whose driver is one of cameras.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.held_s <= self.warn_s:
            raise ValueError(f"held_s {HELD.format(self.warn_s)}")
        return self

    @property
    def device(self) -> str:
        """Its controller."""
        return self.door.partition("/")[0]

    @property
    def part(self) -> str:
        """Which part of its controller it is."""
        return self.door.partition("/")[2]

    @property
    def limits(self) -> Limits:
        """How long it may do what."""
        return Limits(self.warn_s, self.held_s, self.authorised_s)


def has_doors(surface: Surface | None) -> bool:
    """Whether a device has doors as `core.access` describes them."""
    kind = surface.kinds.get(DOOR) if surface is not None else None
    return kind is not None and {point.name for point in DOOR_POINTS} <= {point.name for point in kind.points}


def _check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    yield from twice(data, "doors", "id")
    yield from twice(data, "doors", "door")
    yield from dangling(data, "doors", "zone", "zones")
    yield from _dangerous(data)
    devices, surfaces = names(data, "devices"), Surfaces(data)
    for index, entry in enumerate(rows(data, "doors")):
        for key, wrong in (("door", _no_door), ("camera", _no_camera)):
            named = entry.get(key)
            device, _, part = named.partition("/") if isinstance(named, str) else ("", "", "")
            if not device:
                continue
            said = wrong(device, part, surfaces) if device in devices else unknown(device, devices, "device")
            if said is not None:
                yield Complaint(("doors", index, key), said)


def _no_door(device: str, part: str, surfaces: Surfaces) -> str | None:
    surface, doors = surfaces.of(device), surfaces.doors(device)
    if surface is not None and not has_doors(surface):
        return f"{device} has no doors: its driver controls none"
    if doors is None or part in doors:
        return None
    return f"{device}: {unknown(part, doors, 'door')}"


def _no_camera(device: str, part: str, surfaces: Surfaces) -> str | None:
    driver, surface = surfaces.driver(device), surfaces.of(device)
    if driver and not driver.startswith(CAMERAS):
        return f"{device} is no camera: its driver is {driver:.64}, and that of a camera begins with {CAMERAS}"
    without = surface is not None and not surface.kinds
    return f"{device} has no parts: name the camera alone" if part and without else None


def _dangerous(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of what MQTT shall allow and never does: there is no person behind a message."""
    mqtt: Any = data.get("mqtt")
    allow: Any = mqtt.get("allow") if is_mapping(mqtt) else None
    everywhere = {f"doors/zones/{place}" for place in (ALL, _zone_of_all(data)) if place}
    for index, text in enumerate(allow if is_list(allow) else []):
        target, _, verb = text.rpartition("/") if isinstance(text, str) else ("", "", "")
        if target in everywhere and verb in HALL and HALL[verb].dangerous:
            yield Complaint(("mqtt", "allow", index), f"{verb!r} of all doors is dangerous, and is never done by MQTT")


def _zone_of_all(data: Mapping[str, Any]) -> str | None:
    """The zone that has all doors, where there is one."""
    zones = dict(zip(texts(data, "devices", "id"), texts(data, "devices", "zone"), strict=True))
    doors = zip(texts(data, "doors", "zone"), texts(data, "doors", "door"), strict=True)
    found = {own or zones.get((door or "").partition("/")[0]) for own, door in doors}
    return found.pop() if len(found) == 1 else None


def _warn(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Tell of controllers none of whose doors is watched. Which doors one has, only it can tell."""
    surfaces, watched = Surfaces(data), {text.partition("/")[0] for text in texts(data, "doors", "door") if text}
    for index, device in enumerate(texts(data, "devices", "id")):
        if device is not None and device not in watched and has_doors(surfaces.of(device)):
            yield Complaint(
                ("devices", index), f"{device} controls doors, and doors: names none of them: none is watched"
            )


SECTIONS = (Section("doors", list[DoorConfig], [], _check, _warn),)
