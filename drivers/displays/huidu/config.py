"""The site-file section of a Huidu full-colour card."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from gateway.core.config import TcpAddress
from gateway.core.panel import PanelConfig, Region

FACES = (256, 192, 128, 96, 64, 48, 32, 16)
"""The heights of letters that are tried, in pixels."""


class HuiduConfig(PanelConfig, frozen=True, extra="forbid"):
    """An LED screen behind a Huidu card."""

    address: TcpAddress = Field(description="tcp://HOST:PORT; the card listens on port 10001.")
    font: str = Field(
        default="SimSun",
        pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,64}$",
        description="The font on the card. Its ASCII must be half as wide as high, as in SimSun.",
    )
    size_percent: int = Field(
        default=100,
        ge=25,
        le=400,
        description="The font size that is sent, in percent of the height of the letters in pixels.",
    )
    updates: bool = Field(
        default=True, description="Whether a new text is an UpdateProgram; else all is sent anew by AddProgram."
    )
    timezone: str = Field(default="Asia/Shanghai", description="The time zone of the card's clock.")
    ping_s: float = Field(default=5.0, ge=0.2, le=30, description="How often a heartbeat is exchanged.")
    status_s: float = Field(default=30.0, ge=1, le=3600, description="How often the card is asked what it knows.")
    resend_s: float = Field(
        default=600.0, ge=5, le=3600, description="How often the text is sent again; the card may write it to flash."
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("must be a time zone of the IANA database, for example Asia/Shanghai") from error
        return name

    @field_validator("regions")
    @classmethod
    def _for_a_letter(cls, regions: list[Region]) -> list[Region]:
        for region in regions:
            if region.width < FACES[-1] or region.height < FACES[-1]:
                raise ValueError(f"region {region.id!r} must be at least {FACES[-1]} px wide and high")
        return regions
