"""The warning before a door is held: a site can have an alarm of it, and whoever sounds one hears of it by MQTT."""

import asyncio

from doorhall import DoorHall, told

from gateway.alarms.config import AlarmsConfig

RULE = {
    "id": "close-it",
    "devices": ["acs"],
    "part": "d1",
    "event": "door.held_warning",
    "clears": "door.restored",
    "title": {"zh": "请关门", "en": "Close the door"},
    "guidance": {"zh": "请随手关门。", "en": "Close the door behind you."},
}


def test_a_rule_makes_an_alarm_of_the_warning_until_the_door_is_closed() -> None:
    async def story(hall: DoorHall) -> None:
        hall.alarms.configure(AlarmsConfig.model_validate({"rules": [RULE]}))
        seen: list[tuple[str, str, str]] = []
        hall.box.doors["d1"]["unlocked"] = True
        await asyncio.sleep(1.2)
        hall.box.swing("d1", open=True)
        for _ in range(3):
            await asyncio.sleep(6)
            view = hall.hub.views["doors/front"]
            seen.append((view["held"], hall.alarm("close-it.acs.d1"), hall.alarm("door-held.acs.d1")))
        assert seen == [("no", "normal", "normal"), ("warned", "active", "normal"), ("held", "active", "active")]
        hall.box.swing("d1", open=False)
        await asyncio.sleep(1.5)
        assert (hall.alarm("close-it.acs.d1"), hall.alarm("door-held.acs.d1")) == ("normal", "normal")

    told(story)
