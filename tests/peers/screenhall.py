"""A hall with a summary screen and a window's screen, both pages of ours, each with its key."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webhall import Answer, BoardConfig, WebHall, web_hall

from drivers.displays.web_screen.config import WebScreenConfig
from drivers.displays.web_screen.driver import WebScreen
from gateway.calls.config import SummaryConfig, WindowConfig
from gateway.calls.voice_config import AreaConfig
from gateway.people.rights import Role
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life

DEVICES = [
    WebScreenConfig(id="hall", driver="displays.web_screen", name="大厅"),
    WebScreenConfig(id="door", driver="displays.web_screen"),
    BoardConfig(id="led-01", driver="test.board"),
]
WINDOWS = [
    WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"]),
    WindowConfig(id="w02", label="2号窗口", function="矛盾调解", screens=["door"]),
]
SUMMARIES = [SummaryConfig(id="main", device="hall", title="综合接待区", names=True)]
FREE_SCREEN = [WebScreenConfig(id="free", driver="displays.web_screen")]


class ScreenHall:
    """A hall whose screens have keys; their lives run under guard(). What `free` shows, tests decide."""

    def __init__(self, web: WebHall) -> None:
        self.web = web
        self.tasks: dict[str, asyncio.Task[None]] = {}
        tokens = web.services.tokens
        self.keys = {name: tokens.new(f"screen-{name}", Role.SCREEN, screen=name) for name in ("hall", "door", "free")}

    def start(self, screen: str) -> None:
        """Let a screen live."""
        life = self.web.services.lives[screen]
        self.tasks[screen] = asyncio.create_task(
            guard(screen, life.run, self.web.services.house.meters, life.down), name=screen
        )

    async def begin_anew(self, screen: str) -> None:
        """Put another driver in the place of a screen's, as a gateway that was restarted has; its pages stay open."""
        task = self.tasks[screen]
        task.cancel()
        await asyncio.wait({task})
        services: Any = self.web.services
        services.lives[screen] = Life(services.lives[screen].driver.config, WebScreen, services.house)
        self.start(screen)

    def url(self, screen: str = "free", field: str = "") -> str:
        """The address that a person sets up."""
        return f"{field or self.web.field}/screens/{screen}?key={self.keys[screen]}"

    def point(self, name: str, screen: str = "free") -> Any:
        """What the driver tells of a screen."""
        return self.web.services.lives[screen].view.points[None][name].now.value

    async def command(self, verb: str, params: Mapping[str, Any], screen: str = "free", **more: Any) -> Any:
        """Have a screen do something; gives the result."""
        body = {"params": params, "deadline_s": 10, **more}
        answer: Answer = await self.web.ask("POST", f"/api/v1/devices/{screen}/commands/{verb}", body)
        assert answer.status in (200, 202), answer
        return answer.json

    async def board(self, *rows: Mapping[str, Any], **more: Any) -> Any:
        """Show a board; returns once a page has it on the glass."""
        result = await self.command("board", {"title": "测试", "rows": rows, **more})
        assert result["status"] == "confirmed", result
        return result


def row(
    call_id: str, ticket: str, *, window: str = "1号窗口", name: str | None = None, priority: str = ""
) -> dict[str, Any]:
    """A row of a board, called now."""
    at = datetime.now(UTC).isoformat()
    return {"call_id": call_id, "ticket": ticket, "window": window, "name": name, "priority": priority, "at": at}


@asynccontextmanager
async def screen_hall(folder: Path, *, areas: Sequence[AreaConfig] = ()) -> AsyncGenerator[ScreenHall]:
    """A hall whose screens wait for their pages."""
    devices = [*DEVICES, *FREE_SCREEN]
    async with web_hall(folder, devices=devices, windows=WINDOWS, summaries=SUMMARIES, areas=areas) as web:
        hall = ScreenHall(web)
        for name in ("hall", "door", "free"):
            hall.start(name)
        try:
            yield hall
        finally:
            for task in hall.tasks.values():
                task.cancel()
            await asyncio.wait(hall.tasks.values())
