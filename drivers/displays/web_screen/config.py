"""The site-file section of a waiting-area screen."""

from typing import ClassVar

from pydantic import Field

from gateway.core.config import DeviceConfig

SILENT_BEATS = 2.4
"""A page that has missed two beats is dead: 12 s at the usual 5 s."""


class WebScreenConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A screen that opens `/screens/ID` of the field listener in a browser."""

    is_page: ClassVar[bool] = True
    beat_s: float = Field(
        default=5.0,
        ge=0.1,
        le=10,
        description="How often its page tells that it lives; silent for 2.4 of these is dead.",
    )
    hide_after_min: float = Field(
        default=10.0, ge=1, le=1440, description="After so many minutes without the gateway the page hides its numbers."
    )
