"""The site-file section of a ZKTeco device that pushes."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from itertools import combinations
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field, IPvAnyNetwork, StringConstraints, model_validator

from gateway.core.config import DeviceConfig, Id, TimeZone

Serial = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,32}$")]


class DoorConfig(BaseModel, frozen=True, extra="forbid"):
    """One door: a part of the device."""

    number: int = Field(ge=1, le=8, description="Its number in the device.")
    id: Id = Field(description="Its id.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")


class ZktecoPushConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A device that comes to `/iclock/` of the field listener."""

    comes_to_field: ClassVar[bool] = True
    serial: Serial = Field(description="Its serial number, as it shows it: nobody else may come for it.")
    doors: list[DoorConfig] = Field(min_length=1, max_length=8, description="Its doors.")
    sources: list[IPvAnyNetwork] = Field(default=[], max_length=16, description="From where it may come; all, if none.")
    require_token: bool = Field(default=False, description="Whether it must show the token of its session.")
    open_s: int = Field(default=5, ge=1, le=254, description="How long `open` releases the lock.")
    poll_s: float = Field(default=2.0, ge=0.05, le=60, description="How often it is told to ask for commands.")
    silent_after_s: float = Field(default=30.0, ge=0.2, le=600, description="Silent for so long, it is offline.")
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The time zone of its clock.")

    @model_validator(mode="after")
    def _told_apart(self) -> "ZktecoPushConfig":
        for one, other in combinations(self.doors, 2):
            if one.id == other.id or one.number == other.number:
                raise ValueError(f"the doors {one.id!r} ({one.number}) and {other.id!r} ({other.number}) are the same")
        return self

    @property
    def door_ids(self) -> Sequence[str]:
        return [door.id for door in self.doors]

    @property
    def claims(self) -> Sequence[tuple[str, str]]:
        return [("serial", f"iclock:{self.serial}")]

    def weaknesses(self) -> Iterable[tuple[str, str]]:
        """The protocol has no password: who knows the serial number can invent what happened at the doors."""
        if not self.sources:
            yield "sources", "anybody who knows its serial number can speak for it; name the addresses it may come from"

    def may_come_from(self, source: str) -> bool:
        """Whether it may come from an address."""
        try:
            address = ip_address(source)
        except ValueError:
            return not self.sources
        return not self.sources or any(address in network for network in self.sources)
