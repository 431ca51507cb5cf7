"""The section of the site file for a signal lamp."""

from pydantic import Field

from gateway.core.config import DeviceConfig, TcpAddress


class LampConfig(DeviceConfig, frozen=True):
    """One lamp."""

    address: TcpAddress
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="How long an answer may take.")
    poll_s: float = Field(default=5.0, ge=0.05, le=60, description="How often the lamp is asked for its colour.")
