"""The border types of the site file that drivers build on: ids, addresses, secrets by reference, a device's section."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from gateway.core.address import accept, line_id
from gateway.core.known import maybe

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""The id of a site, zone, device, window: lower-case letters, digits, `_`, `-`, at most 64."""

TcpAddress = Annotated[str, AfterValidator(accept("tcp"))]
"""`tcp://HOST:PORT`."""
UdpAddress = Annotated[str, AfterValidator(accept("udp"))]
"""`udp://HOST:PORT`."""
HttpAddress = Annotated[str, AfterValidator(accept("http", "https"))]
"""`http://HOST[:PORT]` or `https://HOST[:PORT]`."""
WireAddress = Annotated[str, AfterValidator(accept("tcp", "serial", "rfc2217"))]
"""A wire of one's own: what a line stands on."""
BusAddress = Annotated[str, AfterValidator(accept("tcp", "serial", "rfc2217", "line"))]
"""A wire of one's own, or `line:ID`: for a device that has a number on a bus."""


BEIJING = ("Asia/Beijing", "Asia/Peking", "Beijing")
"""What Asia/Shanghai, the zone of all China, is looked for under."""


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, such as Asia
        meant = maybe("Asia/Shanghai" if name in BEIJING else name, available_timezones())
        raise ValueError(f"must be the name of a time zone, for example Asia/Shanghai{meant}") from error
    return name


TimeZone = Annotated[str, AfterValidator(_timezone)]
"""The name of a time zone."""


def _start(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        start = None if isinstance(given, int | float) else read(given)  # pydantic takes numbers for seconds since 1970
    except ValidationError:
        start = None
    if start is None or (isinstance(start, datetime) and start.tzinfo is not None):
        raise ValueError("must be oldest, newest or a time of its own clock, without a zone: 2026-11-01T00:00:00")
    return start


LogStart = Annotated[Literal["oldest", "newest"] | datetime, WrapValidator(_start)]
"""Where the log of a device is begun at the very first contact; a time is one of the device's own clock."""


def _file(name: str, info: ValidationInfo) -> str:
    context: Any = info.context
    return str(Path(context["folder"]) / name) if context else name


File = Annotated[str, Field(min_length=1), AfterValidator(_file)]
"""A file; its name begins at the folder of the site file."""


class SecretRef(BaseModel, frozen=True, extra="forbid"):
    """A secret by reference: `{file: NAME}` (systemd credentials work as they are) or `{env: NAME}`."""

    file: str | None = Field(default=None, min_length=1)
    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    @model_validator(mode="after")
    def _one(self, info: ValidationInfo) -> "SecretRef":
        if (self.file is None) == (self.env is None):
            raise ValueError("must be exactly one of {file: NAME} or {env: NAME}")
        context: Any = info.context
        folder = context.get("folder") if context else None
        if self.file is not None and folder is not None:
            return SecretRef(file=str(Path(folder) / self.file))
        return self

    def __str__(self) -> str:
        return f"file {self.file}" if self.file else f"environment variable {self.env}"


class DeviceConfig(BaseModel, frozen=True, extra="forbid"):
    """What every device's section of the site file has; a driver adds its own keys."""

    is_page: ClassVar[bool] = False
    """Whether it is a page of ours in a browser, which needs TLS to live on without the gateway."""
    comes_to_field: ClassVar[bool] = False
    """Whether it is a client of ours, and can connect only where there is the listener `http.field`."""
    id: Id
    driver: str
    zone: Id | None = Field(default=None, description="The zone it stands in.")
    name: str | None = Field(default=None, max_length=80, description="What people call it.")
    depends_on: list[Id] = Field(
        default=[], max_length=16, description="Devices without which it cannot be reached: the root of its alarms."
    )

    def weaknesses(self) -> Iterable[tuple[str, str]]:
        """Choices that work and are weak: a key of this section, and one sentence on what to choose instead."""
        return ()

    @property
    def door_ids(self) -> Sequence[str] | None:
        """The parts that are doors, where this section tells them; None where only the device can."""
        return None

    @property
    def claims(self) -> Sequence[tuple[str, str]]:
        """Keys whose values no other device may have, each with its claim: KIND:VALUE."""
        return ()

    def wrong_secret(self, _key: str, _secret: str) -> str | None:
        """Why what is behind a secret of this section cannot be used, never repeating it; None where it can be."""
        return None

    @property
    def line(self) -> str | None:
        """The id of the shared line that it hangs on; None for a device that has its wire for itself."""
        return line_id(str(getattr(self, "address", "")))

    @property
    def unit(self) -> tuple[str, int] | None:
        """The key and the number by which it is asked on a shared line; None where its driver cannot share one."""
        return None
