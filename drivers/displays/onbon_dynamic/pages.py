"""How a text becomes the pages of a dynamic area. Pure."""

from drivers.displays.onbon_dynamic.codec.areas import BLINK, HOLD_LAST, LEFT_ON, LOOP, Area, Page
from drivers.displays.onbon_dynamic.codec.bitmaps import encode
from drivers.displays.onbon_dynamic.codec.frames import CAPACITY
from drivers.displays.onbon_dynamic.config import FACE, OnbonDynamicConfig
from drivers.shared.font import drawable
from drivers.shared.layout import Layout, arrange, drawn
from drivers.shared.text import cells, cut, printable
from gateway.core.errors import CommandRejected
from gateway.core.panel import Laid, Region
from gateway.core.screen import MOST, Fit, Show

BLINKING = 300
"""How long a new text blinks, in 10 ms."""


def lay(config: OnbonDynamicConfig, region: Region, show: Show) -> Laid:
    """How a region shows a text: the content is its Layout. Raises CommandRejected."""
    texts = [printable(text, MOST) for text in (show.text, *show.shorter)]
    for text in texts:
        shown, substituted = drawable(text)
        if (layout := _standing(region, shown)) is not None:
            return Laid(layout.text, substituted, layout)
    if show.fit is Fit.SCROLL:
        text = cut(texts[0], lambda part: _any(config, region, drawable(part)[0]) is not None)
        shown, substituted = drawable(text)
        if (layout := _any(config, region, shown)) is not None:
            return Laid(layout.text, substituted, layout)
    where = f"{config.id}/{region.id}" if config.regions else config.id
    raise CommandRejected(
        f"{drawable(texts[0])[0]} does not fit onto the {region.width} x {region.height} px of screen {where}"
    )


def area(config: OnbonDynamicConfig, number: int, region: Region, show: Show, layout: Layout) -> Area:
    """The dynamic area that shows it: with `attention` it blinks first and then stays; a moving one never stops."""
    return Area(
        id=number,
        run_mode=LOOP if layout.moving else HOLD_LAST,
        alone=not config.with_programs,
        x=region.x,
        y=region.y,
        width=region.width,
        height=region.height,
        pages=_moving(config, region, show, layout) if layout.moving else _still(config, region, show, layout),
    )


def _faces(region: Region) -> range:
    return range(min(region.width, region.height) // FACE * FACE, 0, -FACE)


def _standing(region: Region, text: str) -> Layout | None:
    return arrange([text], width=region.width, height=region.height, faces=_faces(region), moving=False)


def _any(config: OnbonDynamicConfig, region: Region, text: str) -> Layout | None:
    """The text in the largest letters in which the card has the memory to move it; else standing, where it has room."""
    moving = (Layout((text,), face, moving=True) for face in _faces(region))
    return next((layout for layout in moving if _fits(config, region, layout)), None) or _standing(region, text)


def _fits(config: OnbonDynamicConfig, region: Region, layout: Layout) -> bool:
    pages = -(-_length(layout) // region.width)
    return pages * config.form.size(region.width, region.height) <= CAPACITY


def _length(layout: Layout) -> int:
    """The pixels that a moving text takes, with the gap before it comes again."""
    return layout.height // 2 * (4 + sum(map(cells, layout.text)))


def _still(config: OnbonDynamicConfig, region: Region, show: Show, layout: Layout) -> tuple[Page, ...]:
    bitmap = encode(drawn(layout, region.width, region.height), show.colour, config.form)
    still = Page(valid=region.width, bitmap=bitmap)
    blinking = Page(mode=BLINK, speed=config.blink_speed, stay=BLINKING, valid=region.width, bitmap=bitmap)
    return (blinking, still) if show.attention else (still,)


def _moving(config: OnbonDynamicConfig, region: Region, show: Show, layout: Layout) -> tuple[Page, ...]:
    bits, length = drawn(layout, region.width, region.height), _length(layout)
    return tuple(
        Page(
            mode=LEFT_ON,
            speed=config.scroll_speed,
            stay=0,
            valid=min(region.width, length - x),
            bitmap=encode(bits.cut(x, region.width), show.colour, config.form),
        )
        for x in range(0, length, region.width)
    )
