"""A board and a text as a page gets them. Pure."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.web_screen import codec
from drivers.shared.text import printable
from gateway.core.screen import MOST, Board, Over, Show


def face(board: Board | None, text: Mapping[str, str]) -> Mapping[str, Any]:
    """What both make of a page: a text over the board takes the place of both."""
    if board is None:
        return text
    return _fields(board) | (dict(text) if board.over is None else {**text_of(board.over), "rows": None})


def text_of(text: Show | Over) -> dict[str, str]:
    """A text without what could not be seen, and its colour."""
    return {"text": printable(text.text, MOST), "colour": text.colour.value}


def _fields(board: Board) -> dict[str, Any]:
    rows = tuple(
        codec.Row(
            id=row.call_id,
            ticket=printable(row.ticket, 32),
            window=printable(row.window, 40),
            name=printable(row.name, 40) if row.name else None,
            priority=printable(row.priority, 16),
            at=int(row.at.timestamp() * 1000),
        )
        for row in board.rows
    )
    notice = printable(board.notice or "", MOST)
    leaflets = tuple(
        codec.Leaflet(
            title=printable(leaflet.title, 80),
            rows=tuple(tuple(printable(column, 80) for column in line) for line in leaflet.rows),
            picture=leaflet.picture,
        )
        for leaflet in board.leaflets
    )
    title = printable(board.title, 80)
    return {"title": title, "notice": notice, "rows": rows, "size": board.size, "leaflets": leaflets}
