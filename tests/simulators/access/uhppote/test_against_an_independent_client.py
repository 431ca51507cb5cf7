"""The public client uhppoted, in all its four ways, asks a simulated controller all that it can, field by field."""

import ast
import asyncio
import inspect
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from child import Child, free_port
from uhppotedhall import CARD, CLIENTS, FROM, SERIAL, TO, WEEK, Hall, client, structs, twin_of


async def test_tells_who_it_is_and_takes_another_address(hall: Hall) -> None:
    who = await hall.ask("get_controller")
    assert (who.controller, who.version, who.date) == (SERIAL, "v8.92", date(2018, 8, 16))
    assert who.mac_address == "00:66:19:2a:37:78"
    network = IPv4Address("10.8.1.20"), IPv4Address("255.255.255.0"), IPv4Address("10.8.1.1")
    assert await hall.ask("set_ip", *network)
    who = await hall.ask("get_controller")  # packets of one peer come in order
    assert (who.ip_address, who.subnet_mask, who.gateway) == network


async def test_tells_the_time_and_takes_another(hall: Hall) -> None:
    told = await hall.ask("get_time")
    assert abs(told.datetime - hall.twin.board.time) <= timedelta(seconds=1)
    wanted = datetime.fromisoformat("2026-02-28 23:59:58")
    assert (await hall.ask("set_time", wanted)).datetime == wanted
    assert (await hall.ask("get_time")).datetime - wanted < timedelta(seconds=2)


async def test_has_a_listener(hall: Hall) -> None:
    assert (await hall.ask("get_listener")).port == 0
    assert (await hall.ask("set_listener", IPv4Address("127.0.0.1"), 60001, 17)).ok
    told = await hall.ask("get_listener")
    assert (told.address, told.port, told.interval) == (IPv4Address("127.0.0.1"), 60001, 17)


async def test_runs_its_doors_as_it_is_told(hall: Hall) -> None:
    told = await hall.ask("get_door_control", 3)
    assert (told.door, told.mode, told.delay) == (3, 3, 3)
    told = await hall.ask("set_door_control", 3, 2, 9)
    assert (told.door, told.mode, told.delay) == (3, 2, 9)
    told = await hall.ask("get_door_control", 3)
    assert (told.mode, told.delay) == (2, 9)
    assert (await hall.ask("set_door_control", 3, 7, 9)).mode == 2  # there is no such mode
    assert not (await hall.ask("open_door", 3)).opened  # it is normally closed
    assert (await hall.ask("open_door", 4)).opened
    assert not (await hall.ask("open_door", 5)).opened
    assert (await hall.ask("set_door_passcodes", 4, 12345, 0, 999999, 1000000)).ok
    assert hall.twin.board.doors[4].codes == (12345, 0, 999999, 0)


async def test_keeps_cards(hall: Hall) -> None:
    assert (await hall.ask("get_cards")).cards == 0
    assert (await hall.ask("get_card", CARD)).card_number == 0
    first = {1: False, 2: True, 3: False, 4: True}
    assert (await hall.ask("put_card", CARD, FROM, TO, 1, 0, 29, 1, 7531, first)).stored
    for told in (await hall.ask("get_card", CARD), await hall.ask("get_card_by_index", 1)):
        assert (told.card_number, told.start_date, told.end_date) == (CARD, FROM, TO)
        assert (told.door_1, told.door_2, told.door_3, told.door_4) == (1, 0, 29, 1)
        assert (told.pin, told.firstcard) == (7531, first)
    assert not (await hall.ask("put_card", 0, FROM, TO, 1, 1, 1, 1, 0)).stored
    assert (await hall.ask("get_card_by_index", 2)).card_number == 0
    assert (await hall.ask("delete_card", CARD)).deleted
    assert not (await hall.ask("delete_card", CARD)).deleted
    assert (await hall.ask("put_card", 1, FROM, TO, 1, 1, 1, 1, 0)).stored
    assert (await hall.ask("get_cards")).cards == 1
    assert (await hall.ask("delete_all_cards")).deleted
    assert (await hall.ask("get_cards")).cards == 0


