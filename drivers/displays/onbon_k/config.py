"""The site-file section of an Onbon BX-5K or BX-6K font card."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from drivers.displays.onbon_k.codec import ANY_SCREEN
from gateway.core.address import line_id
from gateway.core.config import BusAddress
from gateway.core.panel import PanelConfig, Region

X_UNIT_PX = {"5K1": 8, "5K2": 8, "5MK": 8, "5KX": 8, "6K1": 1, "6K2": 1, "6K3": 1}
"""In what units a model counts x and width. Source: the vendor's sample code, which divides by 8 for 5K only."""


class OnbonKConfig(PanelConfig, frozen=True, extra="forbid"):
    """An LED screen behind a BX-K card."""

    address: BusAddress = Field(
        description="tcp://HOST:PORT, where the card listens on port 5005; serial:// or rfc2217:// for a card that is "
        "alone on its port; line:ID for one of several on a line."
    )
    model: Literal["5K1", "5K2", "5MK", "5KX", "6K1", "6K2", "6K3"] = Field(
        description="The card, printed on its board."
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

    @property
    def x_unit_px(self) -> int:
        """The pixels of one unit of x and width on the wire."""
        return X_UNIT_PX[self.model]

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
