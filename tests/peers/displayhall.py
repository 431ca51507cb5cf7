"""A hall with a screen of every family, each above a window of its own, caller pads and a ticket printer."""

import re
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from child import free_port
from hall import Hall, until

SIZE = "width: 64, height: 32"
CARD = f"{SIZE}, ping_s: 0.5, resend_s: 5"
LINES = "[{id: rs485-a, address: 'serial:///dev/ttyUSB0?baud=57600'}]"
DEVICES = {
    "k-tcp": f"driver: displays.onbon_k, address: 'tcp://10.0.0.1:5005', model: 6K2, {CARD}",
    "k-line": f"driver: displays.onbon_k, address: 'line:rs485-a', screen: 3, model: 5K2, {CARD}",
    "dynamic": f"driver: displays.onbon_dynamic, address: 'tcp://10.0.0.2:5005', model: BX-6E1, {CARD}",
    "sender-udp": f"driver: displays.ledsender, address: 'udp://10.0.0.3:6666', {CARD}",
    "sender-com": f"driver: displays.ledsender, address: 'serial:///dev/ttyUSB1?baud=57600', {CARD}",
    "huidu": f"driver: displays.huidu, address: 'tcp://10.0.0.4:10001', status_s: 1, {CARD}",
    "page": "driver: displays.web_screen, beat_s: 0.2",
    "pads": "driver: displays.caller_pad, address: 'tcp://10.0.0.5:4001', pads: [{address: 1, id: w1}]",
    "printer": "driver: displays.escpos_printer, address: 'tcp://10.0.0.6:9100', poll_s: 0.5",
}
LEDS = [name for name, section in DEVICES.items() if SIZE in section]
SCREENS = [*LEDS, "page"]
IDLE = "综合受理"
PERCENT = 40


class Once(NamedTuple):
    """A lever, and its parameters."""

    lever: str
    params: Mapping[str, Any] = {}


REFUSES = {
    "k-tcp": Once("nack", {"count": 2, "code": 3}),
    "k-line": Once("nack", {"code": 25}),
    "dynamic": Once("nack", {"count": 2, "code": 3}),
    "sender-udp": Once("nack", {"result": 4}),
    "sender-com": Once("nack", {"result": 2}),
    "huidu": Once("nack", {"count": 2, "name": "kDeviceOccupa"}),
    "page": Once("refuse"),
}
"""How each screen says no: by being busy, or for good."""
FORGETS = {**dict.fromkeys(LEDS, Once("silent_reboot")), "page": Once("tamper")}
"""How what each screen shows gets lost while its connection stays."""


class DisplayHall(Hall):
    """It is about noon there, so that no hours end within a test; lit from 06:00 to 18:00, LEDs at PERCENT."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, windows=0)
        self._numbers = 0
        head = self.site.read_text().partition("devices:")[0]
        http = f"http: {{console: '127.0.0.1:{self.port}', field: '127.0.0.1:{free_port()}'}}\n"
        noon = f"name: 测试中心, timezone: Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        devices = [f"  - {{id: {name}, {section}}}\n" for name, section in DEVICES.items()]
        windows = [f"  - {{id: w-{s}, label: {s}号窗口, function: {IDLE}, screens: [{s}]}}\n" for s in SCREENS]
        day, light = "on: '06:00', off: '18:00'", f"brightness: {{'06:00': {PERCENT}}}"
        leds = f"  - {{id: leds, devices: [{', '.join(LEDS)}], {day}, {light}}}\n"
        hours = f"{leds}  - {{id: pages, devices: [page], {day}}}\n"
        self.site.write_text(
            re.sub(r"http: .*\n", http, head).replace("name: 测试中心", noon)
            + f"lines: {LINES}\ndevices:\n{''.join(devices)}windows:\n{''.join(windows)}hours:\n{hours}"
        )

    def start(self) -> None:
        """Start the boxes, then the gateway, and wait until all are online and show their windows' function."""
        self.start_twins(self.folder / "site.sim.yaml")
        self.start_gateway()
        self.online(len(DEVICES))
        self.show(dict.fromkeys(SCREENS, IDLE))

    def again(self) -> None:
        """Lift every fault, and have everything be there; what happened before is told no more."""
        self.lever("*", "heal")
        self.online(len(DEVICES))
        self.settled()

    def numbers(self) -> dict[str, str]:
        """Call a new number to each window; gives the ticket of each screen."""
        called: dict[str, str] = {}
        for screen in SCREENS:
            self._numbers += 1
            called[screen] = f"Z{self._numbers:03d}"
            self.call(f"c-{called[screen]}", f"w-{screen}", called[screen])
        return called

    def show(self, texts: Mapping[str, str], within_s: float = 10.0) -> None:
        """Wait until each screen shows its text."""
        for screen, text in texts.items():
            self.shows(screen, text, within_s)

    def pull(self, levers: Mapping[str, Once]) -> None:
        """Pull a lever of each of these boxes."""
        for box, (lever, params) in levers.items():
            self.box("POST", f"/devices/{box}/levers/{lever}", params)

    def having(self, lever: str) -> list[str]:
        """The boxes with such a lever."""
        return [str(box["id"]) for box in self.box("GET", "/devices") if lever in box["levers"]]

    def lit(self, screen: str) -> bytes:
        """The LEDs that are lit, as PNG."""
        found: bytes = self.box("GET", f"/devices/{screen}/picture.png")
        return found

    def told_picture(self, screen: str) -> bytes | None:
        """What the gateway says that it shows, None while that is unknown."""
        status, found = self.ask("GET", f"/screens/{screen}/image.png")
        return found if status == 200 else None

    def point(self, device: str, name: str) -> Any:
        """The value of a point, as the gateway knows it."""
        return self.ask("GET", f"/devices/{device}")[1]["points"][name]["value"]

    def press(self) -> dict[str, Any]:
        """Somebody types a number on the pad, then `next`: gives what a queue system gets of it, once there is such."""
        self._numbers += 1
        digits = f"{self._numbers:04d}"
        self.lever("pads", "press", pad=1, keys="".join(f"0{digit}" for digit in digits) + "0c")
        (press,) = until(lambda: [press for press in self._presses() if press["digits"] == digits], 10)
        return press

    def _presses(self) -> list[dict[str, Any]]:
        events = self.ask("GET", "/events?type=pad.pressed&limit=1000")[1]["events"]
        return [event["payload"] for event in events]

    def reload(self, *changes: tuple[str, str]) -> None:
        """Change the site file, and wait until that is in force."""
        assert self.gateway is not None
        before = self._reloads()
        self.edit(*changes)
        self.gateway.process.send_signal(signal.SIGHUP)
        until(lambda: self._reloads() > before, 10)

    def _reloads(self) -> int:
        return len(self.ask("GET", "/events?type=config.applied")[1]["events"])
