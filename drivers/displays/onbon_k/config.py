"""The site-file section of an Onbon BX-5K or BX-6K font card."""

from typing import Literal, NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from drivers.displays.onbon_k.areas import PIXELS
from drivers.displays.onbon_k.codec import ANY_SCREEN, ANY_TYPE
from gateway.core.address import line_id
from gateway.core.config import BusAddress, TimeZone
from gateway.core.panel import PanelConfig, Region


class Model(NamedTuple):
    """A card: its device type on the wire, in what units it counts x and width, and whether it can speak."""

    device_type: int
    x_unit_px: int
    voice: bool = False


MODELS = {
    "5K1": Model(0x51, 8),
    "5K2": Model(0x58, 8),
    "5MK": Model(ANY_TYPE, 8),
    "5KX": Model(ANY_TYPE, 8),
    "5K1Q-YY": Model(0x5C, 8, voice=True),
    "6K1": Model(0x61, 1),
    "6K2": Model(0x62, 1),
    "6K3": Model(0x63, 1),
    "6K1-YY": Model(0x64, 1, voice=True),
    "6K2-YY": Model(0x65, 1, voice=True),
    "6K3-YY": Model(0x66, 1, voice=True),
}
"""Source of the types: the appendix of the vendor's documentation of its library (5MK stands for two of them, 5KX is
not there); of the units: the vendor's sample code, which divides by 8 for 5K only."""


class OnbonKConfig(PanelConfig, frozen=True, extra="forbid"):
    """An LED screen behind a BX-K card."""

    address: BusAddress = Field(
        description="tcp://HOST:PORT, where the card listens on port 5005; serial:// or rfc2217:// for a card that is "
        "alone on its port; line:ID for one of several on a line."
    )
    model: Literal["5K1", "5K2", "5MK", "5KX", "5K1Q-YY", "6K1", "6K2", "6K3", "6K1-YY", "6K2-YY", "6K3-YY"] = Field(
        description="The card, printed on its board; those with -YY speak."
    )
    width: int = Field(ge=16, le=1024, multiple_of=8, description="Width of the screen, px.")
    height: int = Field(ge=16, le=128, multiple_of=16, description="Height of the screen, px.")
    screen: int = Field(
        default=ANY_SCREEN,
        ge=1,
        le=ANY_SCREEN,
        validate_default=True,
        description="The card's screen number; 65534 is any, which a card on a shared line cannot have.",
    )

    pixel_bit: bool = Field(
        default=False, description="6K: set the bit of x and width that says pixels, which some firmware wants."
    )
    brightest: Literal[15, 16] = Field(default=16, description="The card's highest level of brightness.")
    person: int = Field(default=0, ge=0, le=5, description="Whose voice a card with a voice has.")
    speech_speed: int = Field(default=5, ge=0, le=10, description="How fast it speaks.")
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The zone of the card's clock, which knows none.")

    @property
    def card(self) -> Model:
        """What is known of its model."""
        return MODELS[self.model]

    def on_wire(self, px: int) -> int:
        """An x or a width in pixels, as this card is told."""
        return px // self.card.x_unit_px | (PIXELS if self.pixel_bit else 0)

    def in_px(self, units: int) -> int:
        """An x or a width as a card is told, in pixels."""
        return units & ~PIXELS if units & PIXELS else units * self.card.x_unit_px

    @property
    def unit(self) -> tuple[str, int]:
        return "screen", self.screen

    @field_validator("screen")
    @classmethod
    def _own_number(cls, screen: int, info: ValidationInfo) -> int:
        if screen == ANY_SCREEN and line_id(info.data.get("address", "")) is not None:
            raise ValueError(f"must be the card's own number on a shared line: to {ANY_SCREEN} they all answer")
        return screen

    @field_validator("regions")
    @classmethod
    def _on_the_grid(cls, regions: list[Region]) -> list[Region]:
        for region in regions:
            if region.x % 8 or region.width % 8 or region.height % 16:
                raise ValueError(
                    f"region {region.id!r} must begin at a multiple of 8 px, and be a multiple of 8 px wide, of 16 high"
                )
        return regions

    @model_validator(mode="after")
    def _pixels(self) -> Self:
        if self.pixel_bit and self.card.x_unit_px > 1:
            raise ValueError(f"pixel_bit is for 6K cards: a {self.model} counts x and width in units of 8 px")
        return self
