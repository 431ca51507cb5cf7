"""What an LEDSender2010 card shows: from a laid out text to its objects, and from objects to pixels. Pure."""

from drivers.displays.ledsender.program import (
    AT_ONCE,
    BLINKING,
    FONTS,
    GREEN,
    RED,
    RUNNING_LEFT,
    STILL,
    YELLOW,
    Rectangle,
    String,
    Strings,
)
from drivers.shared.font import sized
from drivers.shared.image import Bits, Panel
from drivers.shared.layout import Layout
from drivers.shared.text import cells, encode_gb

COLOURS = {"red": RED, "green": GREEN, "yellow": YELLOW}
NAMES = {value: name for name, value in COLOURS.items()}
HEIGHTS = {font: height for height, font in FONTS.items()}
ATTENTION_MS = 3000
BLINK_MS = 1000  # as deployed software has it; slower than 3 Hz, which some people must not see
RUNNING_SPEED = 3


def objects(layout: Layout, width: int, height: int, *, colour: int, attention: bool) -> tuple[Strings, ...]:
    """The objects of a page of this size: one for each row, in the middle; a blank one where there is no text.

    With `attention` each of them blinks first, and stands still for ever behind that.
    """
    if not layout.text:
        return (Strings(Rectangle(0, 0, width, height), (String(b" "),)),)
    top = (height - layout.height * len(layout.rows)) // 2
    font = FONTS[layout.height]
    found: list[Strings] = []
    for row in layout.rows:
        wide = width if layout.moving else sum(map(cells, row)) * layout.height // 2
        left = (width - wide) // 2
        text = _text(encode_gb(row, escapes=False).data, colour, font, moving=layout.moving)
        blinking = (String(text.text, colour, font, stay=BLINKING, stay_speed=BLINK_MS, stay_ms=ATTENTION_MS),)
        texts = (*(blinking if attention and not layout.moving else ()), text)
        found.append(Strings(Rectangle(left, top, left + wide, top + layout.height), texts))
        top += layout.height
    return tuple(found)


def _text(data: bytes, colour: int, font: int, *, moving: bool) -> String:
    if moving:
        return String(data, colour, font, enter=RUNNING_LEFT, enter_speed=RUNNING_SPEED, stay_ms=0)
    return String(data, colour, font, enter=AT_ONCE, stay=STILL)


def paint(panel: Panel, x: int, y: int, strings: Strings) -> None:
    """Draw what stays of an object of the region at x, y: its last text, of a moving one the beginning."""
    left, top, right, bottom = strings.rectangle
    last = strings.texts[-1]
    bits = Bits(right - left, bottom - top)
    at = 0
    for character in last.text.decode("gbk"):
        width, rows = sized(character, HEIGHTS[last.font])
        bits.draw(at, 0, width, rows)
        at += width
    panel.paint(x + left, y + top, bits, NAMES[last.colour])
