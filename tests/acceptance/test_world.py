"""Scripted days through real processes: visitors are called, the power fails, people pass doors."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.shipped import shipped
from gateway.site.positions import read_yaml
from simulators.testing.hall import open_hall
from simulators.testing.processes import until

pytestmark = pytest.mark.timeout(120)
DOORS = ("doors-1", "doors-2")
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


def test_the_shipped_day_at_the_doors_is_recorded_as_it_was(tmp_path: Path) -> None:
    site, day, folder = tmp_path / "site.yaml", tmp_path / "day.yaml", tmp_path / "hall"
    demo = read_yaml(shipped("demo.yaml")).data
    devices = [device for device in demo["devices"] if device["id"] in DOORS]
    site.write_text(json.dumps({**{name: demo[name] for name in ("site", "zones", "doors")}, "devices": devices}))
    day.write_text(json.dumps(doors_from_ten()))
    folder.mkdir()
    with open_hall(site, folder, world=day, speed=60, online=False) as hall:
        until(lambda: hall.events(type="fire.over"), 90)
        until(lambda: not any(door["open"] for door in hall.seen("doors-1")["doors"].values()), 10)
        found = Counter(
            (row["type"], row["payload"]["door"])
            for kind in ("door.forced", "door.held", "fire.released")
            for row in hall.events(type=kind)
        )
        granted = Counter(row["device"] for row in hall.events(type="access.granted"))
        log = hall.twins_log.read_text()
    fire = {("fire.released", door): 1 for door in ("staff-east", "staff-west", "server-room", "command-room")}
    assert found == {("door.forced", "server-room"): 1, ("door.held", "command-room"): 1, **fire}
    assert granted == {"doors-2": 1}
    assert "failed" not in log


def doors_from_ten() -> dict[str, Any]:
    """What happens once at the doors of the shipped day, and one passage: what is at three in the afternoon, at ten."""
    steps = [step for step in read_yaml(shipped("worlds/a-day.yaml")).data["steps"] if step.get("of") in DOORS]
    once = [{**step, "at": step["at"].replace("15:", "10:")} for step in steps if "at" in step]
    passes = [step for step in steps if step["of"] == "doors-2"]
    first = [{name: step[name] for name in ("lever", "of", "params") if name in step} for step in passes]
    passage = [{**step, "at": f"10:{5 + minute:02d}"} for minute, step in enumerate(first)]
    return {"opens": "09:59", "closes": "10:30", "steps": [*once, *passage]}
