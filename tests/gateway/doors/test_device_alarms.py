"""What devices give alarm of: which alarms that gives, and until when."""

import asyncio

import pytest
from doorhall import BACK, FRONT, BoxConfig, DoorBox, DoorHall, told

from gateway.core.access import DOOR, TAMPER, Happening
from gateway.core.model import PartKind, Point, Reading, Retention, Surface


@pytest.mark.parametrize(
    ("name", "reason", "kind", "priority"),
    [
        ("duress", "duress", Happening.ALARM, "critical"),
        ("duress", "duress", Happening.BUTTON_REFUSED, "critical"),
        ("tamper", "tamper", Happening.ALARM, "high"),
        ("emergency-call", "emergency", Happening.ALARM, "critical"),
        ("intrusion", "theft", Happening.ALARM, "critical"),
        ("intrusion", "24 h zone", Happening.ALARM, "critical"),
        ("access-fault", "mains lost", Happening.ALARM, "medium"),
        ("device-alarm", "code 150", Happening.ALARM, "high"),
    ],
)
def test_what_a_device_gives_alarm_of_at_a_door_stays_until_somebody_has_seen_it(
    name: str, reason: str, kind: Happening, priority: str
) -> None:
    async def happens(hall: DoorHall) -> None:
        hall.box.write(kind, "d1", reason=reason, code=101, person="p-123")
        await asyncio.sleep(1.2)
        found = hall.alarms.find(f"{name}.acs.d1")
        assert (found["state"], found["priority"], found["quiet"]) == ("active", priority, name == "duress")
        assert found["detail"] == {
            "event": kind.value,
            "seq": found["occurrence"],
            "reason": reason,
            "code": 101,
            "door": "front",
        }

    async def is_seen(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep(600)
        found = hall.alarms.find(f"{name}.acs.d1")
        assert (found["state"], hall.alarm(f"{name}.acs")) == ("active", "normal")
        await hall.alarms.desk.acknowledge(found["id"], occurrence=found["occurrence"], actor="zhang", reason=None)
        await asyncio.sleep(0.1)
        assert hall.alarm(found["id"]) == "normal"

    told(happens, is_seen)


def test_it_is_an_alarm_of_the_device_where_nobody_watches_the_door_or_it_is_of_none() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, "d2", reason="duress")
        hall.box.write(Happening.ALARM, None, reason="tamper")
        hall.box.write(Happening.ALARM, None, reason="battery lost")
        await asyncio.sleep(1.2)
        assert {alarm["id"]: alarm["detail"].get("part") for alarm in hall.alarms.all()} == {
            "duress.acs": "d2",
            "tamper.acs": None,
            "access-fault.acs": None,
        }

    told(story, doors=[FRONT])


def test_what_a_device_calls_forced_or_held_where_nobody_watches_and_a_button_without_a_reason_of_ours_are_none() -> (
    None
):
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, "d2", reason="forced")
        hall.box.write(Happening.ALARM, "d2", reason="held")
        hall.box.write(Happening.BUTTON_REFUSED, "d1", reason="locked")
        await asyncio.sleep(1.2)
        assert (len(hall.rows("door.device_alarm")), len(hall.rows("door.button_refused"))) == (2, 1)
        assert hall.alarms.all() == []

    told(story, doors=[FRONT])


@pytest.mark.parametrize("has_point", [True, False])
def test_a_fire_that_a_device_tells_of_is_its_alarm_by_its_point_where_it_has_one_else_until_somebody_has_seen_it(
    has_point: bool,
) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, "d2", reason="fire")
        await asyncio.sleep(1.2)
        assert hall.alarm("fire-released.acs") == ("normal" if has_point else "active")
        if not has_point:
            found = hall.alarms.find("fire-released.acs")
            assert (found["priority"], found["detail"]["part"]) == ("critical", "d2")
            await hall.alarms.desk.acknowledge(found["id"], occurrence=found["occurrence"], actor="li", reason=None)
            await asyncio.sleep(0.1)
            assert hall.alarm("fire-released.acs") == "normal"

    told(story, doors=[FRONT], devices=[BoxConfig(id="acs", driver="test.doors", fire=has_point)])


