"""The section `hours` of the site file: when devices are on, and how bright they are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, model_validator

from gateway.core.config import Id
from gateway.core.known import unknown
from gateway.site.load import Section
from gateway.site.positions import is_list, is_mapping
from gateway.site.references import Complaint, names, rows, twice
from gateway.site.surfaces import Surfaces
from gateway.site.week import WEEK, Day, Time

VERBS = ("power", "brightness")


Percent = Annotated[int, Field(ge=1, le=100)]


class HoursConfig(BaseModel, frozen=True, extra="forbid"):
    """`hours[]`: when some devices are on, and how bright they are."""

    id: Id
    devices: list[Id] = Field(default=[], description="Which devices; either these or zones.")
    zones: list[Id] = Field(default=[], description="All devices of these zones that can be switched or dimmed.")
    days: list[Day] = Field(default=WEEK, min_length=1, description="On which days; by default on all.")
    on: Time = Field(description="When they are switched on, by the clock of the site.")
    off: Time = Field(description="When they are switched off, later on the same day.")
    brightness: dict[Time, Percent] = Field(
        default={},
        max_length=24,
        description="From when on how bright, in percent; before the first as after the last.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.devices) == bool(self.zones):
            raise ValueError("must have exactly one of devices and zones")
        if self.off <= self.on:
            raise ValueError(f"off must be later than on, {self.on}: hours end on the day on which they begin")
        return self


def _check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    yield from twice(data, "hours", "id")
    known, surfaces = {"devices": names(data, "devices"), "zones": names(data, "zones")}, Surfaces(data)
    for index, entry in enumerate(rows(data, "hours")):
        for key, ids in known.items():
            for place, name in _texts(entry, key):
                if name not in ids:
                    yield Complaint(("hours", index, key, place), unknown(name, ids, key.removesuffix("s")))
        wanted = VERBS if is_mapping(entry.get("brightness")) and entry["brightness"] else VERBS[:1]
        for place, name in _texts(entry, "devices"):
            for verb in wanted:
                if name in known["devices"] and not _has(surfaces, name, verb):
                    yield Complaint(("hours", index, "devices", place), f"{name} has no verb {verb}")
    yield from _overlapping(data)


def _overlapping(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of hours that name a device which other hours have at the same time."""
    entries = rows(data, "hours")
    for index, entry in enumerate(entries):
        for before in range(index):
            shared = sorted(_devices(data, entry) & _devices(data, entries[before]))
            if shared and _meet(entry, entries[before]):
                text = f"{shared[0]} has hours at that time already, by"
                yield Complaint(("hours", index), text, ("hours", before))


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    times = [one.get("on"), one.get("off"), other.get("on"), other.get("off")]
    days = [{day for _, day in _texts(each, "days")} if "days" in each else set(WEEK) for each in (one, other)]
    if not all(isinstance(each, str) for each in times) or days[0].isdisjoint(days[1]):
        return False
    begin, end, other_begin, other_end = map(str, times)
    return begin < other_end and other_begin < end


def _devices(data: Mapping[str, Any], entry: Mapping[str, Any]) -> set[str]:
    zones = {zone for _, zone in _texts(entry, "zones")}
    inside = {str(device.get("id")) for device in rows(data, "devices") if device.get("zone") in zones}
    return inside | {name for _, name in _texts(entry, "devices")}


def _texts(entry: Mapping[str, Any], key: str) -> Iterator[tuple[int, str]]:
    """The texts of a list, with their places; whatever else is there is said already."""
    found: Any = entry.get(key)
    for place, text in enumerate(found if is_list(found) else []):
        if isinstance(text, str):
            yield place, text


def _has(surfaces: Surfaces, device: str, verb: str) -> bool:
    """Whether a device has a verb; one with mistakes of its own is given the benefit of the doubt."""
    surface = surfaces.of(device)
    return surface is None or any(each.name == verb for each in surface.device.verbs)


SECTIONS = (Section("hours", list[HoursConfig], [], _check),)
