"""What a Huidu card answers, read from its XML. Pure, and nothing that a card tells makes it raise.

    <sdk guid=G><out method=M result="kSuccess">…</out></sdk>

Source: the vendor's C# SDK 2.0.10, and the answers of a C16L on the vendor's pages. GetProgram gives the texts below
`resource`, where AddProgram takes `resources`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from drivers.displays.huidu import requests
from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.markup import Element
from drivers.shared.text import printable
from gateway.core.model import Identity

MOST = 64
"""Characters of a name that a card tells."""


def told(text: str | None) -> str | None:
    """What a card tells, harmless; None where it tells nothing."""
    return printable(text or "", MOST).strip() or None


def identity(out: Element) -> Identity:
    """Who a card says it is, without its parts."""
    model, number = told(out.attribute("device", "model")), told(out.attribute("device", "id"))
    return Identity(model=model, serial=number, firmware=told(out.attribute("version", "app")))


def brightness(out: Element) -> int | None:
    """The brightness in percent; None where it follows the hour or a sensor."""
    percent = out.attribute("default", "value") or ""
    fixed = out.attribute("mode", "value") == "default" and percent.isascii() and percent.isdigit()
    return int(percent) if fixed and len(percent) <= 3 and 0 <= int(percent) <= 100 else None


def local_time(out: Element) -> datetime | None:
    """The card's clock, in its own zone; None where it tells no time."""
    try:
        return datetime.strptime(out.attribute("time", "value") or "", requests.TIME)  # noqa: DTZ007 - a card's clock is naive
    except ValueError:
        return None


def held(out: Element, config: HuiduConfig) -> Mapping[str, str] | None:
    """The texts of our programme, by the guid of the area, without gaps and line ends: the last page of each.

    None where the card tells no playlist at all.
    """
    if next(out.find("screen"), None) is None:
        return None
    areas = [
        area
        for program in out.find("screen", "program")
        if program.attributes.get("guid") == requests.programme(config)
        for area in program.find("area")
    ]
    return {area.attributes.get("guid", ""): last for area in areas for last in _last_text(area)}


def _last_text(area: Element) -> Sequence[str]:
    texts = [text for name in ("resource", "resources") for text in area.find(name, "text", "string")]
    return [dense(text.text) for text in texts[-1:]]


def dense(text: str) -> str:
    """A text without gaps and line ends, which a card may write in its own way."""
    return "".join(text.split())
