"""What a page shows, in words and as a picture for the status page: simpler than the page itself."""

from drivers.displays.web_screen.codec import Content
from drivers.shared.font import drawable
from drivers.shared.image import SCALE, Panel
from gateway.core.model import Picture

WIDTH, LINE = 256, 16  # LEDs: 16 Chinese characters in a row
LINES = 4  # of a text without a board


def words(content: Content) -> str:
    """Its text, or the tickets of its board."""
    if not content.lit or content.rows is None:
        return content.text if content.lit else ""
    return " ".join(row.ticket for row in content.rows)


def picture(content: Content) -> Picture:
    """The rows of a board, or the text."""
    rows = content.rows
    panel = Panel(WIDTH, LINE * (LINES if rows is None else max(1, len(rows))))
    if content.lit and rows is None:
        panel.write(_letters(content.text, content.colour or "yellow"), wrap=True)
    for place, row in enumerate(rows or () if content.lit else ()):
        line = Panel(WIDTH, LINE)
        line.write([*_letters(row.ticket, "yellow"), *_letters(f" {row.window} {row.name or ''}", "green")], wrap=False)
        panel.paste(0, LINE * place, line)
    return Picture(panel.width * SCALE, panel.height * SCALE, panel.png())


def _letters(text: str, colour: str) -> list[tuple[str, str]]:
    return [(character, colour) for character in drawable(text)[0]]
