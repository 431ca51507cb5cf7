"""A dangerous verb is asked for twice, by the same person, within a minute."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from smallhall import Hall, HeldClock, Screen, opened, until

from gateway.commands import Commands, ConfirmFirst, Request
from gateway.core.model import Stage
from gateway.people.rights import Principal, Role

BOSS, DEPUTY = Principal("boss", Role.ADMIN), Principal("deputy", Role.ADMIN)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[Hall]:
    Screen.cards.clear()
    async with opened(tmp_path, HeldClock()) as running:
        yield running


@pytest.fixture
def commands(hall: Hall) -> Commands:
    return Commands(hall.lives, hall.house)


def wipe(command_id: str = "x1", **more: Any) -> Request:
    return Request(command_id=command_id, device="led-1", verb="wipe", **more)


FIRST, OTHER = "this verb is dangerous", "the confirm code that came "


async def code(commands: Commands, request: Request, who: Principal = BOSS, why: str = FIRST) -> str:
    """The code of the first step."""
    with pytest.raises(ConfirmFirst, match=rf"^{why}.*: send it again within 60 s") as caught:
        await commands.submit(request, who)
    return caught.value.code


async def test_a_dangerous_verb_takes_two_steps(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in() as card:
        await until(lambda: card.shown)
        confirm = await code(commands, wipe())
        assert await hall.rows("command.requested") == []
        result = await commands.submit(wipe(confirm=confirm), BOSS)
        assert (await commands.submit(wipe(), BOSS)) == result
    assert (result.status, card.shown.count("wipe")) == (Stage.CONFIRMED, 1)
    assert confirm not in repr(await hall.journal.read(limit=1000))


async def test_a_code_is_for_one_request_of_one_person_and_once(hall: Hall, commands: Commands) -> None:
    async with hall.plugged_in() as card:
        await until(lambda: card.shown)
        await code(commands, wipe(confirm="00000000"), why=OTHER)
        await code(commands, wipe(params={"times": 2}, confirm=await code(commands, wipe())), why=OTHER)
        await code(commands, wipe(confirm=await code(commands, wipe())), DEPUTY, why=OTHER)
        used = await code(commands, wipe())
        await commands.submit(wipe(confirm=used), BOSS)
        await code(commands, wipe("x2", confirm=used), why=OTHER)
    assert card.shown.count("wipe") == 1


async def test_a_code_is_valid_for_a_minute(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    started, seconds = hall.clock.monotonic(), [0.0]
    monkeypatch.setattr(hall.clock, "monotonic", lambda: started + seconds[0])
    commands = Commands(hall.lives, hall.house)
    confirm = await code(commands, wipe())
    seconds[0] = 59.9
    assert (await commands.submit(wipe(confirm=confirm), BOSS)).status is Stage.OFFLINE
    confirm = await code(commands, wipe("x2"))
    seconds[0] += 60
    assert await code(commands, wipe("x2", confirm=confirm), why=OTHER) != confirm


async def test_codes_that_nobody_uses_take_no_memory(hall: Hall, commands: Commands) -> None:
    first = await code(commands, wipe("x0"))
    for number in range(200):
        await code(commands, wipe(f"y{number}"))
    assert len(commands._codes) == 100
    assert await code(commands, wipe("x0", confirm=first), why=OTHER) != first
