"""What there is to read on summary screens: the rosters of the hall and its map, and never too much of it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError
from smallhall import Hall, HeldClock, Screen, opened, until

from gateway.calendar.config import RosterConfig
from gateway.calendar.service import Calendar
from gateway.calls.config import SummaryConfig
from gateway.calls.leaflets import leaflets
from gateway.calls.pictures import MOST_BYTES
from gateway.core.contract import convert
from gateway.core.screen import Board

SHOWN = SummaryConfig(id="all", device="tv-1", roster=["leaders"])
PNG = b"\x89PNG\r\n\x1a\n rest"


def view(count: int, **more: Any) -> dict[str, Any]:
    """A view of a roster, as the calendar service has it in the hub."""
    begin = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai")).isoformat()
    entry = {"begin": begin, "end": None, "all_day": False, "who": "李䶮", "what": "主任", "where": "", **more}
    return {"title": "领导接访", "entries": [{**entry, "where": f"{number}室"} for number in range(count)]}


def with_map(folder: Path, data: bytes = PNG, name: str = "map.png") -> SummaryConfig:
    (folder / name).write_bytes(data)
    section = {"id": "all", "device": "tv-1", "roster": ["leaders"], "map": name}
    return TypeAdapter(SummaryConfig).validate_python(section, context={"folder": folder})


def test_a_line_tells_when_who_what_and_where() -> None:
    end = datetime(2026, 11, 23, 11, 30, tzinfo=ZoneInfo("Asia/Shanghai")).isoformat()
    for more, when in (({}, "09:00"), ({"end": end}, "09:00–11:30"), ({"all_day": True}, "")):
        (leaflet,) = leaflets(SHOWN, {"roster/leaders": view(1, **more)})
        assert (leaflet.title, leaflet.rows) == (
            "领导接访",
            ((f"11-23 周一 {when}".rstrip(), "李䶮", "主任", "0室"),),
        )


def test_a_long_roster_goes_on_and_leaves_room_for_the_map(tmp_path: Path) -> None:
    config = with_map(tmp_path)
    made = leaflets(config, {"roster/leaders": view(100), "roster/other": view(1)})
    assert [len(leaflet.rows) for leaflet in made] == [8, 8, 8, 8, 8, 0]
    assert config.map is not None
    assert (made[-1].picture, config.map.media_type) == (config.map.name, "image/png")
    assert [leaflet.title for leaflet in leaflets(config, {})] == ["平面图"]
    assert leaflets(SHOWN, {"roster/leaders": view(0)}) == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg/>", "must be a picture in PNG, JPEG or WebP; its first bytes are of none of them"),
        (b"", "must be a picture in PNG, JPEG or WebP"),
        (PNG + b"x" * MOST_BYTES, "is larger than 2 MiB"),
    ],
)
def test_what_is_no_picture_for_a_screen_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        with_map(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"), (PNG, "image/png")]
)
def test_a_picture_is_what_its_bytes_say_not_its_name(tmp_path: Path, data: bytes, kind: str) -> None:
    made, other = with_map(tmp_path, data, "a.png").map, with_map(tmp_path, data + b" ", "a.png").map
    assert made is not None
    assert other is not None
    assert made.media_type == kind
    assert made.name != other.name


def board(hall: Hall) -> Board:
    row = hall.lives["tv-1"].wishes.slot(None, "board").wanted
    assert row is not None
    return convert(Board, row.params)


async def test_a_board_follows_the_file_that_the_office_keeps(tmp_path: Path, fails_on_pending_tasks: None) -> None:
    Screen.cards.clear()
    file = tmp_path / "leaders.csv"
    async with opened(tmp_path, HeldClock(), [SHOWN]) as hall:
        rosters = [RosterConfig(id="leaders", file=str(file))]
        calendar = Calendar(lambda: rosters, zone=ZoneInfo("Asia/Shanghai"), hub=hall.hub)
        assert board(hall).leaflets == ()
        file.write_text("date,who,begin\n2026-07-17,李䶮,09:00\n")
        await calendar.look()
        await until(lambda: len(board(hall).leaflets) == 1)
        assert board(hall).leaflets[0].rows == (("07-17 周五 09:00", "李䶮", "", ""),)
        await hall.call("c1", "A001")
        assert ([row.ticket for row in board(hall).rows], len(board(hall).leaflets)) == (["A001"], 1)
        wanted = hall.lives["tv-1"].wishes.slot(None, "board").wanted
        hall.hub.show("roster/other", view(3))
        await asyncio.sleep(0.01)
        assert hall.lives["tv-1"].wishes.slot(None, "board").wanted is wanted
        rosters.clear()
        await calendar.look()
        await until(lambda: board(hall).leaflets == ())
        assert [row.ticket for row in board(hall).rows] == ["A001"]


async def test_a_changed_site_file_changes_the_leaflets(tmp_path: Path, fails_on_pending_tasks: None) -> None:
    Screen.cards.clear()
    async with opened(tmp_path, HeldClock(), [SHOWN]) as hall:
        hall.hub.show("roster/leaders", view(1))
        await until(lambda: len(board(hall).leaflets) == 1)
        windows = [window.config for window in hall.calls.windows.values()]
        hall.calls.boards.replace([with_map(tmp_path)], windows, [])
        assert [leaflet.title for leaflet in board(hall).leaflets] == ["领导接访", "平面图"]
        hall.calls.boards.replace([SummaryConfig(id="all", device="tv-1")], windows, [])
        assert board(hall).leaflets == ()
