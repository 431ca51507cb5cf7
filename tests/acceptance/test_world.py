"""A scripted day through real processes: visitors are called, the power fails, and the screens are right in the end."""

from pathlib import Path

import pytest

from simulators.testing.hall import open_hall
from simulators.testing.processes import until

pytestmark = pytest.mark.timeout(120)
SITE = """\
site: {id: test, name: 测试中心}
calls: {show: "{ticket}"}
devices:
  - {id: led-01, driver: displays.onbon_k, address: tcp://10.0.0.1:5005, model: 6K2, width: 64, height: 16, ping_s: 0.5}
windows: [{id: w01, label: 1号窗口, function: 综合受理, screens: [led-01]}]
"""
DAY = """\
seed: 3
opens: "08:00"
closes: "09:00"
visitors: [{per_hour: 60, before: "08:10"}]
steps:
  - {at: "08:12", lever: unplug}
  - {at: "08:13", call: {window: w01, ticket: B999}}
  - {at: "08:14", lever: unplug, params: {on: false}}
"""


def test_a_day_ends_with_the_last_number_on_the_screen(tmp_path: Path) -> None:
    site, day, folder = tmp_path / "site.yaml", tmp_path / "day.yaml", tmp_path / "hall"
    site.write_text(SITE)
    day.write_text(DAY)
    folder.mkdir()
    with open_hall(site, folder, world=day, speed=300, online=False) as hall:
        hall.wait("led-01", "reboots==1", within_s=30)
        hall.shows("led-01", "B999", within_s=30)
        until(lambda: hall.events(type="device.offline"), 10)
        tickets = [event["payload"]["ticket"] for event in hall.events(type="call.accepted")]
        log = hall.twins_log.read_text()
    assert "08:12:00 led-01 unplug {}" in log
    assert tickets == [*(f"A{number:03d}" for number in range(1, len(tickets))), "B999"]
    assert len(tickets) > 3
