"""What there is to read beside the calls, in a real browser: never instead of a call, and always whole."""

import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium
from pydantic import TypeAdapter
from screenhall import ScreenHall, row
from screenpage import OVERFLOWS, becomes, opened, tickets

from gateway.calls.config import SummaryConfig
from gateway.web.screen_files import FONTS

VISIBLE = "[...document.querySelectorAll('article')].filter(each => each.offsetParent).map(each => each.textContent)"
WHOLE = "document.getElementById('leaflets').offsetWidth / innerWidth"
ROSTER: Mapping[str, Any] = {
    "title": "领导接访安排",
    "rows": [
        [f"11-{23 + day} 周{name} 09:00–11:30", "欧阳䶮", "县委副书记、政法委书记", "三楼302接访室"]
        for day, name in enumerate("一二三四五六日一")
    ],
}
LONG = {"title": "领" * 80, "rows": [["W" * 80, "一" * 80, "a b" * 26, "x"]] * 12}
HOSTILE = {"title": "<b>t</b>", "rows": [["<img src=x onerror=hit=1>", "</bdi><script>hit=1</script>", "${1}", "&lt;"]]}


def png(width: int, height: int) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size, lines = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), (b"\0" + b"\x20\x80\xc0" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def with_map(screens: ScreenHall, folder: Path) -> str:
    """Give the screen `free` a map; its name."""
    (folder / "map.png").write_bytes(png(400, 300))
    config = TypeAdapter(SummaryConfig).validate_python(
        {"id": "main", "device": "free", "map": "map.png"}, context={"folder": folder}
    )
    screens.web.services.calls.boards.summaries["main"].config = config
    assert config.map is not None
    return config.map.name


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1080, 1920), (1280, 720)])
async def test_every_leaflet_fits_on_every_screen_beside_the_calls_and_alone(
    screens: ScreenHall, chromium: Chromium, size: tuple[int, int], tmp_path: Path
) -> None:
    name = with_map(screens, tmp_path)
    async with chromium.context(*size) as context:
        page = await opened(screens, context)
        calls = [row(f"c{n}", f"A{n:03d}", name="欧阳**", priority="绿色通道") for n in range(8)]
        for leaflet in (ROSTER, LONG, {"title": "平面图", "picture": name}):
            for rows in (calls, []):
                await screens.board(*rows, leaflets=[leaflet], notice="请" * 200)
                await becomes(page, "[...document.images].every(each => each.complete && each.naturalWidth)")
                assert await page.evaluate(OVERFLOWS) == [], (leaflet["title"], len(rows))
                assert await page.evaluate(VISIBLE) != []
                share = await page.evaluate(WHOLE)
                portrait = size[0] < size[1]
                assert share > 0.9 if portrait or not rows else 0.35 < share < 0.45
        await screens.board(*calls, leaflets=[ROSTER], notice="请" * 200)
        await screens.command("show", {"text": "请" * 500})
        assert await page.evaluate(OVERFLOWS) == []
        assert page.errors == []


async def test_a_call_is_never_hidden_by_a_leaflet(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(leaflets=[ROSTER])
        assert not await page.is_visible("#empty")
        await screens.board(row("c1", "A001"), leaflets=[ROSTER])
        assert await page.is_visible("#rows .ticket")
        place = "(() => { const box = document.querySelector('.ticket').getBoundingClientRect();"
        over = " return document.elementFromPoint(box.left + 5, box.top + box.height / 2).className; })()"
        assert await page.evaluate(place + over) == "ticket"
        await screens.board(row("c1", "A001"))
        assert not await page.is_visible("#leaflets")


async def test_leaflets_take_turns_of_10_s_by_the_clock_of_the_gateway(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        await page.clock.install(time=datetime.now(UTC) + timedelta(days=3))
        page = await opened(screens, context)
        sheets = [{"title": f"第{number}页", "rows": [["a"]]} for number in range(3)]
        await screens.board(row("c1", "A001"), leaflets=sheets)
        seen: list[str] = []
        for _ in range(3):
            seen += await page.evaluate(VISIBLE)
            before = seen[-1].replace("'", "")
            await becomes(page, f"!{VISIBLE}.includes('{before}')")
        assert sorted(seen) == ["第0页a", "第1页a", "第2页a"]
        assert await tickets(page) == ["A001"]


async def test_hostile_text_in_a_leaflet_is_text(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(leaflets=[HOSTILE])
        assert (
            await page.evaluate("[...document.querySelectorAll('.column')].map(each => each.textContent)")
            == (HOSTILE["rows"][0])
        )
        assert await page.evaluate("[document.images.length, window.hit]") == [0, None]
        assert page.errors == []


async def test_a_map_is_served_to_its_screen_only_and_as_what_it_is(screens: ScreenHall, tmp_path: Path) -> None:
    path = f"/screens/free/pictures/{with_map(screens, tmp_path)}"
    for key, screen, status in (("free", "free", 200), ("door", "free", 401), ("", "free", 401), ("door", "door", 404)):
        headers = {"Cookie": f"hall_screen={screens.keys[key]}"} if key else {}
        answer = await screens.web.ask("GET", path.replace("free", screen, 1), who=None, headers=headers)
        assert answer.status == status
    headers = {"Cookie": f"hall_screen={screens.keys['free']}"}
    answer = await screens.web.ask("GET", path, who=None, headers=headers)
    assert (answer.headers["Content-Type"], answer.body) == ("image/png", (tmp_path / "map.png").read_bytes())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    other = await screens.web.ask("GET", path[:-8] + "0000.png", who=None, headers=headers)
    assert other.status == 404


async def test_a_character_that_only_gb18030_has_is_drawn_with_our_own_font(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        asked: list[str] = []

        def note(request: Any) -> None:
            asked.append(request.url)

        page = await opened(screens, context)
        page.on("request", note)  # not those of its worker, which takes all parts
        await screens.board(row("c1", "A001", name="欧阳**"))
        assert [url for url in asked if "/rare-" in url or "/beyond-" in url] == []
        await screens.board(row("c2", "A002", name="李䶮"), row("c1", "A001", window="𠮷"))
        loaded = "[...document.fonts].filter(each => each.status === 'loaded').map(each => each.family).sort().join()"
        await becomes(page, f"{loaded}.includes('Rare') && {loaded}.includes('Beyond')")
        session = await context.new_cdp_session(page)
        await session.send("DOM.enable")
        await session.send("CSS.enable")
        root = await session.send("DOM.getDocument")
        for selector in (".newest .name", "li:not(.newest) .window"):
            node = await session.send("DOM.querySelector", {"nodeId": root["root"]["nodeId"], "selector": selector})
            used = await session.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
            fonts = {(font["familyName"], font["isCustomFont"]) for font in used["fonts"]}
            assert fonts == {("Noto Sans CJK SC", True)}
        assert {url.partition("/fonts/")[2] for url in asked if "/fonts/" in url} <= set(FONTS)