@pytest.mark.parametrize("part", ["d1", None])
def test_a_fire_at_a_watched_door_is_an_alarm_of_that_door_alone(part: str | None) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, part, reason="fire")
        await asyncio.sleep(2.2)
        assert [alarm["id"] for alarm in hall.alarms.all()] == ["fire-released.acs.d1"]

    told(story, doors=[FRONT], devices=[BoxConfig(id="acs", driver="test.doors", fire=False)])


def test_a_door_that_was_opened_under_duress_shows_nothing_of_it() -> None:
    async def story(hall: DoorHall) -> None:
        before = hall.door()
        hall.box.write(Happening.ALARM, "d1", reason="duress")
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(2.2)
        hall.box.swing("d1", open=False, tells=True)
        await asyncio.sleep(1.2)
        assert hall.found() == []
        moved = {"since", "opened_at"}
        assert {k: v for k, v in hall.door().items() if k not in moved} == {
            k: v for k, v in before.items() if k not in moved
        }
        raised = [row for row in hall.rows("alarm.raised") if row.payload and row.payload["name"] == "duress"]
        assert [row.retention for row in raised] == [Retention.ACCESS]

    told(story)


def test_the_camera_that_sees_the_door_is_told_with_the_alarm() -> None:
    async def story(hall: DoorHall) -> None:
        for door in ("d1", "d2"):
            hall.box.write(Happening.ALARM, door, reason="tamper")
        await asyncio.sleep(1.2)
        assert hall.alarms.find("tamper.acs.d1")["detail"]["camera"] == "cam-1/ch2"
        assert "camera" not in hall.alarms.find("tamper.acs.d2")["detail"]

    told(story, doors=[{**FRONT, "camera": "cam-1/ch2"}, BACK])


class ReaderBox(DoorBox):
    """Tells besides whether its housing is open, as `d2` stands."""

    def surface(self) -> Surface:
        base = super().surface()
        point = Point(TAMPER, "boolean", "whether its housing is open")
        own = PartKind(points=(*base.device.points, point), events=(*base.device.events, *base.kinds[DOOR].events))
        return Surface(device=own, kinds=base.kinds, polls=base.polls)

    async def poll(self, group: str) -> list[Reading]:
        return [*await super().poll(group), Reading(None, TAMPER, self.box.doors["d2"]["open"])]


def opens(hall: DoorHall, *, event: bool = True) -> None:
    if event:
        hall.box.write(Happening.ALARM, None, reason="tamper")
    hall.box.swing("d2", open=True)


@pytest.mark.parametrize("event", [True, False])
def test_a_housing_that_its_device_can_tell_of_is_an_alarm_while_it_is_open(
    monkeypatch: pytest.MonkeyPatch, event: bool
) -> None:
    monkeypatch.setattr("doorhall.DoorBox", ReaderBox)

    async def story(hall: DoorHall) -> None:
        opens(hall, event=event)
        await asyncio.sleep(2.5)
        found = hall.alarms.find("tamper.acs")
        assert (found["state"], found["count"]) == ("active", 1)
        await hall.alarms.desk.acknowledge("tamper.acs", occurrence=found["occurrence"], actor="li", reason=None)
        await asyncio.sleep(60)
        assert hall.alarm("tamper.acs") == "acknowledged"
        hall.box.swing("d2", open=False)
        await asyncio.sleep(1.5)
        assert hall.alarm("tamper.acs") == "normal"

    told(story, doors=[FRONT])


def test_a_housing_that_was_open_for_a_moment_must_be_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorhall.DoorBox", ReaderBox)

    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, None, reason="tamper")
        await asyncio.sleep(3.5)
        assert hall.alarm("tamper.acs") == "returned"

    told(story, doors=[FRONT])
