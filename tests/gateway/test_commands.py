"""The counter for commands: who may, once, audited before it is done, its result kept."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from smallhall import Hall, HeldClock, Screen, opened, until

from gateway.commands import CommandConflict, Commands, Request, UnknownTarget
from gateway.core.errors import CommandRejected, JournalError, NotSupported
from gateway.core.model import Result, Stage, Verb
from gateway.core.rights import Right
from gateway.people.rights import Principal, Role
from gateway.permission import Forbidden

BOSS = Principal("boss", Role.ADMIN)
QUEUE = Principal("queue-system", Role.QUEUE)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[Hall]:
    Screen.cards.clear()
    async with opened(tmp_path, HeldClock()) as running:
        yield running


@pytest.fixture
def commands(hall: Hall) -> Commands:
    return Commands(hall.lives, hall.house)


def blink(command_id: str = "x1", **more: Any) -> Request:
    return Request(command_id=command_id, device="led-5", verb="blink", reason="a test", **more)


def show(command_id: str, text: str, **more: Any) -> Request:
    return Request(command_id=command_id, device="led-5", verb="show", params={"text": text}, **more)


async def audit(hall: Hall) -> list[tuple[str, dict[str, Any]]]:
    """What the journal tells of commands."""
    rows = await hall.journal.read(limit=1000)
    return [(row.type, row.payload or {}) for row in rows if row.type.startswith("command.")]


async def test_a_command_is_done_and_audited(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        result = await commands.submit(blink(params={"times": 2}), BOSS)
    assert card.shown[-1] == "blink"
    assert (result.status, result.confirmed, result.detail) == (Stage.CONFIRMED, True, {"shown": "blink"})
    [(asked, request), (ended, told)] = await audit(hall)
    assert (asked, ended) == ("command.requested", "command.ended")
    assert {key: request[key] for key in ("actor", "device", "verb", "params", "reason")} == {
        "actor": "boss",
        "device": "led-5",
        "verb": "blink",
        "params": {"times": 2},
        "reason": "a test",
    }
    assert (told["command_id"], told["status"]) == ("x1", "confirmed")


async def test_nothing_is_done_before_the_audit_is_on_disk(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        hall.journal.disk.clear()
        task = asyncio.create_task(commands.submit(blink(), BOSS))
        await asyncio.sleep(0.03)
        assert "blink" not in card.shown
        hall.journal.disk.set()
        await task
    assert "blink" in card.shown


async def test_nothing_is_done_without_an_audit(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        await commands.submit(show("x0", "综合受理"), BOSS)
        hall.journal.full = True
        for request in (blink(), show("x2", "OPEN")):
            with pytest.raises(JournalError):
                await commands.submit(request, BOSS)
        hall.journal.full = False
        assert hall.wanted("led-5") == card.shown[-1] == "综合受理"
        assert (await commands.submit(blink(), BOSS)).status is Stage.CONFIRMED


async def test_what_was_done_is_told_even_if_it_can_no_longer_be_recorded(hall: Hall, commands: Commands) -> None:
    def fill_the_disk() -> None:
        hall.journal.full = True

    async with hall.plugged_in("led-5") as card:
        await commands.submit(show("x0", "综合受理"), BOSS)
        card.answers = fill_the_disk
        result = await commands.submit(blink(), BOSS)
    assert result.status is Stage.CONFIRMED
    assert commands.result("x1") == result
    hall.journal.full = False
    assert [end["status"] for end in await hall.recorded("command.ended", 2)] == ["acked", "confirmed"]


async def test_who_may_not_command_is_refused_and_nothing_is_recorded(hall: Hall, commands: Commands) -> None:
    with pytest.raises(Forbidden, match=r"^queue-system has the role queue, which lacks the right command$"):
        await commands.submit(blink(), QUEUE)
    assert await audit(hall) == []


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "an unknown device": (
        {"device": "led-9"},
        UnknownTarget,
        r"^there is no device 'led-9' \(did you mean 'led-6'\?\); there are: led-1, led-2, led-3, ",
    ),
    "an unknown verb": ({"verb": "open"}, NotSupported, "^led-5 has no verb 'open'; it has: blink, show, wipe$"),
    "an unknown part": ({"part": "left"}, NotSupported, "^led-5 has no part 'left'; it has: none$"),
    "wrong parameters": ({"params": {"times": "x"}}, CommandRejected, "^bad parameters: .*times"),
    "unknown parameters": ({"params": {"time": 1}}, CommandRejected, "^bad parameters: .*time"),
}


@pytest.mark.parametrize(("change", "error", "sentence"), WRONG.values(), ids=WRONG)
async def test_what_can_never_succeed_is_refused_before_it_is_recorded(
    change: dict[str, Any], error: type[Exception], sentence: str, hall: Hall, commands: Commands
) -> None:
    request: dict[str, Any] = {"command_id": "x1", "device": "led-5", "verb": "blink", **change}
    async with hall.plugged_in("led-5"):
        with pytest.raises(error, match=sentence):
            await commands.submit(Request(**request), BOSS)
    assert await audit(hall) == []
    with pytest.raises(UnknownTarget):
        commands.result("x1")


async def test_the_same_command_again_is_done_once(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(commands.submit(blink(), BOSS)) for _ in range(5)]
        again = await commands.submit(blink(), BOSS)
    assert {task.result().at for task in tasks} == {again.at}
    assert card.shown.count("blink") == 1
    assert len(await audit(hall)) == 2


async def test_another_command_of_the_same_id_is_refused(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        await commands.submit(blink(), BOSS)
        with pytest.raises(CommandConflict, match=r"^command_id 'x1' was used before, for another command$"):
            await commands.submit(blink(params={"times": 3}), BOSS)
    assert card.shown.count("blink") == 1


async def test_a_command_of_an_earlier_run_is_not_done_again(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        await commands.submit(blink(), BOSS)
        restarted = Commands(hall.lives, hall.house)
        for request in (blink(), show("x1", "OPEN")):
            with pytest.raises(CommandConflict, match=r"^command_id 'x1' was used before; the journal tells how"):
                await restarted.submit(request, BOSS)
    assert card.shown == ["blink"]


async def test_the_result_can_be_asked_for(hall: Hall, commands: Commands) -> None:
    with pytest.raises(UnknownTarget, match=r"^there is no command 'x1'"):
        commands.result("x1")
    async with hall.plugged_in("led-5") as card:
        await commands.submit(show("x0", "综合受理"), BOSS)
        card.deaf = True
        task = asyncio.create_task(commands.submit(blink(deadline_s=0.05), BOSS))
        await asyncio.sleep(0.01)
        assert commands.result("x1") is None
        await task
    assert commands.result("x1") == await task


async def test_only_the_newest_results_are_kept(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.commands.KEPT", 2)
    commands = Commands(hall.lives, hall.house)
    for number in range(3):
        await commands.submit(blink(f"x{number}"), BOSS)
    with pytest.raises(UnknownTarget):
        commands.result("x0")
    assert isinstance(commands.result("x2"), Result)


async def test_a_device_that_does_not_answer_in_time_is_a_timeout(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        await commands.submit(show("x0", "综合受理"), BOSS)
        card.deaf = True
        result = await commands.submit(blink(deadline_s=0.02), BOSS)
    assert result.status is Stage.TIMEOUT
    assert (await audit(hall))[-1][1]["status"] == "timeout"


async def test_a_device_that_refuses_says_why(hall: Hall, commands: Commands) -> None:
    def refuse() -> None:
        raise CommandRejected("error 3, bad length")

    async with hall.plugged_in("led-5") as card:
        await commands.submit(show("x0", "综合受理"), BOSS)
        card.answers = refuse
        result = await commands.submit(blink(), BOSS)
    assert (result.status, result.detail) == (Stage.REJECTED, {"reason": "error 3, bad length"})


async def test_a_device_that_is_offline_refuses_at_once(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5"):
        pass
    result = await commands.submit(blink(), BOSS)
    assert (result.status, result.detail) == (Stage.OFFLINE, {"reason": "unplugged"})
    assert [type_ for type_, _ in await audit(hall)] == ["command.requested", "command.ended"]


async def test_desired_state_waits_for_a_device_that_is_offline(hall: Hall, commands: Commands) -> None:
    result = await commands.submit(show("x1", "OPEN"), BOSS)
    assert result.status is Stage.QUEUED
    assert [type_ for type_, _ in await audit(hall)] == ["command.requested"]
    kept = {row.device: row for row in await hall.journal.desired()}
    assert (kept["led-5"].params, kept["led-5"].actor) == ({"text": "OPEN"}, "boss")
    async with hall.plugged_in("led-5") as card:
        await until(lambda: card.shown == ["OPEN"])
        await until(lambda: (newest := commands.result("x1")) and newest.status is Stage.ACKED)
        assert [payload["status"] for payload in await hall.recorded("command.ended", 1)] == ["acked"]


async def test_desired_state_is_told_as_soon_as_it_is_there(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-5") as card:
        result = await commands.submit(show("x1", "OPEN"), BOSS)
        assert card.shown[-1] == "OPEN"
    assert (result.status, result.confirmed, result.detail) == (Stage.ACKED, None, {"shown": "OPEN"})


async def test_where_a_device_confirms_an_acknowledgement_is_not_the_end(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in("led-6"):
        request = Request(command_id="x1", device="led-6", verb="show", params={"text": "OPEN"})
        result = await commands.submit(request, BOSS)
    assert (result.status, result.confirmed) == (Stage.CONFIRMED, True)


async def test_what_a_window_shows_is_decided_by_its_calls_alone(hall: Hall, commands: Commands) -> None:
    request = Request(command_id="x1", device="led-1", verb="show", params={"text": "ADMIN"})
    with pytest.raises(CommandRejected, match=r"led-1: what 'show' does there is decided by the calls of window w1"):
        await commands.submit(request, BOSS)
    assert await audit(hall) == []


async def test_the_newest_wish_wins(hall: Hall, commands: Commands) -> None:
    assert (await commands.submit(show("x1", "OPEN"), BOSS)).status is Stage.QUEUED
    assert (await commands.submit(show("x2", "SHUT"), BOSS)).status is Stage.QUEUED
    first = commands.result("x1")
    assert first
    assert first.status is Stage.SUPERSEDED
    assert hall.wanted("led-5") == "SHUT"


def blinks(device: str, verb: str) -> bool:
    return (device, verb) == ("led-5", "blink")


def anything(_device: str, _verb: str) -> bool:
    return True


async def test_an_outlet_without_a_person_may_ask_what_it_is_allowed(hall: Hall, commands: Commands) -> None:
    outlet = Principal("mqtt", None, allows=blinks)
    async with hall.plugged_in("led-5"):
        assert (await commands.submit(blink(), outlet)).status is Stage.CONFIRMED
        with pytest.raises(Forbidden, match=r"^mqtt may not ask 'show' of led-5: mqtt.allow does not name it$"):
            await commands.submit(show("x2", "OPEN"), outlet)
    assert [payload["actor"] for type_, payload in await audit(hall) if type_ == "command.requested"] == ["mqtt"]


async def test_an_outlet_is_told_only_of_the_targets_that_it_may_ask_the_same(hall: Hall, commands: Commands) -> None:
    outlet = Principal(
        "mqtt", None, allows=lambda device, verb: (device, verb) in {("led-5", "blink"), ("led-6", "show")}
    )
    with pytest.raises(
        UnknownTarget, match=r"^there is no device 'led5' \(did you mean 'led-5'\?\); there are: led-5$"
    ):
        await commands.submit(Request(command_id="x1", device="led5", verb="blink"), outlet)


async def test_dangerous_verbs_are_never_an_outlets(hall: Hall, commands: Commands) -> None:
    with pytest.raises(Forbidden, match=r"^mqtt may not ask 'wipe' of led-1: dangerous verbs need a person$"):
        await commands.submit(
            Request(command_id="x1", device="led-1", verb="wipe"), Principal("mqtt", None, allows=anything)
        )
    assert await audit(hall) == []


async def test_what_stands_in_no_zone_of_ones_own_does_not_exist(hall: Hall, commands: Commands) -> None:
    gate = Principal("guard", Role.ADMIN, zones=frozenset({"gate"}))
    with pytest.raises(UnknownTarget, match=r"^there is no device 'led-5'; there are: none$"):
        await commands.submit(blink(), gate)
    async with hall.plugged_in("led-5"):
        await commands.submit(blink(), BOSS)
    with pytest.raises(UnknownTarget, match=r"^there is no device 'led-5'; there are: none$"):
        await commands.submit(blink(), gate)
    with pytest.raises(UnknownTarget, match=r"^there is no command 'x1'"):
        commands.result("x1", gate)
    assert commands.result("x1", BOSS)


@pytest.mark.parametrize("reason", [None, "", "  "])
async def test_what_opens_something_wants_a_right_of_its_own_and_a_reason(
    reason: str | None, hall: Hall, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = msgspec.structs.replace(hall.lives["led-5"].verb("blink", None), right=Right.UNLOCK)

    def verb(_name: str, _part: str | None) -> Verb:
        return opens

    monkeypatch.setattr(hall.lives["led-5"], "verb", verb)
    guard = Principal("guard", Role.SECURITY)
    with pytest.raises(Forbidden, match=r"which lacks the right unlock$"):
        await commands.submit(blink(), Principal("fitter", Role.FACILITIES))
    request = Request(command_id="x1", device="led-5", verb="blink", reason=reason)
    with pytest.raises(CommandRejected, match=r"^led-5: 'blink' needs a reason: it goes into the record$"):
        await commands.submit(request, guard)
    assert await audit(hall) == []
    async with hall.plugged_in("led-5"):
        assert (await commands.submit(blink(), guard)).status is Stage.CONFIRMED


async def test_a_card_in_an_answer_is_told_to_those_who_may_ask_for_it(
    hall: Hall, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hall.plugged_in("led-5"):
        verb = hall.lives["led-5"].verb("blink", None)
        personal = msgspec.structs.replace(verb, personal=(("shown", "card"),))

        def found(_name: str, _part: str | None) -> Verb:
            return personal

        monkeypatch.setattr(hall.lives["led-5"], "verb", found)
        assert (await commands.submit(blink(), BOSS)).detail == {"shown": "blink"}
    pseudonym = {"shown": hall.house.pseudonyms.of("card:blink")}
    for _ in ("while it is there", "once it has left the site file"):
        told = {who.name: commands.result("x1", who) for who in (BOSS, QUEUE)}
        assert {name: result and result.detail for name, result in told.items()} == {
            "boss": {"shown": "blink"},
            "queue-system": pseudonym,
        }
        hall.lives.pop("led-5", None)
    assert [row["detail"] for what, row in await audit(hall) if what == "command.ended"] == [pseudonym]
