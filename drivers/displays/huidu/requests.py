"""What is said to a Huidu card, in XML. Pure.

    <sdk guid=G><in method=M>…</in></sdk>

Source: the vendor's C# SDK 2.0.10 and its pages on SDK XML. That all four elements of SetLuminancePloy must be there
was measured by others on a C16L (else kParseXmlFailed).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.image import RGB
from drivers.shared.layout import Layout
from drivers.shared.markup import NOT_XML, Element, document
from drivers.shared.text import printable
from gateway.core.panel import Region
from gateway.core.screen import Colour

AT_ONCE, RUNNING_LEFT = "0", "26"
"""Effects of a text: it stands there, or it runs from right to left, its head behind its tail."""
BLINK = 5
"""How long a blinking text is there, and not there, in tenths of a second."""
STEADY = 99_990
"""How long a page stands until its area begins anew, in tenths of a second: longer than any `resend_s`."""
VENDOR_ZONES = {"Asia/Shanghai": "Beijing,Chongqing,HongKong,Urumchi"}
TIME = "%Y-%m-%d %H:%M:%S"


class Area(msgspec.Struct, frozen=True):
    """A text in its place."""

    region: Region
    layout: Layout
    colour: Colour


def command(guid: str, method: str, *inner: Element) -> bytes:
    """A command, as the XML that is sent."""
    return document(Element("sdk", {"guid": guid}, [Element("in", {"method": method}, inner)]))


def value(name: str, given: object) -> Element:
    """An element with one value."""
    return Element(name, {"value": str(given)})


def playlist(config: HuiduConfig, areas: Iterable[Area], *, at: datetime | None, blinks: Mapping[str, int]) -> Element:
    """All there is on the screen: one programme with an area for each text; `at` where it replaces the playlist.

    The area of a region blinks as often as `blinks` says before it is steady.
    """
    attributes = {"type": "normal", "id": "0", "guid": programme(config), "name": config.id}
    inner = [
        Element("playControl", {"count": "1", "disabled": "false"}),
        *(_area(config, area, blinks=blinks.get(area.region.id, 0)) for area in areas),
    ]
    stamp = {} if at is None else {"timeStamps": str(int(at.timestamp() * 1000))}
    return Element("screen", stamp, [Element("program", attributes, inner)])


def programme(config: HuiduConfig) -> str:
    """The guid of the one programme: the card takes any text for it."""
    return f"hall-{config.id}"


def area_guid(config: HuiduConfig, region: str) -> str:
    """The guid of a region's area."""
    return f"{programme(config)}-{region}"


def _area(config: HuiduConfig, area: Area, *, blinks: int) -> Element:
    region, guid = area.region, area_guid(config, area.region.id)
    place = {name: str(getattr(region, name)) for name in ("x", "y", "width", "height")}
    text = "\n".join(area.layout.rows)
    pages = [*[(text, BLINK), ("", BLINK)] * blinks, (text, STEADY)]
    texts = [_text(config, area, f"{guid}-{page}", *shown) for page, shown in enumerate(pages)]
    attributes = {"guid": guid, "name": region.id, "alpha": "255"}
    return Element("area", attributes, [Element("rectangle", place), Element("resources", {}, texts)])


def _text(config: HuiduConfig, area: Area, guid: str, text: str, tenths: int) -> Element:
    moving = area.layout.moving
    font = {"name": config.font, "size": str(round(area.layout.height * config.size_percent / 100))}
    plain = {"bold": "false", "italic": "false", "underline": "false"}
    effect = {"in": RUNNING_LEFT if moving else AT_ONCE, "inSpeed": "4", "out": AT_ONCE, "outSpeed": "4"}
    inner = (
        Element("style", {"align": "left" if moving else "center", "valign": "middle"}),
        Element("string", text=text),
        Element("font", font | {"color": f"#{RGB[area.colour].hex()}"} | plain),
        Element("effect", effect | {"duration": str(tenths)}),
    )
    return Element("text", {"guid": guid, "name": "", "singleLine": "true" if moving else "false"}, inner)


def luminance(percent: int) -> Sequence[Element]:
    """A fixed brightness."""
    sensor = Element("sensor", {"min": "1", "max": "100", "time": "10"})
    return value("mode", "default"), value("default", percent), Element("ploy"), sensor


def clock(now: datetime, zone: str) -> Sequence[Element]:
    """The time at a place, which also ends what the card had set its clock by."""
    offset = f"{now:%z}"
    place = VENDOR_ZONES.get(zone, zone)
    return (
        value("timezone", f"(UTC{offset[:3]}:{offset[3:5]}){place}"),
        Element("summer", {"enable": "false"}),
        value("sync", "none"),
        value("time", f"{now:{TIME}}"),
    )


def writable(text: str, most: int) -> str:
    """The text without what XML cannot say, cut to `most` characters."""
    return printable(text, most).translate(NOT_XML)
