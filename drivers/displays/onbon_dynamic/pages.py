"""How a text becomes the pages of a dynamic area. Pure."""

from drivers.displays.onbon_dynamic.codec.areas import BLINK, HOLD_LAST, LEFT_ON, LOOP, Area, Page
from drivers.displays.onbon_dynamic.codec.bitmaps import encode
from drivers.displays.onbon_dynamic.codec.frames import CAPACITY
from drivers.displays.onbon_dynamic.config import FACE, OnbonDynamicConfig
from drivers.shared.font import drawable
from drivers.shared.layout import Layout, arrange, drawn
from drivers.shared.text import cells, printable
from gateway.core.errors import CommandRejected
from gateway.core.panel import Laid, Region
from gateway.core.screen import MOST, Fit, Show

BLINKING = 300
"""How long a new text blinks, in 10 ms."""


def lay(config: OnbonDynamicConfig, region: Region, show: Show) -> Laid:
    """How a region shows a text: the content is its Layout. Raises CommandRejected."""
    texts = [drawable(printable(text, MOST)) for text in (show.text, *show.shorter)]
    faces = range(min(region.width, region.height) // FACE * FACE, 0, -FACE)
    tries = [(*text, False) for text in texts] + [(*texts[0], True)] * (show.fit is Fit.SCROLL)
    for shown, substituted, moving in tries:
        layout = arrange([shown], width=region.width, height=region.height, faces=faces, moving=moving)
        if layout is not None and _fits(config, region, layout):
            return Laid(layout.text, substituted, layout)
    where = f"{config.id}/{region.id}" if config.regions else config.id
    room = f"{region.width} x {region.height} px of screen {where}"
    verb = "fit into the memory for" if show.fit is Fit.SCROLL else "fit onto"
    raise CommandRejected(f"{texts[0][0]} does not {verb} the {room}")


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


def _fits(config: OnbonDynamicConfig, region: Region, layout: Layout) -> bool:
    pages = -(-_length(layout) // region.width) if layout.moving else 1
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
