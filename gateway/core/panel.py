"""What all LED screens have in common: a size, a text on the whole or in each region, light and brightness."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, Field, model_validator

from gateway.core.config import DeviceConfig, Id
from gateway.core.contract import DeviceContext, Driver, convert
from gateway.core.errors import NotSupported
from gateway.core.model import (
    Command,
    Part,
    PartKind,
    Picture,
    Point,
    PollGroup,
    Quality,
    Reading,
    Scalar,
    Stage,
    Surface,
    Verb,
)
from gateway.core.screen import Brightness, Power, Show

PING = "ping"
MOST_PX = 4 * 1024 * 1024  # a picture of so many is drawn in a tenth of a second
TEXT_POINTS = (
    Point("text", "text", "the text that the device has acknowledged; empty after a clear"),
    Point("colour", "text", "its colour: red, green or yellow"),
    Point("substituted", "integer", "characters of the text that it cannot show: □ or ＼ stands for them"),
)
ON = Point("on", "boolean", "whether the device was told to light its LEDs")
BRIGHTNESS = Point("brightness", "integer", "the brightness that the device has acknowledged", unit="%")
POWER = Verb(name="power", meaning="light the LEDs or not", params=Power, desired=True, confirms=False)
DIM = Verb(name="brightness", meaning="set the brightness", params=Brightness, desired=True, confirms=False)


class Region(BaseModel, frozen=True, extra="forbid"):
    """A rectangle of a screen that shows a text of its own: a part of the device. In pixels, from the upper left."""

    id: Id
    name: str | None = Field(default=None, max_length=80, description="What people call it.")
    x: int = Field(ge=0, le=8192)
    y: int = Field(ge=0, le=8192)
    width: int = Field(ge=8, le=8192)
    height: int = Field(ge=8, le=8192)

    def meets(self, other: "Region") -> bool:
        """Whether two regions have a pixel in common."""
        beside = self.x + self.width <= other.x or other.x + other.width <= self.x
        return not (beside or self.y + self.height <= other.y or other.y + other.height <= self.y)


class PanelConfig(DeviceConfig, frozen=True, extra="forbid"):
    """The keys that every LED screen has."""

    width: int = Field(ge=16, le=8192, description="Width of the screen, px.")
    height: int = Field(ge=16, le=8192, description="Height of the screen, px.")
    regions: list[Region] = Field(
        default=[],
        max_length=16,
        description="Rectangles with a text of their own, DEVICE/REGION; without any the whole screen has one text.",
    )
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="How long an answer may take.")
    ping_s: float = Field(default=5.0, ge=0.2, le=60, description="How often the device is asked whether it lives.")
    resend_s: float = Field(
        default=45.0, ge=5, le=3600, description="How often the text is sent again: a card forgets it silently."
    )

    @model_validator(mode="after")
    def _size(self) -> "PanelConfig":
        if (px := self.width * self.height) > MOST_PX:
            raise ValueError(f"{self.width} x {self.height} are {px} px: a screen may have {MOST_PX} at most")
        return self

    @model_validator(mode="after")
    def _regions(self) -> "PanelConfig":
        for region in self.regions:
            if region.x + region.width > self.width or region.y + region.height > self.height:
                raise ValueError(f"region {region.id!r} must lie inside of the {self.width} x {self.height} screen")
        for one, other in combinations(self.regions, 2):
            if one.id == other.id:
                raise ValueError(f"two regions have the id {one.id!r}")
            if one.meets(other):
                raise ValueError(f"the regions {one.id!r} and {other.id!r} must not overlap")
        return self


class Laid(NamedTuple):
    """A text as a screen shows it: what is seen, how many characters had to be replaced, and the driver's `content`."""

    text: str
    substituted: int
    content: Any


class Shown(NamedTuple):
    """What a region was asked to show, and what it acknowledged."""

    show: Show
    laid: Laid


PanelConfigT = TypeVar("PanelConfigT", bound=PanelConfig)
Sent = Callable[[], None]


