"""What is asked of doors: done once every controller says so, and no door is ever locked while a fire is on."""

import asyncio

import pytest
from doorhall import ACS, ACS2, BACK, BOSS, FRONT, OTHER, TWO, BoxConfig, DoorHall, modes, surely, told

from gateway.commands import UnknownTarget
from gateway.core.access import Happening
from gateway.core.errors import CommandRejected, NotSupported
from gateway.core.model import Stage
from gateway.doors.config import DoorConfig
from gateway.people.rights import Principal, Role
from gateway.permission import Forbidden


def test_a_door_is_opened_once_and_that_explains_the_opening() -> None:
    async def story(hall: DoorHall) -> None:
        result = await hall.ask("doors/front", "open")
        assert (result.status, result.confirmed, result.detail) == (
            Stage.CONFIRMED,
            True,
            {"device": "acs", "door": "d1"},
        )
        hall.box.swing("d1", open=True)
        await asyncio.sleep(2)
        assert hall.found() == []
        assert hall.box.asked == [("open", "d1", {})]
        requested = hall.rows("command.requested")[0].payload or {}
        assert (requested["actor"], requested["reason"], requested["device"]) == ("boss", "演练", "doors/front")

    told(story)


def test_a_door_is_held_open_until_it_is_released() -> None:
    async def story(hall: DoorHall) -> None:
        assert (await hall.ask("doors/front", "hold")).status is Stage.CONFIRMED
        hall.box.swing("d1", open=True)
        await asyncio.sleep(60)
        assert (hall.door()["mode"], hall.door()["released"], hall.door()["hold_until"]) == (
            "normally_open",
            True,
            None,
        )
        assert hall.found() == []
        assert (await hall.ask("doors/front", "release")).status is Stage.CONFIRMED
        await asyncio.sleep(20)
        assert hall.found() == ["door.held_warning", "door.held"]

    told(story)


