"""The site-file section of the caller pads on one input."""

from itertools import combinations
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from gateway.core.config import DeviceConfig, Id, WireAddress

Keys = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}){1,16}$")]


class Pad(BaseModel, frozen=True, extra="forbid"):
    """One pad: a part of the device."""

    address: int = Field(ge=0, le=255, description="The address that is set on the pad.")
    id: Id = Field(description="Its id: that of its window, where it has one.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")


class CallerPadConfig(DeviceConfig, frozen=True, extra="forbid"):
    """Pads that share an RS-232 or RS-485 input."""

    address: WireAddress = Field(
        description="serial:///dev/NAME?baud=9600, or the serial server in front of it: tcp://HOST:PORT, rfc2217://…"
    )
    pads: list[Pad] = Field(min_length=1, max_length=64, description="Who is on the wire; nobody else is answered.")
    functions: dict[Keys, Id] = Field(
        default={}, max_length=64, description="What keys mean, where that is not what they usually do."
    )
    ratings: dict[Annotated[int, Field(ge=0, le=255)], Id] = Field(
        default={}, max_length=16, description="What the values of a rating pad mean."
    )
    repeat_s: float = Field(
        default=1.0, ge=0, le=10, description="The same press again within this time is a repeat, not another press."
    )

    @model_validator(mode="after")
    def _told_apart(self) -> "CallerPadConfig":
        for one, other in combinations(self.pads, 2):
            if one.id == other.id:
                raise ValueError(f"two pads have the id {one.id!r}")
            if one.address == other.address:
                raise ValueError(f"the pads {one.id!r} and {other.id!r} have the same address {one.address}")
        return self
