"""The site-file section of a Hikvision access terminal or controller."""

from collections.abc import Iterable, Sequence
from itertools import combinations

from pydantic import BaseModel, Field, model_validator

from gateway.core.config import DeviceConfig, File, HttpAddress, Id, LogStart, SecretRef, TimeZone


class DoorConfig(BaseModel, frozen=True, extra="forbid"):
    """One door: a part of the device."""

    number: int = Field(ge=1, le=256, description="Its number in the device.")
    id: Id = Field(description="Its id.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")


class HikvisionConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A device that is asked by ISAPI."""

    address: HttpAddress = Field(description="http://HOST[:PORT] or https://HOST[:PORT].")
    username: str = Field(
        default="admin", min_length=1, max_length=32, pattern=r"^[^:\s]+$", description="Who we are there."
    )
    password: SecretRef = Field(description="The password, by reference.")
    ca: File | None = Field(default=None, description="PEM file of the CAs that may vouch for it; by https only.")
    doors: list[DoorConfig] = Field(min_length=1, max_length=64, description="Its doors.")
    start: LogStart = Field(
        default="oldest", description="Where its log is begun at the first time: a local time begins there."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=30, description="How long it may be silent while it answers.")
    poll_s: float = Field(default=2.0, ge=0.05, le=60, description="How often doors and log are looked at.")
    clock_s: float = Field(default=60.0, ge=0.05, le=3600, description="How often its clock is looked at.")
    heartbeat_s: float = Field(default=30.0, ge=0.1, le=600, description="Its stream is dead when silent for so long.")
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The time zone of its clock.")

    @model_validator(mode="after")
    def _sound(self) -> "HikvisionConfig":
        for one, other in combinations(self.doors, 2):
            if one.id == other.id or one.number == other.number:
                raise ValueError(f"the doors {one.id!r} ({one.number}) and {other.id!r} ({other.number}) are the same")
        if self.ca and not self.address.startswith("https:"):
            raise ValueError("ca is for TLS: the address must begin with https://")
        return self

    @property
    def door_ids(self) -> Sequence[str]:
        return [door.id for door in self.doors]

    def weaknesses(self) -> Iterable[tuple[str, str]]:
        """Without TLS everybody on the way can read who passed, and answer in the device's place."""
        if self.address.startswith("http:"):
            yield "address", "plain HTTP shows everybody on the way who passes the doors; use https:// where it can"
        if self.username == "admin":
            yield "username", "admin may do everything; make a user of the device's own that may open doors and no more"