def test_a_hold_of_some_minutes_ends_by_itself_over_a_restart_too() -> None:
    async def hold(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold", params={"minutes": 2})
        await asyncio.sleep(60)
        assert hall.door()["hold_until"] is not None

    async def after(hall: DoorHall) -> None:
        await asyncio.sleep(50)
        assert modes(hall)[0] == "normally_open"
        hall.box.deaf = True
        await asyncio.sleep(25)
        assert modes(hall)[0] == "normally_open"
        hall.box.deaf = False
        await asyncio.sleep(11)
        assert modes(hall)[0] == "controlled"
        await asyncio.sleep(1.2)
        assert hall.door()["hold_until"] is None
        assert len(hall.rows("door.hold_over")) == 1
        assert [row.payload and row.payload["status"] for row in hall.rows("door.hold_ended")] == [
            "rejected",
            "confirmed",
        ]

    told(hold, after)


def test_a_hold_that_somebody_ended_does_not_end_again() -> None:
    async def story(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold", params={"minutes": 1})
        hall.box.doors["d1"]["mode"] = "normally_closed"
        await asyncio.sleep(70)
        assert modes(hall)[0] == "normally_closed"
        assert hall.rows("door.hold_over") == []

    told(story)


def test_a_hold_whose_time_is_over_in_a_fire_ends_after_it() -> None:
    async def story(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold", params={"minutes": 1})
        hall.box.fire = True
        await asyncio.sleep(120)
        assert modes(hall)[0] == "normally_open"
        hall.box.fire = False
        await asyncio.sleep(15)
        assert modes(hall)[0] == "controlled"

    told(story)


def test_all_doors_are_shut_and_opened_in_two_steps_with_a_line_for_each() -> None:
    async def story(hall: DoorHall) -> None:
        result = await surely(hall, "lockdown")
        assert (result.status, result.confirmed) == (Stage.CONFIRMED, True)
        assert {door: each["status"] for door, each in result.detail["doors"].items()} == {
            "front": "confirmed",
            "back": "confirmed",
            "side": "confirmed",
        }
        assert modes(hall) == ["normally_closed"] * 3
        assert (await surely(hall, "evacuate")).status is Stage.CONFIRMED
        assert modes(hall) == ["normally_open"] * 3
        assert (await hall.ask("doors/zones/hall", "resume")).status is Stage.CONFIRMED
        assert modes(hall) == ["controlled"] * 3

    told(story, **TWO)


def test_a_door_that_cannot_be_shut_for_everybody_is_held_open_no_longer() -> None:
    async def story(hall: DoorHall) -> None:
        await hall.ask("doors/front", "hold")
        hall.boxes["acs"].lax = True
        await asyncio.sleep(1.2)
        result = await surely(hall, "lockdown")
        assert result.status is Stage.REJECTED
        assert modes(hall) == ["controlled", "controlled", "normally_closed"]
        assert result.detail["doors"]["front"]["back_to_cards"] == "confirmed"
        assert "back_to_cards" not in result.detail["doors"]["back"]
        assert result.detail["doors"]["front"]["reason"] == "no door can be shut for everybody"

    told(story, **TWO)


def test_a_zone_has_its_own_doors_and_one_step() -> None:
    async def story(hall: DoorHall) -> None:
        places = ["doors/zones/hall", "doors/zones/gate", "doors/zones/yard"]
        assert list(hall.doors.targets) == ["doors/front", "doors/side", *places]
        assert len(hall.doors.targets) == 5
        assert (await hall.ask("doors/zones/yard", "lockdown")).status is Stage.CONFIRMED
        assert modes(hall) == ["controlled", "controlled", "normally_closed"]

    told(story, doors=[FRONT, {**OTHER, "zone": "yard"}], devices=[ACS, ACS2])


def test_a_zone_that_has_all_doors_takes_two_steps_as_the_hall_does() -> None:
    async def story(hall: DoorHall) -> None:
        for verb in ("lockdown", "evacuate"):
            assert (await surely(hall, verb, "gate")).status is Stage.CONFIRMED
        assert (await hall.ask("doors/zones/gate", "resume")).status is Stage.CONFIRMED
        hall.config = [DoorConfig.model_validate(door) for door in (FRONT, {**OTHER, "zone": "yard"})]
        hall.doors.replaced()
        assert (await hall.ask("doors/zones/gate", "lockdown")).status is Stage.CONFIRMED

    told(story, doors=[FRONT, OTHER], devices=[ACS, ACS2])


def test_a_result_waits_for_every_controller_and_is_no_better_than_the_worst() -> None:
    async def story(hall: DoorHall) -> None:
        hall.boxes["acs2"].gone = True
        await asyncio.sleep(2)
        hall.box.deaf = True
        result = await surely(hall, "evacuate")
        assert (result.status, result.confirmed) == (Stage.OFFLINE, None)
        assert result.detail["doors"]["front"] == {"status": "rejected", "device": "acs", "reason": "the box refuses"}
        assert result.detail["doors"]["side"]["status"] == "offline"

    told(story, **TWO)


def test_while_a_fire_is_on_no_door_is_locked_and_the_others_say_so_too() -> None:
    async def story(hall: DoorHall) -> None:
        await surely(hall, "evacuate")
        hall.box.fire = True
        await asyncio.sleep(1.2)
        asked = [len(box.asked) for box in hall.boxes.values()]
        for result in (await surely(hall, "lockdown"), await hall.ask("doors/zones/hall", "resume")):
            assert result.status is Stage.REJECTED
            assert {door: each["reason"] for door, each in result.detail["doors"].items()} == {
                door: f"{door}: the fire alarm is on: no door is locked until that is over"
                for door in ("front", "back", "side")
            }
        assert (await hall.ask("doors/front", "release")).status is Stage.REJECTED
        assert [len(box.asked) for box in hall.boxes.values()] == asked
        assert (await hall.ask("doors/front", "open")).status is Stage.CONFIRMED
        hall.box.gone = True
        await asyncio.sleep(5)
        assert (await hall.ask("doors/front", "release")).detail["reason"].startswith("front: the fire alarm is on")

    told(story, **TWO)


def test_who_may_ask_what() -> None:
    async def story(hall: DoorHall) -> None:
        with pytest.raises(CommandRejected, match="needs a reason"):
            await hall.ask("doors/front", "open", reason=None)
        with pytest.raises(Forbidden, match="lacks the right unlock"):
            await hall.ask("doors/front", "open", Principal("wang", Role.FACILITIES))
        with pytest.raises(UnknownTarget, match="there is no target of doors 'back'; there are: "):
            await hall.ask("doors/back", "open", Principal("li", Role.SECURITY, zones=frozenset({"gate"})))
        with pytest.raises(UnknownTarget):
            await hall.ask("doors/zones/hall", "resume", Principal("li", Role.SECURITY, zones=frozenset({"gate"})))
        with pytest.raises(NotSupported, match=r"no verb 'shut'; it has: fire_over, hold, open, release, relock"):
            await hall.ask("doors/front", "shut")
        with pytest.raises(NotSupported, match="has no parts"):
            await hall.ask("doors/front", "open", part="d1")
        with pytest.raises(CommandRejected, match="minutes"):
            await hall.ask("doors/front", "hold", params={"minutes": 0})

    told(story)


def test_a_door_that_its_controller_has_not_is_refused_in_one_sentence() -> None:
    async def story(hall: DoorHall) -> None:
        with pytest.raises(NotSupported, match="acs has no part 'd9'"):
            await hall.ask("doors/ghost", "open")
        result = await hall.ask("doors/zones/hall", "resume")
        assert result.detail["doors"]["ghost"]["reason"] == "acs has no part 'd9'; it has: d1, d2"
        assert hall.door("ghost")["state"] == "unknown"

    told(story, doors=[{"id": "ghost", "name": "无", "door": "acs/d9"}])


@pytest.mark.parametrize("kind", ["fire", "lockdown"])
def test_a_drill_finds_who_would_do_as_they_shall_and_moves_no_lock(kind: str) -> None:
    async def story(hall: DoorHall) -> None:
        hall.boxes["acs2"].gone = True
        hall.box.write(Happening.GRANTED, "d2")
        hall.box.swing("d2", open=True)
        await asyncio.sleep(2)
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": kind}, deadline_s=5.0)
        assert result.status is Stage.CONFIRMED
        assert [box.asked for box in hall.boxes.values()] == [[], []]
        why = {door: each["why"] for door, each in result.detail["doors"].items()}
        assert why == {
            "front": None,
            "back": None if kind == "fire" else "it stands open",
            "side": "acs2 is not online",
        }
        assert (result.detail["ready"], result.detail["of"]) == (2 if kind == "fire" else 1, 3)
        assert 0 < result.detail["doors"]["front"]["answered_s"] <= 1.1
        assert result.detail["doors"]["side"]["answered_s"] is None
        report = (await hall.doors.drills.reports(10, lambda _: True))[0]
        assert (report.kind, report.place, report.actor, report.reason) == (kind, "hall", "boss", "演练")
        assert report.doors["back"].state == "open"

    told(story, **TWO)


def test_a_drill_of_a_fire_wants_a_fire_input_and_one_of_a_lockdown_no_fire() -> None:
    async def story(hall: DoorHall) -> None:
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": "fire"})
        assert result.detail["doors"]["side"]["why"] == "acs2 has no fire input"
        hall.box.fire = True
        await asyncio.sleep(1.2)
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": "lockdown"})
        assert result.detail["doors"]["front"]["why"] == "the fire alarm is on: no door is locked until that is over"

    told(story, **TWO)


def test_a_drill_that_is_not_recorded_is_none() -> None:
    async def story(hall: DoorHall) -> None:
        async def fill() -> None:
            await asyncio.sleep(0.05)
            hall.journal.full = True

        filling = asyncio.create_task(fill())
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": "fire"})
        await filling
        assert result.status is Stage.REJECTED
        assert "not recorded" in result.detail["reason"]

    told(story)


@pytest.mark.parametrize("verb", ["open", "set_mode", "relock"])
def test_what_opens_or_locks_a_watched_door_is_asked_of_the_door_and_not_behind_its_back(verb: str) -> None:
    async def story(hall: DoorHall) -> None:
        guard = Principal("guard", Role.SECURITY, zones=frozenset({"tech"}))
        params = {"mode": "normally_closed"} if verb == "set_mode" else {}
        with pytest.raises(UnknownTarget):
            await hall.ask("doors/front", verb, guard, params=params)
        with pytest.raises(Forbidden, match=f"guard may not ask '{verb}' of acs: it reaches doors of gate"):
            await hall.ask("acs", verb, guard, part="d1", params=params)
        with pytest.raises(CommandRejected, match="is decided by doors/front: ask that"):
            await hall.ask("acs", verb, part="d1", params=params)
        assert hall.box.asked == []

    told(story, devices=[BoxConfig(id="acs", driver="test.doors", zone="tech")])


def test_what_reaches_all_doors_of_a_controller_wants_the_zones_of_all() -> None:
    async def story(hall: DoorHall) -> None:
        with pytest.raises(Forbidden, match="guard may not ask 'relock' of acs: it reaches doors of gate"):
            await hall.ask("acs", "relock", Principal("guard", Role.SECURITY, zones=frozenset({"tech"})))
        assert hall.box.asked == []
        for who in (Principal("chief", Role.SECURITY, zones=frozenset({"tech", "gate"})), BOSS):
            assert (await hall.ask("acs", "relock", who)).status is Stage.CONFIRMED

    told(story, devices=[BoxConfig(id="acs", driver="test.doors", zone="tech")])


def test_what_else_the_controller_offers_for_a_door_is_asked_of_the_door_too() -> None:
    async def story(hall: DoorHall) -> None:
        assert (await hall.ask("doors/front", "relock")).status is Stage.CONFIRMED
        assert hall.box.asked == [("relock", "d1", {})]
        with pytest.raises(NotSupported, match=r"no verb 'set_mode'; it has: fire_over, hold, open, release, relock"):
            await hall.ask("doors/front", "set_mode", params={"mode": "controlled"})

    told(story)


def test_a_fire_anywhere_stops_whatever_may_lock_a_door_wherever_it_is_asked() -> None:
    both = [ACS, BoxConfig(id="acs2", driver="test.doors")]

    async def story(hall: DoorHall) -> None:
        hall.box.fire = True  # the input of acs2 says no, for nobody has wired it
        await asyncio.sleep(1.2)
        result = await hall.ask("doors/side", "release")
        assert (result.status, result.detail["reason"].partition(":")[0]) == (Stage.REJECTED, "side")
        for target, part in (("doors/side", None), ("acs2", None), ("acs2", "d2"), ("acs", None)):
            with pytest.raises(CommandRejected, match="the fire alarm is on: no door is locked"):
                await hall.ask(target, "relock", part=part)
        with pytest.raises(CommandRejected, match="the fire alarm is on"):
            await hall.ask("acs2", "set_mode", part="d2", params={"mode": "normally_closed"})
        assert [box.asked for box in hall.boxes.values()] == [[], []]
        opened = await hall.ask("acs2", "set_mode", part="d2", params={"mode": "normally_open"})
        assert opened.status is Stage.CONFIRMED
        hall.box.fire = False
        await asyncio.sleep(1.2)
        assert (await hall.ask("doors/side", "release")).status is Stage.CONFIRMED

    told(story, doors=[FRONT, OTHER], devices=both)


@pytest.mark.parametrize(("wired", "why"), [(True, "acs does not tell of its fire input"), (False, "is not wired")])
def test_a_door_whose_release_in_a_fire_nobody_could_see_is_not_ready(wired: bool, why: str) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.fire = None if wired else False
        await asyncio.sleep(1.2)
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": "fire"})
        assert why in result.detail["doors"]["front"]["why"]
        assert result.detail["ready"] == 0
        hall.box.fire, hall.box.doors["d1"]["unlocked"] = False, None
        await asyncio.sleep(1.2)
        result = await hall.ask("doors/zones/hall", "drill", params={"kind": "fire"})
        assert ("of its lock" if wired else why) in result.detail["doors"]["front"]["why"]

    told(story, doors=[{**FRONT, "fire_input": wired}])


def commands_of(hall: DoorHall, door: str) -> list[tuple[str, str, str]]:
    """What the record has under a door of commands that were asked of a zone: by whom and how, or how it ended."""
    device, part = {"front": ("acs", "d1"), "back": ("acs", "d2"), "side": ("acs2", "d1")}[door]
    rows = [row for row in hall.journal.rows if (row.device, row.part) == (device, part)]
    told = [(row.type, row.payload or {}) for row in rows if row.type.startswith("command.")]
    assert {payload["door"] for _, payload in told} == {door}
    return [
        (
            type_,
            payload["command_id"],
            " ".join(str(payload.get(name)) for name in ("device", "verb", "actor", "reason")),
        )
        if type_ == "command.requested"
        else (type_, payload["command_id"], payload["status"])
        for type_, payload in told
    ]


@pytest.mark.parametrize("verb", ["lockdown", "evacuate", "resume", "fire_over"])
def test_what_is_asked_of_a_zone_is_found_at_each_of_its_doors(verb: str) -> None:
    async def story(hall: DoorHall) -> None:
        hall.boxes["acs2"].deaf = True
        id_ = (await hall.ask("doors/zones/gate", verb)).command_id
        asked = ("command.requested", id_, f"doors/zones/gate {verb} boss 演练")
        assert commands_of(hall, "front") == [asked, ("command.ended", id_, "confirmed")]
        refused = "confirmed" if verb == "fire_over" else "rejected"
        assert commands_of(hall, "side") == [asked, ("command.ended", id_, refused)]
        assert [row for row in hall.journal.rows if row.part == "d2"] == []
        assert len([row for row in hall.rows("command.requested") if row.device is None]) == 1

    told(story, **TWO)


def test_a_door_that_cannot_be_run_so_has_that_in_its_record_too() -> None:
    async def story(hall: DoorHall) -> None:
        id_ = (await hall.ask("doors/zones/gate", "resume")).command_id
        assert commands_of(hall, "side")[1:] == [("command.ended", id_, "rejected")]
        (side,) = [row.payload or {} for row in hall.rows("command.ended") if row.device == "acs2"]
        assert side["detail"]["reason"].startswith(
            "side cannot be put back to cards: acs2 can only open this door once"
        )

    told(story, doors=[FRONT, OTHER, BACK], devices=[ACS, ACS2.model_copy(update={"holds": False})])
