"""All screens of the hall, or of a zone, as targets of commands: the emergency and the all-clear."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from gateway.calls.announced import Announced
from gateway.calls.arrival import WAIT_S, Arrival, Arrivals
from gateway.calls.emergency import HALL, VERBS, Emergency, Raise
from gateway.calls.model import visible
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected, NotSupported
from gateway.core.known import lacks
from gateway.core.model import Command, Result, Stage, Verb
from gateway.journal.rows import Desired
from gateway.supervisor.context import House
from gateway.target import Target

KEPT_S = 1.0  # the answer waits at most so long for the record of what the screens show already
PREFIX = "screens/"


class ScreenTargets(Mapping[str, Target]):
    """`screens/hall`, and `screens/ZONE` for each zone that has screens."""

    def __init__(
        self,
        announced: Announced,
        house: House,
        *,
        refresh: Callable[[], list[Desired]],
        zones: Callable[[], Collection[str]],
        arrivals: Arrivals,
    ) -> None:
        self._announced, self._house, self._refresh, self._zones = announced, house, refresh, zones
        self._arrivals = arrivals

    def __getitem__(self, target: str) -> "ScreenTarget":
        if target not in list(self):
            raise KeyError(target)
        return ScreenTarget(target.removeprefix(PREFIX), self)

    def __iter__(self) -> Iterator[str]:
        return (f"{PREFIX}{zone}" for zone in (HALL, *sorted(self._zones())))

    def __len__(self) -> int:
        return len(list(iter(self)))

    async def raise_(self, zone: str, command: Command) -> Arrival:
        """Show an emergency text over everything, at once; gives which screens show it some seconds later."""
        asked = convert(Raise, command.params)
        raised = Emergency(
            command_id=command.id,
            zone=zone,
            text=visible(asked.text),
            colour=asked.colour,
            at=self._house.clock.now(),
            actor=command.actor,
        )
        self._announced.emergencies.pop(zone, None)
        self._announced.emergencies[zone] = raised  # the last one now
        await self._show()
        left_s = command.deadline - self._house.clock.monotonic()
        return await self._arrivals.soon(raised, max(0.0, min(WAIT_S, left_s)))

    async def clear(self, zone: str) -> list[str]:
        """Show what was shown before; gives the zones whose emergency is over. That of the hall ends all.

        Raises CommandRejected where that of the whole hall goes on.
        """
        emergencies = self._announced.emergencies
        over = [each for each in emergencies if zone in (HALL, each)]
        if not over and HALL in emergencies:
            raise CommandRejected(f"the emergency is the whole hall's: {PREFIX}{HALL} gives the all-clear")
        for each in over:
            del emergencies[each]
        await self._show()
        return over

    async def _show(self) -> None:
        rows = [*self._refresh(), self._announced.kept_emergencies()]
        await asyncio.wait({self._house.journal.note(None, [], desired=rows)}, timeout=KEPT_S)

    def result(self, command: Command, status: Stage, detail: dict[str, Any]) -> Result:
        """How a command ended, now."""
        return Result(command_id=command.id, status=status, at=self._house.clock.now(), detail=detail)


class ScreenTarget:
    """All screens of the hall, or of one zone."""

    def __init__(self, place: str, screens: ScreenTargets) -> None:
        self.id, self._place, self._screens = f"{PREFIX}{place}", place, screens
        self.zone = None if place == HALL else place

    def verb(self, name: str, part: str | None) -> Verb:
        """See Target."""
        if part is not None:
            raise NotSupported(f"{self.id} has no parts")
        if name not in VERBS:
            raise NotSupported(lacks(self.id, "verb", name, VERBS))
        return VERBS[name]

    def filed(self, part: str | None) -> tuple[None, None]:
        """See Target."""
        return None, None

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """See Target."""
        asked = convert(self.verb(verb, part).params, params)
        if isinstance(asked, Raise):
            try:
                visible(asked.text)
            except ValueError as error:
                raise CommandRejected(f"text: {error}") from error

    async def execute(self, command: Command) -> Result:
        """See Target."""
        try:
            if command.verb == "emergency":
                arrival = await self._screens.raise_(self._place, command)
                return self._screens.result(command, Stage.ACKED, arrival._asdict())
            over = await self._screens.clear(self._place)
        except CommandRejected as error:
            return self._screens.result(command, Stage.REJECTED, {"reason": str(error)})
        return self._screens.result(command, Stage.ACKED, {"ended": over})
