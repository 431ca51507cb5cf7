"""What the status page shows, piece by piece; `data-live` names a piece that the page swaps when it changes."""

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.calls.model import Call, Kind, call_from
from gateway.calls.summary import Summary
from gateway.calls.window import Window
from gateway.core.errors import JournalError
from gateway.core.model import Stage
from gateway.hub import Status
from gateway.web.answers import Screen
from gateway.web.markup import Html, both, join, moment, tag
from gateway.web.screens import screen, seen, seen_summaries, summary_screen
from gateway.web.services import Services

LAST = 20  # calls
ROWS = 4096  # of devices, kept as HTML: about 3 MB
STATUS = {Status.ONLINE: "在线", Status.OFFLINE: "离线", Status.CONNECTING: "连接中"}
WINDOW = {"serving": "叫号中", "idle": "空闲", "paused": "暂停", "closed": "关闭"}
KIND = {
    Kind.CALL: "叫号",
    Kind.RECALL: "重呼",
    Kind.SKIP: "弃号",
    Kind.TRANSFER: "转移",
    Kind.HOLD: "挂起",
    Kind.PAUSE: "暂停",
    Kind.CLOSE: "关闭",
    Kind.RESUME: "恢复",
}
STAGE = {
    Stage.QUEUED: "排队中",
    Stage.SENT: "已发送",
    Stage.ACKED: "已应答",
    Stage.CONFIRMED: "已确认",
    Stage.REJECTED: "被拒绝",
    Stage.TIMEOUT: "超时",
    Stage.OFFLINE: "离线",
    Stage.SUPERSEDED: "已被取代",
    Stage.EXPIRED: "已过期",
}


def summary(services: Services, zone: ZoneInfo) -> Html:
    """How many devices answer, and when this was said."""
    views = [life.view for life in services.lives.values()]
    online = sum(view.status is Status.ONLINE for view in views)
    devices = tag("b", f"{online} / {len(views)}", class_="online" if online == len(views) else "offline")
    now = tag("b", moment(services.house.clock.now(), zone), class_="now")
    parts = (both("设备在线", "devices online"), devices, both("更新于", "as of"), now)
    return tag("div", *parts, class_="summary", data_live="summary")


def about(services: Services, zone: ZoneInfo) -> Html:
    """Which gateway this is, and since when it runs."""
    version, since = services.version, moment(services.started_at, zone)
    return tag("small", f"hall-gateway {version} · 启动于 started {since}")


def who(services: Services) -> Html:
    """Who looks."""
    return tag("b", services.who.name if services.who else "")


def windows(services: Services) -> Html:
    """A card for every window, then one for every screen that lists the calls of its zones."""
    cards = [_window(services, window) for window in services.windows.values()]
    return join(*cards, *(_summary(services, summary) for summary in seen_summaries(services)))


async def calls(services: Services, zone: ZoneInfo) -> Html:
    """The last calls and where they were shown."""
    journal, all_windows, scope = services.house.journal, services.windows, services.scope
    own = max((len(window.config.screens) for window in all_windows.values()), default=1)
    most = LAST * (own + len(services.calls.boards.summaries))
    try:
        accepted = await journal.read(type="call.accepted", limit=LAST, newest_first=True, scope=scope)
        ended = await journal.read(type="call.delivered", limit=most, newest_first=True, scope=scope)
    except JournalError as error:
        return tag("p", f"无法读取记录 · {error}", class_="wrong", data_live="calls")
    stages: dict[str, dict[str, Stage]] = {}
    for row in ended:
        if row.payload:
            stages.setdefault(row.payload["call_id"], {})[row.payload["screen"]] = Stage(row.payload["status"])
    rows = [_call(services, call_from(row.payload), stages, zone) for row in accepted if row.payload]
    none = [tag("tr", tag("td", "还没有叫号 · no calls yet", colspan="5"))]
    return _table("calls", "时间 time, 窗口 window, 类型 kind, 号码 ticket, 屏幕送达 delivery", rows or none)


