"""What can be looked for in the journal, and whether it can be there: an unknown name is a slip, not an empty page.

A name is known where the hall has it now or where a row has it: what was taken out of the site file is still found.
The journal is only asked for names that the hall does not have, one row by an index.
"""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from gateway.core.errors import WrongInput
from gateway.core.event_types import of_devices
from gateway.core.known import unknown
from gateway.web.services import Services


class EventsQuery(BaseModel, frozen=True, extra="forbid"):
    """Which events."""

    door: str | None = Field(
        default=None, max_length=64, description="Its id: what happened there, and what was asked."
    )
    device: str | None = Field(default=None, max_length=64)
    part: str | None = Field(default=None, max_length=64, description="Of the device: a door; only with device.")
    type: str | None = Field(default=None, max_length=64, description="The exact type, for example call.accepted.")
    person: str | None = Field(default=None, max_length=40, description="The pseudonym of who passed a door.")
    reason: str | None = Field(default=None, max_length=64, description="Why, at a door: of class access only.")
    q: str | None = Field(default=None, min_length=1, max_length=64, description="Text that the payload holds.")
    since: AwareDatetime | None = Field(default=None, alias="from", description="Not before; RFC 3339.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Before; RFC 3339.")
    after: int = Field(default=0, ge=0, lt=2**63, description="Go on behind this seq: the `next` of the page before.")
    limit: int | None = Field(
        default=None, ge=1, le=1000, description="At most so many; without, 100, and in a table all."
    )
    order: Literal["asc", "desc"] = "asc"
    wait_s: float = Field(default=0, ge=0, le=30, description="Where there is nothing yet, wait so long for it.")

    @model_validator(mode="after")
    def _together(self) -> "EventsQuery":
        if self.part is not None and self.device is None:
            raise ValueError("part must come with the device that it is a part of")
        if self.door is not None and self.device is not None:
            raise ValueError("door and device exclude each other")
        if self.wait_s and self.order == "desc":
            raise ValueError("wait_s must come with the order asc: what is new comes last")
        return self


def place(query: EventsQuery, services: Services) -> tuple[str | None, str | None]:
    """The device and the part that are asked for. Raises WrongInput for a door that is none."""
    if query.door is None:
        return query.device, query.part
    doors = {id_: each for id_, each in services.doors.entrances.items() if services.sees(services.doors.zone(each))}
    if query.door not in doors:
        raise WrongInput(f"door: {unknown(query.door, doors, 'door')}")
    return doors[query.door].config.device, doors[query.door].config.part


async def check(query: EventsQuery, services: Services) -> None:
    """Raises WrongInput with one sentence for a name that neither the hall nor its record knows, JournalError."""
    if query.type is not None:
        await _type(query.type, services)
    if query.device is not None:
        await _device(query.device, services)
        if query.part is not None:
            await _part(query.device, query.part, services)


async def _type(name: str, services: Services) -> None:
    types = of_devices(life.surface for life in services.lives.values())
    if name not in types and not await _recorded(services, type=name):
        raise WrongInput(f"type: {unknown(name, types, 'type of event')}")


async def _device(name: str, services: Services) -> None:
    """One that is gone is in no zone: only those of the whole hall find what it did."""
    scope = services.scope
    devices = {*services.lives, *(device for device, _ in scope.parts)}
    if name not in devices and not (scope.devices is None and await _recorded(services, device=name)):
        raise WrongInput(f"device: {unknown(name, devices, 'device')}")


async def _part(device: str, name: str, services: Services) -> None:
    """The parts of a device that has not answered yet are unknown: then any may be looked for."""
    scope, life = services.scope, services.lives.get(device)
    if life is not None and life.surface.kinds and not life.view.seen:
        return
    parts = {part for owner, part in scope.parts if owner == device}
    parts |= {part for part in (life.view.parts if life else ()) if (device, part) not in scope.foreign}
    hidden = (device, name) in scope.foreign or (life is None and scope.devices is not None)
    if name not in parts and (hidden or not await _recorded(services, device=device, part=name)):
        raise WrongInput(f"part: {unknown(name, parts, f'part of {device}')}")


async def _recorded(
    services: Services, *, device: str | None = None, part: str | None = None, type: str | None = None
) -> bool:
    """Whether a row has these: found by an index, whatever is in the journal."""
    return bool(await services.house.journal.read(device=device, part=part, type=type, limit=1))
