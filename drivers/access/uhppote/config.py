"""The site-file section of a UHPPOTE / Weigeng controller."""

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator, model_validator

from gateway.core.address import accept
from gateway.core.config import DeviceConfig, Id, LogStart, TimeZone

DOORS, PORT = 4, 60000
LISTENER = re.compile(r"udp:([0-9.]+):([0-9]{1,5})")


def _listener(spec: str) -> str:
    found = LISTENER.fullmatch(spec)
    try:
        if found and not IPv4Address(found[1]).is_unspecified and 0 < int(found[2]) < 65536:
            return spec
    except AddressValueError:
        pass
    raise ValueError(
        "must be udp:ADDRESS:PORT, the IPv4 address of this machine that the controllers reach, "
        "and a port from 1 to 65535"
    )


class DoorConfig(BaseModel, frozen=True, extra="forbid"):
    """One door: a part of the device."""

    number: int = Field(ge=1, le=DOORS, description="Its number on the board.")
    id: Id = Field(description="Its id.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")
    sensor: bool = Field(default=True, description="Whether it has a sensor; else nobody knows whether it is open.")


HOW_MANY = "must be 1 to 4 doors: a list of them, or how many there are"


def _listed(given: Any) -> Any:
    """A mere number of doors as the list of them, so that what is wrong with an entry is told of that entry."""
    if not isinstance(given, int):
        return given
    if isinstance(given, bool) or not 1 <= given <= DOORS:
        raise ValueError(HOW_MANY)
    return [{"number": number, "id": f"door-{number}"} for number in range(1, given + 1)]


class UhppoteConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A controller of one, two or four doors."""

    address: Annotated[str, AfterValidator(accept("udp", "tcp"))] = Field(
        description="udp://HOST:PORT or tcp://HOST:PORT; the controller listens on port 60000 of both."
    )
    serial: int = Field(ge=1, le=0xFFFFFFFE, description="Its serial number, printed on the board.")
    doors: Annotated[list[DoorConfig], BeforeValidator(_listed, json_schema_input_type=list[DoorConfig] | int)] = Field(
        description="Its doors: a list of `number` `id` `name`, or how many there are, with ids door-1 to door-4."
    )
    listener: Annotated[str, AfterValidator(_listener)] | None = Field(
        default=None, description="udp:ADDRESS:PORT where it pushes events to; all controllers may have the same."
    )
    start: LogStart = Field(
        default="oldest", description="Where its log is begun at the very first contact: oldest, newest, or a time."
    )
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The zone of its clock.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="How long an answer may take.")
    again_s: float = Field(default=0.1, ge=0.02, le=5, description="By UDP: after what time a question is asked again.")
    poll_s: float = Field(default=1.0, ge=0.1, le=60, description="How often it is asked how it is.")
    care_s: float = Field(default=15.0, ge=0.1, le=600, description="How often its settings are looked after.")
    clock_limit_s: float = Field(
        default=2.0, ge=1, le=3600, description="How far its clock may be off until it is set, at most once an hour."
    )

    @field_validator("doors")
    @classmethod
    def _some(cls, doors: list[DoorConfig]) -> list[DoorConfig]:
        if not 1 <= len(doors) <= DOORS:
            raise ValueError(HOW_MANY)
        return doors

    @model_validator(mode="after")
    def _told_apart(self) -> "UhppoteConfig":
        for name in ("number", "id"):
            given = [getattr(door, name) for door in self.doors]
            if len(set(given)) < len(given):
                raise ValueError(f"two doors have the same {name}")
        return self

    @property
    def door_ids(self) -> Sequence[str]:
        return [door.id for door in self.doors]

    @property
    def claims(self) -> Sequence[tuple[str, str]]:
        return [("serial", f"uhppote:{self.serial}")]

    def may_push_from(self, source: str) -> bool:
        """Whether a pushed event from an address may be its own; of one that has a name in `address` any may."""
        try:
            return ip_address(urlsplit(self.address).hostname or "") == ip_address(source)
        except ValueError:
            return True
