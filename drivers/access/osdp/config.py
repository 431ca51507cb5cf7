"""The site-file section of an OSDP reader."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, Field, model_validator

from drivers.access.osdp.key import wrong_key
from drivers.access.osdp.library import INSTALLED, MISSING
from gateway.core.config import BusAddress, DeviceConfig, Id, SecretRef


class DoorConfig(BaseModel, frozen=True, extra="forbid"):
    """A door whose sensor and lock are wired to the reader: a part of the device."""

    id: Id = Field(default="door", description="Its id, as a part of the reader.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")
    sensor_input: int = Field(
        ge=0, le=31, description="The reader's input that its sensor is wired to; 0 is the first."
    )
    lock_output: int = Field(ge=0, le=31, description="The reader's output that its lock is wired to; 0 is the first.")
    open_when: bool = Field(default=True, description="Whether the input is active while the door stands open.")
    open_s: float = Field(default=5.0, ge=0.1, le=25.5, description="For how long `open` releases the lock.")


class OsdpConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A card reader that speaks OSDP v2."""

    address: BusAddress = Field(
        description="line:ID, or a wire of its own: tcp://HOST:PORT, serial:///dev/NAME?baud=9600"
    )
    reader: int = Field(default=0, ge=0, le=126, description="The reader's OSDP address.")
    key: SecretRef | None = Field(
        default=None, description="Its secure channel base key (SCBK): 32 hexadecimal digits, by reference."
    )
    enforce_secure: bool = Field(
        default=True,
        description="It must prove its key. Without, it has none, and everything crosses the wire in clear.",
    )
    install: bool = Field(
        default=False, description="It is being installed: while it does not know its key, it waits for install_key."
    )
    timeout_s: float = Field(default=0.3, gt=0, le=2, description="How long an answer may take.")
    status_s: float = Field(default=30.0, ge=0.05, le=3600, description="How often it is asked for its state.")
    door: DoorConfig | None = Field(default=None, description="A door whose sensor and lock are wired to it.")

    @property
    def unit(self) -> tuple[str, int]:
        return "reader", self.reader

    @property
    def door_ids(self) -> Sequence[str]:
        return [self.door.id] if self.door else []

    def weaknesses(self) -> Iterable[tuple[str, str]]:
        if not self.enforce_secure:
            yield "enforce_secure", "who taps the wire reads every card, and can open the door: give the reader a key"
        if self.install:
            yield "install", "a reader in install mode takes its key from anybody: leave this out once it has it"

    def wrong_secret(self, _key: str, secret: str) -> str | None:
        return wrong_key(secret)

    @model_validator(mode="after")
    def _proves(self) -> "OsdpConfig":
        if not INSTALLED:
            raise ValueError(MISSING)
        if self.enforce_secure and self.key is None:
            raise ValueError("key is missing; without enforce_secure: false a reader must prove that it has one")
        if self.key is not None and not self.enforce_secure:
            raise ValueError(
                "key and enforce_secure: false exclude each other: who has a key is never spoken to in clear"
            )
        if self.install and self.key is None:
            raise ValueError("install needs a key to install")
        return self
