"""The playlist of a simulated card: read from XML as strictly as a card could, shown in letters and pixels."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.image import RGB, Panel
from drivers.shared.layout import Layout, drawn
from drivers.shared.markup import Element

COLOURS = {f"#{rgb.hex()}": name for name, rgb in RGB.items()}
EFFECTS = range(30)
RUNNING = {"21", "22", "26", "27"}
"""Effects that move a text sideways without end: it must be a single line."""
NUMBER = re.compile(r"\d{1,15}", re.ASCII)


class Page(NamedTuple):
    """A text of an area: `tenths` of a second long."""

    layout: Layout
    colour: str
    tenths: int


class Area(NamedTuple):
    """A rectangle of the screen, whose pages follow one another and begin anew behind the last."""

    guid: str
    x: int
    y: int
    width: int
    height: int
    pages: Sequence[Page]

    def page(self, elapsed_s: float) -> Page:
        """What it shows so long after it began."""
        left = elapsed_s * 10 % sum(page.tenths for page in self.pages)
        for page in self.pages:
            if left < page.tenths:
                return page
            left -= page.tenths
        return self.pages[-1]


def programmes(screen: Element, config: HuiduConfig) -> Mapping[str, Sequence[Area]]:
    """The areas of each programme. Raises ValueError with the name of an error; then nothing of it is taken."""
    found = {attribute(program, "guid"): [*_areas(program, config)] for program in screen.find("program")}
    if not found:
        raise ValueError("kTagNotFound")
    return found


def attribute(element: Element, name: str) -> str:
    """An attribute that must be there. Raises ValueError."""
    value = element.attributes.get(name)
    if not value:
        raise ValueError("kAttrNotFound")
    return value


def number(element: Element, name: str, most: int, least: int = 0) -> int:
    """An attribute that is a number in bounds. Raises ValueError."""
    value = attribute(element, name)
    if not NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise ValueError("kInvalidParam")
    return int(value)


def one(element: Element, name: str) -> Element:
    """The only element of this name. Raises ValueError."""
    found = [*element.find(name)]
    if len(found) != 1:
        raise ValueError("kTagNotFound")
    return found[0]


def choice(element: Element, name: str, *allowed: str) -> str:
    """An attribute that is one of these. Raises ValueError."""
    value = attribute(element, name)
    if value not in allowed:
        raise ValueError("kInvalidParam")
    return value


def _areas(program: Element, config: HuiduConfig) -> Iterator[Area]:
    choice(program, "type", "normal")
    choice(one(program, "playControl"), "disabled", "false")
    for area in program.find("area"):
        rectangle = one(area, "rectangle")
        x, y = number(rectangle, "x", config.width), number(rectangle, "y", config.height)
        width = number(rectangle, "width", config.width - x, 1)
        height = number(rectangle, "height", config.height - y, 1)
        number(area, "alpha", 255)
        pages = [_page(text, config) for text in one(area, "resources").find("text")]
        if not pages or not all(page.tenths for page in pages):
            raise ValueError("kInvalidParam")
        yield Area(attribute(area, "guid"), x, y, width, height, pages)


def _page(text: Element, config: HuiduConfig) -> Page:
    attribute(text, "guid")
    single = choice(text, "singleLine", "true", "false") == "true"
    style, font, effect = one(text, "style"), one(text, "font"), one(text, "effect")
    choice(style, "align", "left", "center", "right")
    choice(style, "valign", "top", "middle", "bottom")
    choice(font, "name", config.font)
    for name in ("in", "out"):
        number(effect, name, EFFECTS[-1])
    for name in ("inSpeed", "outSpeed"):
        number(effect, name, 8)
    if (moving := attribute(effect, "in") in RUNNING) and not single:
        raise ValueError("kInvalidParam")
    height = round(number(font, "size", 4096, 1) * 100 / config.size_percent)
    colour = COLOURS[choice(font, "color", *COLOURS)]
    rows = tuple(one(text, "string").text.split("\n"))
    return Page(Layout(rows, height, moving), colour, number(effect, "duration", 9_999_999))


def seen(area: Area, page: Page) -> Mapping[str, Any]:
    """What a person sees of an area."""
    return {
        "guid": area.guid,
        "x": area.x,
        "y": area.y,
        "width": area.width,
        "height": area.height,
        "text": page.layout.text,
        "size": page.layout.height,
        "colour": page.colour,
        "moving": page.layout.moving,
        "pages": len(area.pages),
    }


def paint(panel: Panel, area: Area, page: Page) -> None:
    """Light its pixels; of a moving text the beginning."""
    bits = drawn(page.layout, area.width, area.height).cut(0, area.width)
    panel.paint(area.x, area.y, bits, page.colour)
