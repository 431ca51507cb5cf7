"""The site-file section of a ticket printer."""

from pydantic import Field

from gateway.core.config import DeviceConfig, TcpAddress


class EscposPrinterConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A ticket printer on the network."""

    address: TcpAddress = Field(description="tcp://HOST:PORT, where the printer listens on port 9100.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="How long an answer may take.")
    poll_s: float = Field(default=10.0, ge=0.05, le=3600, description="How often the printer is asked for its state.")
