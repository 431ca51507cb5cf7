"""Commands on their way to a device that fetches them: offered once, and done when the device says how it went."""

import asyncio
import secrets
from collections.abc import Callable

from drivers.access.zkteco_push.codec import Done
from gateway.core.errors import CommandRejected
from gateway.core.model import Command, Stage

AT_ONCE = 8
"""Commands in one answer."""
LATER = -5000
"""A controller has the command and will tell later how it went (section `Upload returned result of the command`)."""
SENTENCES = {
    -3: "no room for it",
    -11: "it has a wrong parameter",
    -12: "it could not be carried out",
    -13: "there is no such command",
    -28: "the door is open to all just now",
    -708: "this firmware does not know it",
}


class Orders:
    """The commands of one device. Each has a number that is never used again, so a late result settles nothing else."""

    def __init__(self, stage: Callable[[Command, Stage], None]) -> None:
        self._stage = stage
        self._texts: dict[str, str] = {}
        self._open: dict[str, tuple[Command, asyncio.Future[int]]] = {}

    async def carry_out(self, command: Command, text: str) -> int:
        """Have the device do it; gives what it returned. Raises CommandRejected; waits until cancelled."""
        id_ = str(secrets.randbelow(10**9) + 10**9)
        self._texts[id_] = text
        self._open[id_] = command, asyncio.get_running_loop().create_future()
        try:
            return await self._open[id_][1]
        finally:
            del self._open[id_]
            self._texts.pop(id_, None)

    def due(self) -> list[tuple[str, str]]:
        """What has not been fetched, the oldest first."""
        return list(self._texts.items())[:AT_ONCE]

    def fetched(self, due: list[tuple[str, str]]) -> None:
        """Note what the device has got. It is not offered again: a door must not open twice."""
        for id_, _ in due:
            del self._texts[id_]
            self._stage(self._open[id_][0], Stage.SENT)

    def settle(self, done: Done) -> None:
        """Take what the device says of a command; of one that nobody waits for any more nothing comes."""
        command, result = self._open.get(done.id, (None, None))
        if command is None or result is None or result.done() or done.id in self._texts:
            return
        if done.code == LATER:
            self._stage(command, Stage.ACKED)
        elif done.code >= 0:
            result.set_result(done.code)
        else:
            why = SENTENCES.get(done.code, "it says no more")
            result.set_exception(CommandRejected(f"the device refused it with {done.code}: {why}"))