async def test_tells_its_state_with_the_newest_event(hall: Hall) -> None:
    calm = await hall.ask("get_status")
    assert (calm.controller, calm.event_index, calm.relays, calm.inputs, calm.system_error) == (SERIAL, 0, 0, 0, 0)
    assert datetime.combine(calm.system_date, calm.system_time) - hall.twin.board.time <= timedelta(seconds=1)
    await hall.ask("record_special_events", True)
    await hall.ask("put_card", CARD, FROM, TO, 0, 1, 0, 0, 0)
    hall.pull("swipe", card=CARD, door=2, out=True)
    hall.pull("open", door=2)
    hall.pull("swipe", card=CARD, door=1)
    hall.pull("fire")
    told = await hall.ask("get_status")
    assert (told.event_index, told.event_type, told.event_reason) == (4, 3, 39)
    assert [told.door_1_open, told.door_2_open, told.door_3_open, told.door_4_open] == [False, True, False, False]
    assert not any([told.door_1_button, told.door_2_button, told.door_3_button, told.door_4_button])
    assert (told.relays, told.inputs) == (0b1111, 2)
    assert told.sequence_no > calm.sequence_no


async def test_keeps_a_log(hall: Hall) -> None:
    hall.pull("capacity", events=10, block=4)
    await hall.ask("put_card", CARD, FROM, TO, 0, 1, 0, 0, 0)
    for _ in range(11):
        hall.pull("swipe", card=CARD, door=2, out=True)
    newest = await hall.ask("get_event", 0xFFFFFFFF)
    assert (newest.index, newest.event_type, newest.access_granted) == (11, 1, True)
    assert (newest.door, newest.direction, newest.card, newest.reason) == (2, 2, CARD, 1)
    assert abs(newest.timestamp - hall.twin.board.time) <= timedelta(seconds=1)
    assert (await hall.ask("get_event", 0)).index == 5
    assert (await hall.ask("get_event", 5)).index == 5
    assert (await hall.ask("get_event", 4)).event_type == 255
    none = await hall.ask("get_event", 12)
    assert (none.index, none.event_type) == (0, 0)
    assert (await hall.ask("get_event_index")).event_index == 0
    assert (await hall.ask("set_event_index", 9)).updated
    assert not (await hall.ask("set_event_index", 9)).updated
    assert (await hall.ask("get_event_index")).event_index == 9


async def test_keeps_time_profiles(hall: Hall) -> None:
    hours = [time(8, 30), time(11, 45), time(13, 0), time(17, 30), time(0, 0), time(0, 0)]
    assert (await hall.ask("get_time_profile", 29)).profile_id == 0
    assert (await hall.ask("set_time_profile", 29, FROM, TO, *WEEK, *hours, 37)).stored
    told = await hall.ask("get_time_profile", 29)
    assert (told.profile_id, told.start_date, told.end_date, told.linked_profile_id) == (29, FROM, TO, 37)
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    assert tuple(getattr(told, day) for day in days) == WEEK
    segments = [getattr(told, f"segment_{n}_{end}") for n in (1, 2, 3) for end in ("start", "end")]
    assert segments == hours
    assert not (await hall.ask("set_time_profile", 1, FROM, TO, *WEEK, *hours, 0)).stored
    assert (await hall.ask("delete_all_time_profiles")).deleted
    assert (await hall.ask("get_time_profile", 29)).profile_id == 0


async def test_keeps_tasks_and_first_cards_once_they_are_refreshed(hall: Hall) -> None:
    assert (await hall.ask("add_task", FROM, TO, *WEEK, time(8, 45), 3, 11, 7)).added
    assert not (await hall.ask("add_task", FROM, TO, *WEEK, time(8, 45), 3, 13, 0)).added
    rule = structs.FirstCard(
        time(8, 30),
        time(17, 45),
        structs.DoorMode.NORMALLY_OPEN,
        structs.DoorMode.FIRSTCARD_ONLY,
        structs.Weekdays(*WEEK),
    )
    assert await hall.ask("set_firstcard", 2, rule)
    assert hall.twin.board.tasks == []
    assert (await hall.ask("refresh_tasklist")).refreshed
    (task,) = hall.twin.board.tasks
    assert (task.begins, task.ends, task.days, task.at) == (FROM, TO, WEEK, time(8, 45))
    assert (task.door, task.doing, task.cards) == (3, 11, 7)
    first = hall.twin.board.doors[2].first
    assert first is not None
    assert (first.begins, first.ends, first.active, first.inactive) == (time(8, 30), time(17, 45), 1, 3)
    assert first.days == WEEK
    assert (await hall.ask("clear_tasklist")).cleared
    assert hall.twin.board.tasks == []


