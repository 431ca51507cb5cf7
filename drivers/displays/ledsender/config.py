"""The site-file section of a card of the LEDSender2010 library."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from gateway.core.address import accept, line_id
from gateway.core.config import TimeZone
from gateway.core.panel import PanelConfig, Region

LOWEST = 16
"""The height of the smallest letters of a card, px."""


class LedSenderConfig(PanelConfig, frozen=True, extra="forbid"):
    """An LED screen behind an LEDSender2010 card."""

    address: Annotated[str, AfterValidator(accept("udp", "serial", "rfc2217", "line"))] = Field(
        description="udp://HOST:PORT, where the card listens on port 6666; serial:// or rfc2217:// for a card that is "
        "alone on its port; line:ID for one of several on a line."
    )
    width: int = Field(ge=16, le=2048, description="Width of the screen, px.")
    height: int = Field(ge=16, le=512, description="Height of the screen, px.")
    card: int = Field(
        default=0,
        ge=0,
        le=255,
        validate_default=True,
        description="The card's address; on a shared line its own, 1 to 255.",
    )
    colours: Literal["mono", "dual", "rgb", "full"] = Field(
        default="dual", description="The LEDs: one colour, red and green, eight colours, or full colour."
    )
    checksum: Literal["zero", "crc16"] | None = Field(
        default=None,
        description="What stands in the check of a packet; left out: zero over UDP, crc16 on a serial wire.",
    )
    replace: bool = Field(
        default=True,
        description="Whether the text of one region can be replaced; else all of them are sent every time.",
    )
    accepted: list[Annotated[int, Field(ge=0, le=65535)]] = Field(
        default=[0, 1, 255],
        min_length=1,
        max_length=16,
        description="The results by which the card says that it has done it.",
    )
    timezone: TimeZone = Field(default="Asia/Shanghai", description="The zone of the card's clock.")

    @property
    def checked(self) -> bool:
        """Whether packets carry a CRC."""
        return not self.address.startswith("udp:") if self.checksum is None else self.checksum == "crc16"

    @property
    def unit(self) -> tuple[str, int]:
        return "card", self.card

    @field_validator("card")
    @classmethod
    def _own_address(cls, card: int, info: ValidationInfo) -> int:
        if card == 0 and line_id(info.data.get("address", "")) is not None:
            raise ValueError("must be the card's own address on a shared line, 1 to 255")
        return card

    @field_validator("regions")
    @classmethod
    def _high_enough(cls, regions: list[Region]) -> list[Region]:
        for region in regions:
            if region.height < LOWEST or region.width < LOWEST:
                raise ValueError(f"region {region.id!r} must be at least {LOWEST} px wide and {LOWEST} high")
        return regions