class PanelDriver(Driver[PanelConfigT], Generic[PanelConfigT]):
    """One LED card. What it shows is known from its acknowledgements, and unknown after every connect."""

    points: ClassVar[Sequence[Point]] = (ON,)
    verbs: ClassVar[Sequence[Verb]] = (POWER,)
    """Those of the device as a whole, beside `show`."""

    def __init__(self, config: PanelConfigT, context: DeviceContext) -> None:
        super().__init__(config, context)
        self.forget()

    def forget(self) -> None:
        """Nothing is known any more: called at every connect."""
        self.shown: dict[str | None, Shown] = {}
        self._laid: dict[str | None, Shown] = {}
        self.values: dict[str, Scalar] = {}
        self._drawn: tuple[Mapping[str | None, Shown], bool, Picture] | None = None

    def surface(self) -> Surface:
        meaning, resend_s = "show a text", self.config.resend_s
        show = Verb(name="show", meaning=meaning, params=Show, desired=True, resend_s=resend_s, confirms=False)
        polls = (PollGroup(PING, self.config.ping_s),)
        if self.config.regions:
            device, region = (
                PartKind(points=tuple(self.points), verbs=tuple(self.verbs)),
                PartKind(TEXT_POINTS, (show,)),
            )
            return Surface(device=device, kinds={"region": region}, polls=polls)
        return Surface(device=PartKind((*TEXT_POINTS, *self.points), (show, *self.verbs)), polls=polls)

    def parts(self) -> tuple[Part, ...]:
        """Its regions, for the Identity of a connection."""
        return tuple(Part(region.id, "region", region.name or region.id) for region in self.config.regions)

    def regions(self) -> Mapping[str | None, Region]:
        """All rectangles with a text, by part; the whole screen is that of None."""
        own: dict[str | None, Region] = {region.id: region for region in self.config.regions}
        return own or {None: Region(id="all", x=0, y=0, width=self.config.width, height=self.config.height)}

    @abstractmethod
    def lay(self, region: Region, show: Show) -> Laid:
        """How a region would show this. Pure. Raises CommandRejected when it must be seen whole and cannot."""

    @abstractmethod
    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        """Have the device show it; returns once it has acknowledged. Raises DeviceError, OSError.

        `show.attention` is true only where it was asked for and this was not there before.
        """

    @abstractmethod
    def draw(self) -> Picture:
        """The whole screen with what `shown` says, dark where `values` say that it is off."""

    def picture(self, part: str | None) -> Picture | None:
        """What the screen shows, as far as it has acknowledged; drawn anew only when that is something else."""
        regions = self.regions()
        if not self.shown.keys() & ({part} if part in regions else regions):
            return None
        dark = self.values.get("on") is False
        if self._drawn is None or self._drawn[:2] != (self.shown, dark):
            self._drawn = dict(self.shown), dark, self.draw()
        return self._drawn[2]

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Scalar]:
        """Do anything else than `show`; gives what it acknowledged, by point. Raises DeviceError, OSError."""
        raise NotSupported(f"no verb {command.verb!r}")

    async def execute(self, command: Command) -> Mapping[str, Any]:
        sent = partial(self.context.stage, command, Stage.SENT)
        if command.verb == "show":
            detail = await self._show(command, convert(Show, command.params), sent)
        else:
            detail = await self.do(command, sent)
            self.values |= {point.name: detail[point.name] for point in self.points if point.name in detail}
        self.context.publish(*self.readings())
        return detail

    async def _show(self, command: Command, show: Show, sent: Sent) -> Mapping[str, Any]:
        region, before = self.regions()[command.part], self.shown.get(command.part)
        laid = self._lay(command.part, show)
        again = before is not None and before.show == show
        await self.put(region, msgspec.structs.replace(show, attention=False) if again else show, laid, sent)
        self.shown[command.part] = Shown(show, laid)
        return {"shown": laid.text, "substituted": laid.substituted}

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        """Refuse what cannot be shown whole, beside parameters that are wrong."""
        super().check(verb, part, params)
        if verb.name == "show":
            self._lay(part, convert(Show, params))

    def _lay(self, part: str | None, show: Show) -> Laid:
        """As `lay`, once for a text that is checked first and then shown."""
        last = self._laid.get(part)
        if last is None or last.show != show:
            last = self._laid[part] = Shown(show, self.lay(self.regions()[part], show))
        return last.laid

    def readings(self) -> list[Reading]:
        """All points as they are known now."""
        found = [_reading(part, name, value) for part in self.regions() for name, value in self._text(part).items()]
        return [*found, *(_reading(None, point.name, self.values.get(point.name)) for point in self.points)]

    def _text(self, part: str | None) -> dict[str, Scalar]:
        shown = self.shown.get(part)
        if shown is None:
            return {point.name: None for point in TEXT_POINTS}
        show, laid = shown
        return {"text": laid.text, "colour": show.colour.value, "substituted": laid.substituted}


def _reading(part: str | None, name: str, value: Scalar) -> Reading:
    return Reading(part, name, value, Quality.BAD if value is None else Quality.GOOD)
