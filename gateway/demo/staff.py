"""The staff of the demo: they pass the doors with their cards; one door is forced, another held open."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gateway.client import Client
from gateway.core.errors import GatewayError
from gateway.demo.levers import Levers
from gateway.doors.config import DoorConfig

CONTROLLER, TERMINAL = "doors-1", "doors-2"
ENTRANCES = ((CONTROLLER, 1), (CONTROLLER, 2), (TERMINAL, 1))
SERVER_ROOM, COMMAND_ROOM = 3, 4
PARTS = ("east", "west", "server-room", "command-room")
KNOWN_S = 20.0
REACH_S = 0.4  # from the card to the handle
PAUSE_S = 2.5
LONG_S = 6.0  # more than the `held_s` of the command room
TROUBLE_S = 120.0


class Member(NamedTuple):
    """Somebody with a card, and with a number at the terminal or none. Without a name, nobody enrolled the card."""

    card: int
    name: str | None = None
    department: str = ""
    employee: str | None = None


STAFF = (
    Member(10058401, "陈秀英", "综合受理科", "1001"),
    Member(10058402, "欧阳磊", "人民调解委员会", "1002"),
    Member(10058403, "吴敏", "联动指挥中心"),
    Member(10058404, "徐强", "信息科"),
    Member(10058405),
)
ENGINEER, OFFICER = STAFF[3], STAFF[2]


class Staff:
    """Passes doors, always the same for a seed."""

    def __init__(self, client: Client, levers: Levers, *, seed: int) -> None:
        self._client, self._levers = client, levers
        self._random = random.Random(seed)  # noqa: S311 - a demo that repeats itself, no secret

    async def live(self) -> None:
        """Go on for ever. Raises GatewayError."""
        await self._known()
        await self._enrol()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._come_and_go())
            group.create_task(self._trouble())

    async def _known(self) -> None:
        """Wait until it is known how every door stands."""
        try:
            async with asyncio.timeout(KNOWN_S):
                while True:
                    doors = (await self._client.get("/doors"))["doors"]
                    if all(door["state"] != "unknown" for door in doors):
                        return
                    await asyncio.sleep(REACH_S)
        except TimeoutError as error:
            raise GatewayError(f"the doors are not known within {KNOWN_S:g} s") from error

    async def _enrol(self) -> None:
        """Tell the gateway whose cards they are, and the controller that they may pass."""
        persons = [{"known_as": number, **who} for member in STAFF for number, who in _known_as(member)]
        await self._client.post("/persons", {"persons": persons})
        yesterday = datetime.now(UTC).date() - timedelta(days=1)  # the controller may be in another time zone
        valid = {"begins": str(yesterday), "ends": str(yesterday + timedelta(days=30))}
        for member in STAFF:
            card = {"card": member.card, "doors": dict.fromkeys(PARTS, True), **valid}
            await self._client.post(f"/devices/{CONTROLLER}/commands/put_card", {"params": card, "reason": "demo"})

    async def _come_and_go(self) -> None:
        while True:
            device, door = self._random.choice(ENTRANCES)
            if device == TERMINAL:
                member = self._random.choice([each for each in STAFF if each.employee])
                await self._levers.pull(device, "swipe", pin=member.employee, door=door)
            else:
                await self._levers.pull(device, "swipe", card=self._random.choice(STAFF).card, door=door)
            await self._through(device, door, open_s=self._random.uniform(1.0, 2.0))
            await asyncio.sleep(PAUSE_S * self._random.uniform(0.5, 1.5))

    async def _trouble(self) -> None:
        """The server room is forced; meanwhile somebody holds the command room open. Both are closed again."""
        while True:
            await self._levers.pull(CONTROLLER, "force", door=SERVER_ROOM)
            await self._levers.pull(CONTROLLER, "swipe", card=OFFICER.card, door=COMMAND_ROOM)
            await self._through(CONTROLLER, COMMAND_ROOM, open_s=LONG_S)
            await self._levers.pull(CONTROLLER, "close", door=SERVER_ROOM)
            await asyncio.sleep(PAUSE_S)
            await self._levers.pull(CONTROLLER, "swipe", card=ENGINEER.card, door=SERVER_ROOM)
            await self._through(CONTROLLER, SERVER_ROOM, open_s=REACH_S)
            await asyncio.sleep(TROUBLE_S)

    async def _through(self, device: str, door: int, *, open_s: float) -> None:
        """Open a door, go through and close it; one that is locked stays shut."""
        await asyncio.sleep(REACH_S)
        if await self._levers.pull(device, "open", door=door):
            await asyncio.sleep(open_s)
            await self._levers.pull(device, "close", door=door)


def _known_as(member: Member) -> Iterator[tuple[str, dict[str, str]]]:
    if member.name is not None:
        who = {"name": member.name, "department": member.department}
        yield f"card:{member.card}", who
        if member.employee is not None:
            yield f"employee:{member.employee}", who


async def told(client: Client, doors: Sequence[DoorConfig]) -> str:
    """What happened at the doors, by the record."""
    names = {door.id: door.name for door in doors}
    passed = (await client.get("/events?type=access.granted&limit=1000"))["events"]
    found = [f"{len(passed)} passages"]
    for kind, word in (("door.forced", "forced"), ("door.held", "held open")):
        rows = (await client.get(f"/events?type={kind}&limit=1000"))["events"]
        where = dict.fromkeys(names[row["payload"]["door"]] for row in rows)
        found.append(f"{word}: {', '.join(where) or 'none'}")
    still = [door["name"] for door in (await client.get("/doors"))["doors"] if door["forced"] or door["held"] != "no"]
    return f"doors     {'; '.join(found)}; still so: {', '.join(still) or 'none'}"
