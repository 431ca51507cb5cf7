"""What a page shows, in words and as a picture for the status page: simpler than the page itself."""

from drivers.displays.web_screen.codec import Content, Row
from drivers.shared.font import drawable
from drivers.shared.image import Panel
from gateway.core.model import Picture

WIDTH, LINE = 256, 16  # LEDs: 16 Chinese characters in a row
LINES = 4  # of a text without a board
Words = list[tuple[str, str]]


def words(content: Content) -> str:
    """Its text, or the tickets of its board."""
    if not content.lit or content.rows is None:
        return content.text if content.lit else ""
    return " ".join(row.ticket for row in content.rows)


def picture(content: Content) -> Picture:
    """The rows of a board and its first leaflet, or the text."""
    lines = _board(content) if content.lit and content.rows is not None else []
    panel = Panel(WIDTH, LINE * (LINES if content.rows is None else max(1, len(lines))))
    if content.lit and content.rows is None:
        panel.write(_letters(content.text, content.colour or "yellow"), wrap=True)
    for place, letters in enumerate(lines):
        line = Panel(WIDTH, LINE)
        line.write(letters, wrap=False)
        panel.paste(0, LINE * place, line)
    return Picture(*panel.size, panel.png())


def _board(content: Content) -> list[Words]:
    rows = content.rows or ()
    calls = [[*_letters(row.ticket, "yellow"), *_letters(f" {_rest(row)}", "green")] for row in rows]
    first = content.leaflets[:1]
    titles = [_letters(leaflet.title, "red") for leaflet in first]
    return [*calls, *titles, *(_letters(" ".join(columns), "green") for leaflet in first for columns in leaflet.rows)]


def _rest(row: Row) -> str:
    return " ".join(part for part in (row.priority, row.window, row.name) if part)


def _letters(text: str, colour: str) -> Words:
    return [(character, colour) for character in drawable(text)[0]]
