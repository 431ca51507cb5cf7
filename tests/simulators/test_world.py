"""A scripted day: what a scenario file may say, what becomes of it, and how it is played."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hall_contract.scripted import virtually

from drivers.displays.onbon_k.config import OnbonKConfig
from gateway.core.errors import GatewayError
from gateway.core.twin import Twin
from gateway.sections import load_site
from gateway.shipped import shipped
from gateway.site.load import SiteError
from simulators.access.uhppote.happening import FIRE, FORCED, HELD
from simulators.access.uhppote.server import UhppoteTwin
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.play import play
from simulators.script import Call, Pull, script
from simulators.serve import twin_type
from simulators.world import World, load_world

WINDOWS = ["w01", "w02"]
SHIPPED = "worlds/a-day.yaml"


def hall(*names: str) -> dict[str, Twin[Any]]:
    section = {
        "driver": "displays.onbon_k",
        "address": "tcp://10.0.0.1:5005",
        "model": "6K2",
        "width": 64,
        "height": 16,
    }
    return {name: OnbonKTwin(OnbonKConfig.model_validate(section | {"id": name})) for name in names}


def world(**fields: Any) -> World:
    return World.model_validate({"opens": "08:00", "closes": "10:00", **fields})


def lines(of: World, *devices: str) -> list[str]:
    return [str(moment) for moment in script(of, devices, WINDOWS)]


def demo() -> tuple[World, dict[str, Twin[Any]], list[str]]:
    site = load_site(shipped("demo.yaml"))
    twins = {config.id: twin_type(config.driver)(config) for config in site.devices}
    windows = [window.id for window in site.sections["windows"]]
    return load_world(shipped(SHIPPED), twins, windows), twins, windows


def test_the_same_seed_is_the_same_day_byte_for_byte() -> None:
    day, twins, windows = demo()
    random.seed(1)
    once = "\n".join(map(str, script(day, list(twins), windows)))
    random.seed(2)
    again, _, _ = demo()
    assert "\n".join(map(str, script(again, list(twins), windows))) == once
    assert "\n".join(map(str, script(day.model_copy(update={"seed": 239}), list(twins), windows))) != once


def test_the_shipped_day_has_a_storm_at_nine_a_power_cut_at_noon_and_a_broken_card() -> None:
    day, twins, windows = demo()
    moments = script(day, list(twins), windows)
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    calls = Counter(int(moment.at) // 300 for moment in moments if isinstance(moment.what, Call))
    assert max(calls, key=lambda five: calls[five]) == 9 * 12
    assert calls[9 * 12] > 100
    out = [str(moment) for moment in moments if " unplug " in str(moment)]
    assert len(out) == 2 * len([name for name in twins if name.startswith("led-")])
    assert {line[:5] for line in out} == {"12:10", "12:20"}
    broken = Counter(moment.what.device for moment in moments if isinstance(moment.what, Pull))
    cards = [device for device in broken if device.startswith("led-")]
    assert max(cards, key=lambda device: broken[device]) == "led-07"


def test_nobody_stands_before_a_locked_door_in_the_shipped_day_and_all_are_shut_after_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "simulators.world")
    day, twins, windows = demo()
    moments = [each for each in script(day, list(twins), windows) if "doors-" in str(each)]
    virtually(play(moments, twins, begins=day.opens, speed=60, post=None))
    assert caplog.messages == []
    controller, terminal = twins["doors-1"], twins["doors-2"]
    assert isinstance(controller, UhppoteTwin)
    log = [controller.board.ring.get(index).reason for index in range(1, controller.board.ring.newest + 1)]
    assert Counter(reason for reason in log if reason in (FORCED, HELD, FIRE)) == {FORCED: 1, HELD: 1, FIRE: 1}
    for twin in (controller, terminal):
        assert not any(door["open"] for door in twin.seen()["doors"].values())
    assert controller.seen()["fire"] is False
    assert terminal.seen()["log"]["newest"] > 30


def test_a_step_is_done_at_its_time_or_again_and_again() -> None:
    day = world(
        steps=[
            {"every": "30m", "after": "09:00", "lever": "reset", "of": "led-*"},
            {"at": "08:15:30", "lever": "mute", "of": "led-02", "params": {"on": False}},
        ]
    )
    assert lines(day, "led-01", "led-02", "x") == [
        '08:15:30 led-02 mute {"on": false}',
        "09:00:00 led-01 reset {}",
        "09:00:00 led-02 reset {}",
        "09:30:00 led-01 reset {}",
        "09:30:00 led-02 reset {}",
    ]


def test_chance_pick_and_spread_are_kept() -> None:
    step = {"every": "1m", "spread": "30s", "chance": 0.5, "pick": 2, "lever": "reset"}
    moments = script(world(steps=[step]), ["a", "b", "c"], WINDOWS)
    times = Counter(moment.at for moment in moments)
    assert set(times.values()) == {2}
    assert 40 <= len(times) <= 80  # of 120
    assert all(0 <= at % 60 <= 30 for at in times)
    assert len({moment.what.device for moment in moments if isinstance(moment.what, Pull)}) == 3


def test_another_step_does_not_change_what_a_step_does() -> None:
    one = {"every": "5m", "chance": 0.5, "lever": "reset", "pick": 1}
    alone = lines(world(steps=[one]), "a", "b")
    both = lines(world(steps=[one, {"at": "08:00", "lever": "mute", "of": "a"}]), "a", "b")
    assert [line for line in both if "mute" not in line] == alone


def test_visitors_are_numbered_in_the_order_in_which_they_are_called() -> None:
    day = world(visitors=[{"per_hour": 60}, {"per_hour": 60, "windows": ["w02"], "after": "09:00"}])
    moments = script(day, ["a"], WINDOWS)
    bodies = [moment.what.body for moment in moments if isinstance(moment.what, Call)]
    assert [body["ticket"] for body in bodies] == [f"A{number:03d}" for number in range(1, len(bodies) + 1)]
    assert {body["window"] for body in bodies} == set(WINDOWS)
    assert 120 <= len(bodies) <= 240  # 180 on average


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(
        'opens: "08:00"\n'
        'closes: "17:00"\n'
        "steps:\n"
        '  - {at: "07:59", lever: mute}\n'
        "  - {every: 5m, lever: swipe, of: led-01}\n"
        '  - {at: "09:00", lever: slow, params: {seconds: soon}}\n'
        '  - {at: "09:00", lever: mute, of: door-*}\n'
        '  - {at: "09:00", lever: mute, pick: 3}\n'
        '  - {at: "09:00", call: {window: w09}}\n'
        "visitors:\n"
        "  - per_hour: 5\n"
        "    windows: [w01, w08]\n"
    )
    with pytest.raises(SiteError) as told:
        load_world(path, hall("led-01", "led-02"), WINDOWS)
    found = [(mistake.line, mistake.where, mistake.text) for mistake in told.value.mistakes]
    levers = ", ".join(sorted(hall("a")["a"].levers()))
    assert found == [
        (4, "steps[0].at", "must be from 08:00:00 to 17:00:00: the hall is closed then"),
        (5, "steps[1].lever", f"led-01 has no lever 'swipe'; it has: {levers}"),
        (6, "steps[2].params", "lever slow: seconds: must be a number, not text"),
        (7, "steps[3].of", "there is no device 'door-*'; there are: led-01, led-02"),
        (8, "steps[4].pick", "must be at most 2: so many devices match '*'"),
        (9, "steps[5].call.window", "there is no window 'w09' (did you mean 'w02'?); there are: w01, w02"),
        (12, "visitors[0].windows[1]", "there is no window 'w08' (did you mean 'w02'?); there are: w01, w02"),
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("speed: 0", "1: speed: must be greater than 0; given: 0"),
        ("tempo: 5", "1: tempo: unknown key 'tempo'"),
        ("opens: 08:60", 'must be a time of the day such as "08:30" or "08:30:15"; given: "08:60"'),
        ('opens: "18:00"', "`opens` must be earlier than `closes`"),
        ("steps: [{every: 0m, lever: mute}]", 'must be a duration such as 30s, 20m or 1h; given: "0m"'),
        ("steps: [{lever: mute}]", "must have exactly one of `at` and `every`"),
        ('steps: [{at: "09:00"}]', "must have exactly one of `lever` and `call`"),
        ('steps: [{at: "09:00", after: "08:00", lever: mute}]', "`after` and `before` go with `every`, not with `at`"),
        ('visitors: [{per_hour: 1, after: "11:00", before: "09:00"}]', "`after` must be earlier than `before`"),
        ("visitors: [{per_hour: many}]", "must be a number"),
    ],
)
def test_a_mistake_of_a_value_is_told_in_a_sentence(tmp_path: Path, text: str, mistake: str) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(f"{text}\n")
    with pytest.raises(SiteError) as told:
        load_world(path, hall("led-01"), WINDOWS)
    assert mistake in str(told.value)


def test_a_day_is_played_in_its_own_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "simulators.world")
    twins, posted = hall("led-01"), list[tuple[float, Mapping[str, Any]]]()
    day = world(
        steps=[
            {"at": "08:10", "lever": "silent_reboot"},
            {"at": "08:20", "call": {"window": "w01", "ticket": "B1"}},
            {"at": "08:30", "call": {"window": "w02", "ticket": "B2"}},
        ]
    )

    async def post(body: Mapping[str, Any]) -> None:
        posted.append((asyncio.get_running_loop().time(), body))
        if body["ticket"] == "B1":
            raise GatewayError("503: the journal could not record")

    moments = script(day, list(twins), WINDOWS)
    virtually(play(moments, twins, begins=day.opens, speed=60, post=post))
    assert twins["led-01"].seen()["reboots"] == 1
    assert [(at, body["ticket"]) for at, body in posted] == [(20.0, "B1"), (30.0, "B2")]
    assert len({body["call_id"] for _, body in posted}) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "08:10:00 led-01 silent_reboot {}",
        '08:20:00 call {"ticket": "B1", "window": "w01"}',
        "08:20:00 failed: 503: the journal could not record",
        '08:30:00 call {"ticket": "B2", "window": "w02"}',
    ]