async def test_has_modes(hall: Hall) -> None:
    assert (await hall.ask("set_antipassback", 3)).ok
    assert (await hall.ask("get_antipassback")).antipassback == 3
    assert not (await hall.ask("set_antipassback", 5)).ok
    assert (await hall.ask("set_interlock", 8)).ok
    assert not (await hall.ask("set_interlock", 5)).ok
    assert (hall.twin.board.anti_passback, hall.twin.board.interlock) == (3, 8)
    assert (await hall.ask("activate_keypads", True, False, True, False)).ok
    assert [door.keypad for door in hall.twin.board.doors.values()] == [True, False, True, False]
    assert (await hall.ask("set_pc_control", True)).ok
    assert hall.twin.board.pc_control


async def test_forgets_everything(hall: Hall) -> None:
    await hall.ask("put_card", CARD, FROM, TO, 1, 1, 1, 1, 0)
    await hall.ask("set_listener", IPv4Address("127.0.0.1"), 60001, 0)
    await hall.ask("record_special_events", True)
    hall.pull("swipe", card=CARD)
    assert (await hall.ask("restore_default_parameters")).reset
    assert (await hall.ask("get_cards")).cards == 0
    assert (await hall.ask("get_listener")).port == 0
    assert (await hall.ask("get_status")).event_index == 0
    hall.pull("swipe", card=CARD)
    assert (await hall.ask("get_event", 0xFFFFFFFF)).index == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_many_controllers_answer_a_broadcast_each_with_its_serial(kind: str) -> None:
    twin = twin_of()
    for serial in (201020304, 303986753):
        twin.levers()["neighbour"]({"serial": serial})
    async with twin.serve("127.0.0.1", 0) as port:
        asked = client(kind, port)
        if kind == "async":
            found = await asked.get_all_controllers(timeout=0.3)
        else:
            found = await asyncio.to_thread(asked.get_all_controllers, timeout=0.3)
        assert sorted(each.controller for each in found) == [201020304, 303986753, SERIAL]


EVENT = (SERIAL, 1, CARD, 3, False, 6)
FIELDS = ("controller", "event_index", "event_card", "event_door", "event_access_granted", "event_reason")
LISTENS = f"""
import sys
from uhppoted.uhppote import Uhppote
asked = Uhppote("127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{{sys.argv[1]}}")
asked.listen(lambda event: print(tuple(getattr(event, name) for name in {FIELDS}), flush=True))
"""


@pytest.mark.parametrize("old", [False, True], ids=["firmware 8.92", "firmware 6.62"])
async def test_pushes_every_event_to_its_listener(old: bool) -> None:
    twin, heard, done = twin_of(), asyncio.Queue[Any](), asyncio.Event()
    twin.levers()["firmware"]({"v6_62": old})
    async with twin.serve("127.0.0.1", 0) as port:
        listener = free_port()
        asked = client("async", port, listener)
        listening = asyncio.create_task(asked.listen(heard.put_nowait, close=done))
        await asked.set_listener((SERIAL, f"127.0.0.1:{port}", "udp"), IPv4Address("127.0.0.1"), listener, 1)
        twin.levers()["swipe"]({"card": CARD, "door": 3})
        async with asyncio.timeout(10):
            event, again = await heard.get(), await heard.get()  # the second one is the first again, after 1 s
        done.set()
        await listening
    for each in (event, again):
        assert tuple(getattr(each, name) for name in FIELDS) == EVENT


async def test_pushes_every_event_to_a_listener_that_blocks(tmp_path: Path) -> None:
    twin, listener, log = twin_of(), free_port(), tmp_path / "heard"
    async with twin.serve("127.0.0.1", 0) as port:
        child = Child([sys.executable, "-c", LISTENS, str(listener)], log)  # its `listen` never returns
        try:
            to = (SERIAL, f"127.0.0.1:{port}", "udp")
            await client("async", port).set_listener(to, IPv4Address("127.0.0.1"), listener, 1)
            twin.levers()["swipe"]({"card": CARD, "door": 3})
            await asyncio.to_thread(child.until, lambda: log.read_text().count("\n") >= 2)
        finally:
            child.kill()
    assert {*log.read_text().splitlines()} == {repr(EVENT)}


def test_every_call_of_the_client_is_driven() -> None:
    driven = {name for file in Path(__file__).parent.glob("test_*_an_independent_client.py") for name in _calls(file)}
    for made in CLIENTS.values():
        assert {name for name, _ in inspect.getmembers(made, inspect.isfunction) if name[0] != "_"} <= driven


def _calls(file: Path) -> Iterator[str]:
    """What a module of tests asks of `hall`, which is in all ways, and of a client by itself."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ask":
            yield from (str(what.value) for what in node.args[:1] if isinstance(what, ast.Constant))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "asked":
            yield node.attr
