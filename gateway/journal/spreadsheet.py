"""Rows of the journal for a spreadsheet: CSV, UTF-8 with BOM, and no cell that a spreadsheet would compute."""

import csv
import io
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

import msgspec

COLUMNS = ("seq", "at", "device", "part", "type", "device_at", "person", "payload")
BOM = "\ufeff".encode()
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


def line(cells: Sequence[Any]) -> bytes:
    """One line; None is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([_harmless("" if cell is None else str(cell)) for cell in cells])
    return text.getvalue().encode()


def spreadsheet(rows: Iterable[bytes]) -> Generator[bytes]:
    """The headings, then a line for each row, which is JSON."""
    yield BOM + line(COLUMNS)
    for row in rows:
        found: dict[str, Any] = msgspec.json.decode(row, type=dict[str, Any])
        yield line(cells(found))


def cells(row: Mapping[str, Any]) -> list[object]:
    """The cells of a row: of its columns, the payload as text, and the `person` in it."""
    payload = msgspec.json.decode(row["payload"], type=dict[str, Any]) if row["payload"] is not None else {}
    return [payload.get(name) if name == "person" else row[name] for name in COLUMNS]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
