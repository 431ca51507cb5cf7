"""The site-file section of an Onbon card with dynamic areas."""

from typing import Any, Literal, NamedTuple

from pydantic import Field, ValidationInfo, field_validator, model_validator

from drivers.displays.onbon_dynamic.codec.bitmaps import UNITS, Coding, Format
from drivers.displays.onbon_dynamic.codec.frames import ANY_SCREEN, CAPACITY
from gateway.core.address import wire
from gateway.core.config import TcpAddress, TimeZone
from gateway.core.panel import PanelConfig

FACE = 16
"""The height of the smallest letters, px."""
Generation = Literal[5, 6]
Name = Literal[
    "BX-5E1", "BX-5E2", "BX-5E3", "BX-5Q0+", "BX-5Q1+", "BX-5Q2+",
    "BX-6E1", "BX-6E2", "BX-6E3", "BX-6E1X", "BX-6E2X", "BX-6QL", "BX-6Q1", "BX-6Q2", "BX-6Q3", "BX-6Q2L", "BX-6Q3L",
]  # fmt: skip


class Model(NamedTuple):
    """A series of cards: its generation, its device type on the wire, how it has its pixels."""

    generation: Generation
    device_type: int
    coding: Coding


def _series(generation: Generation, coding: Coding, low: int, first: int, *names: str) -> dict[str, Model]:
    return {name: Model(generation, number << 8 | low, coding) for number, name in enumerate(names, first)}


MODELS = {
    **_series(5, Coding.BYTES, 0x54, 0x01, "BX-5E1", "BX-5E2", "BX-5E3"),
    **_series(5, Coding.RGB565, 0x56, 0x10, "BX-5Q0+", "BX-5Q1+", "BX-5Q2+"),
    **_series(6, Coding.WORDS, 0x74, 0x01, "BX-6E1", "BX-6E2", "BX-6E3", "BX-6E1X", "BX-6E2X"),
    **_series(6, Coding.RGB888, 0x66, 0x00, "BX-6QL", "BX-6Q1", "BX-6Q2", "BX-6Q3", "BX-6Q2L", "BX-6Q3L"),
}
"""Source: both manuals, §4."""
AREAS = {5: 4, 6: 32}
"""How many dynamic areas a card of a generation has (both manuals, §1.3)."""


class OnbonDynamicConfig(PanelConfig, frozen=True, extra="forbid"):
    """An LED screen behind a BX-5E, 5Q, 6E or 6Q card."""

    model: Name = Field(description="The card, printed on its board: BX-6E1.")
    leds: Literal["one", "two"] = Field(
        default="two", description="Behind an E card: LEDs of one colour, or of two. A Q card has all colours."
    )
    address: TcpAddress = Field(description="tcp://HOST:PORT; the card listens on port 5005.")
    swapped: bool = Field(
        default=False, description="Colours are wrong: the other order of the planes, or of the bytes of a pixel."
    )
    with_programs: bool = Field(
        default=False, description="The programs that are stored on the card go on beside the texts."
    )
    screen: int = Field(default=ANY_SCREEN, ge=1, le=ANY_SCREEN, description="The card's screen number; 65534 is any.")
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The zone of the card's clock.")
    scroll_speed: int = Field(default=4, ge=0, le=63, description="The card's speed level of a text that moves.")
    blink_speed: int = Field(default=10, ge=0, le=63, description="The card's speed level of a text that blinks.")
    sensor_step: float = Field(default=0.1, gt=0, le=10, description="What 1 is that a sensor tells: °C, % or dB.")

    @field_validator("address", mode="before")
    @classmethod
    def _no_pictures_on_serial(cls, address: Any, info: ValidationInfo) -> Any:
        """Say how long they would take: everybody who hangs on the wire would wait for them."""
        given: Any = info.context
        port = wire(address, given.get("lines", {}) if given else {}) if isinstance(address, str) else None
        if port is None or not {"width", "height", "model", "leds"} <= info.data.keys():
            return address
        form = Format(MODELS[info.data["model"]].coding, info.data["leds"] == "two")
        size = 2 * form.size(info.data["width"], info.data["height"])
        raise ValueError(
            f"must be tcp://HOST:PORT: at {port.baud} baud the {size} bytes of a called number's pictures, blinking "
            f"and steady, would take {size * port.byte_s:.1f} s, and all others on the wire would wait"
        )

    @property
    def card(self) -> Model:
        """What its model says."""
        return MODELS[self.model]

    @property
    def form(self) -> Format:
        """Its pixels on the wire."""
        return Format(self.card.coding, self.leds == "two", self.swapped)

    @model_validator(mode="after")
    def _areas(self) -> "OnbonDynamicConfig":
        if len(self.regions) > AREAS[self.card.generation]:
            raise ValueError(f"a {self.model} has {AREAS[self.card.generation]} dynamic areas: no more regions")
        unit = UNITS[self.card.coding]
        for region in self.regions:
            if region.x % unit:
                raise ValueError(f"region {region.id!r} of a {self.model} must begin at a multiple of {unit} px")
            if min(region.width, region.height) < FACE:
                raise ValueError(f"region {region.id!r} must be at least {FACE} px wide and high")
        for width, height in [(region.width, region.height) for region in self.regions] or [(self.width, self.height)]:
            if 2 * self.form.size(width, height) > CAPACITY:
                raise ValueError(f"{width} x {height} px are too many: two pages must fit into {CAPACITY} bytes")
        return self