def devices(services: Services, zone: ZoneInfo) -> Html:
    """Every device, those that do not answer first."""
    places = {place.id: place.name for place in services.site.general.zones}
    views = sorted((life.view for life in services.lives.values()), key=lambda view: view.status is Status.ONLINE)
    rows: list[Html] = []
    for view in views:
        since, place = moment(view.since, zone) if view.since else "", places.get(view.zone or "", "")
        rows.append(_device(view.status, since, view.id, view.name or "", place, view.driver, view.why or ""))
    return _table("devices", "设备 device, 状态 status, 自 since, 区域 zone, 驱动 driver, 原因 why", rows)


def _window(services: Services, window: Window) -> Html:
    state = str(window.view()["status"])
    chip = tag("span", both(WINDOW[state], state), class_=f"chip {state}")
    head = tag("header", tag("h3", window.config.label), chip)
    shown = (_screen(screen(services, window, id_)) for id_ in seen(services, window))
    what = tag("p", window.config.function, class_="function")
    return tag("article", head, what, *shown, class_="card", data_live=f"window-{window.config.id}")


def _summary(services: Services, summary: Summary) -> Html:
    config = summary.config
    head = tag("header", tag("h3", config.title or config.id), tag("span", both("综合屏", "summary"), class_="chip"))
    shown = _screen(summary_screen(services, summary))
    return tag("article", head, shown, class_="card", data_live=f"summary-{config.id}")


def _screen(now: Screen) -> Html:
    """A screen's picture, or in grey why there is none: a picture from before would be a lie."""
    if now.status is not Status.ONLINE:
        inside = tag("div", both(STATUS[now.status], now.status), class_="veil", title=now.why or "")
    elif now.text is None:
        inside = tag("div", both("内容未知", "unknown"), class_="veil")
    else:
        source = f"/api/v1/screens/{now.id}/image.png?revision={now.revision}"
        inside = tag("img", src=source, alt=str(now.text))
    delivery = tag("span", both(STAGE[now.delivery], now.delivery)) if now.delivery else Html()
    caption = tag("figcaption", tag("code", now.id), delivery)
    return tag("figure", tag("div", inside, class_="led"), caption)


def _call(services: Services, call: Call, ended: Mapping[str, Mapping[str, Stage]], zone: ZoneInfo) -> Html:
    live = services.of_screens(services.calls.deliveries.live(call.call_id))
    stages = {**ended.get(call.call_id, {}), **{id_: delivery["status"] for id_, delivery in live.items()}}
    chips = [_stage(id_, Stage(stage)) for id_, stage in sorted(stages.items())]
    if call.why is not None:
        chips = [tag("span", both("未显示", call.why), class_="chip")]
    window = services.windows.get(call.window)
    cells = (
        tag("time", moment(call.accepted_at, zone)),
        window.config.label if window else call.window,
        both(KIND[call.kind], call.kind),
        join(tag("b", call.ticket or ""), " ", call.name or ""),
        join(*chips),
    )
    return tag("tr", *(tag("td", cell) for cell in cells))


def _stage(screen_id: str, stage: Stage) -> Html:
    return tag("span", f"{screen_id} ", both(STAGE[stage], stage), class_=f"chip {stage}")


@lru_cache(ROWS)
def _device(status: Status, since: str, id_: str, name: str, place: str, driver: str, why: str) -> Html:
    """A row of the devices; kept, because most rows are the same a second later, and 500 of them take 13 ms."""
    chip = tag("span", both(STATUS[status], status), class_=f"chip {status}")
    cells = (join(tag("code", id_), " ", name), chip, tag("time", since), place, tag("code", driver), why)
    return tag("tr", *(tag("td", cell) for cell in cells))


def _table(name: str, titles: str, rows: list[Html]) -> Html:
    head = tag("thead", tag("tr", *(tag("th", both(*title.split(" "))) for title in titles.split(", "))))
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="sheet", data_live=name)
