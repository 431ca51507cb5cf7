"""The one counter where commands are handed in: authorise, audit, route, keep the result."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from gateway.confirmation import CONFIRM_S, Codes
from gateway.core.errors import CommandRejected, GatewayError
from gateway.core.known import unknown
from gateway.core.model import Command, Result, Stage, Verb
from gateway.hub import Status
from gateway.once import Once
from gateway.people.rights import Principal
from gateway.permission import permit, permit_parts
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.target import Target
from gateway.trail import Trail, without_persons

KEPT = 1000  # results that can be asked for afterwards; the journal has them all
NOTED_S = 1.0  # the answer waits at most so long for the record of the end


def ended(status: Stage, *, confirms: bool) -> bool:
    """Whether a command ends here: where the device confirms, an acknowledgement is not yet the end."""
    return status not in (Stage.QUEUED, Stage.SENT) and not (status is Stage.ACKED and confirms)


class UnknownTarget(GatewayError):
    """There is no such device, or no such command."""


class CommandConflict(GatewayError):
    """The command_id was used before, for another command."""


class ConfirmFirst(GatewayError):
    """A dangerous verb: hand it in again with this code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{why}: send it again within {CONFIRM_S:g} s with this confirm code")
        self.code = code


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks of a device, or of another target."""

    command_id: str
    device: str
    verb: str
    part: str | None = None
    params: Mapping[str, Any] = {}
    deadline_s: float = 10.0
    reason: str | None = None
    confirm: str | None = None


class Kept:
    """A command that is being carried out, or was lately. `newest` is how far it has come, None before anything.

    `verb` and `zone` are those of its target when it was asked: that may be gone by now.
    """

    def __init__(self, request: Request, verb: Verb, zone: str | None) -> None:
        self.request, self.verb, self.zone = request, verb, zone
        self.newest: Result | None = None


Guard = Callable[[str, str | None, Verb, Mapping[str, Any]], str | None]


class Commands:
    """Takes commands for devices, and for the `targets` of services.

    `guard` tells why something is not to be asked of a device, or of its part; None where it may be.
    """

    def __init__(
        self, lives: Mapping[str, Life], house: House, *targets: Mapping[str, Target], guard: Guard | None = None
    ) -> None:
        self._lives, self._house, self._targets, self._guard = lives, house, targets, guard
        self._once: Once[Kept, Result] = Once(KEPT)
        self._codes: Codes[tuple[Request, Principal]] = Codes(house.clock)

    async def submit(self, request: Request, who: Principal) -> Result:
        """Have a command carried out; returns when it has ended, or when its desired state is kept.

        The same command_id again gives the first result, as long as it is kept; after that it is refused, for nobody
        knows any more whether it was meant twice. The audit is recorded before the effect; where the journal does not
        take that of an urgent verb, the result says `recorded` false. Raises UnknownTarget (also for a device in no
        zone of who asks), NotSupported, Forbidden, CommandRejected, CommandConflict, ConfirmFirst, JournalError
        (without effect).
        """
        target = self._target(request, who)
        bare = msgspec.structs.replace(request, confirm=None)
        kept = self._once.asked(request.command_id)
        if kept is not None and kept.request != bare:
            raise CommandConflict(f"command_id {request.command_id!r} was used before, for another command")
        if kept is None:
            self._admit(target, bare, who, request.confirm)
            kept = Kept(bare, target.verb(request.verb, request.part), target.zone)
        given_up = CommandRejected("the command was given up by its sender: ask the journal how it ended")
        return await self._once.do(request.command_id, kept, partial(self._first_time, kept, who), given_up)

    def _admit(self, target: Target, request: Request, who: Principal, code: str | None) -> None:
        """Refuse what cannot, may not or must not yet be done."""
        verb = target.verb(request.verb, request.part)
        permit(target.id, verb, who, request.reason)
        if isinstance(target, Life):
            permit_parts(target.id, request.part, verb, who, self._house.hub.places)
        target.check(request.verb, request.part, request.params)
        if isinstance(target, Life) and (owner := target.wishes.owner(request.part, request.verb)):
            raise CommandRejected(f"{target.id}: what {request.verb!r} does there is decided by the calls of {owner}")
        if self._guard and (why := self._guard(request.device, request.part, verb, request.params)):
            raise CommandRejected(f"{target.id}: {why}")
        if verb.dangerous and (given := self._codes.take(code)) != (request, who):
            why = _why_not(given, request) if code is not None else "this verb is dangerous"
            raise ConfirmFirst(self._codes.give((request, who)), why)

    def result(self, command_id: str, who: Principal | None = None) -> Result | None:
        """How far a command has come: None while it runs. Raises UnknownTarget when it is not known (any more).

        With `who`, a command for a device that they do not see is not known, and who may not ask its verb is told
        nobody's card.
        """
        kept = self._once.asked(command_id)
        target = self._found(kept.request.device) if kept else None
        if kept is None or (who is not None and not who.sees(target.zone if target else kept.zone)):
            raise UnknownTarget(f"there is no command {command_id!r}; the journal keeps those of the past")
        if who is None or kept.newest is None or not kept.verb.personal or who.may_ask(kept.request.device, kept.verb):
            return kept.newest
        detail = without_persons(kept.verb, self._house.pseudonyms.of, kept.newest.detail)
        return msgspec.structs.replace(kept.newest, detail={**detail})

    async def _first_time(self, kept: Kept, who: Principal) -> Result:
        """What a command_id of an earlier run named may have been done already: it is refused."""
        request = kept.request
        target = self._target(request, who)
        verb = target.verb(request.verb, request.part)
        hide = partial(without_persons, verb, self._house.pseudonyms.of)
        trail = Trail(self._house.journal, *target.filed(request.part), request.command_id, hide)
        if await (trail.used_in_time() if verb.urgent else trail.used()):
            raise CommandConflict(f"command_id {request.command_id!r} was used before; the journal tells how it ended")
        kept.newest = await self._carry_out(self._target(request, who), kept, who, trail)
        return kept.newest

    async def _carry_out(self, target: Target, kept: Kept, who: Principal, trail: Trail) -> Result:
        request = kept.request
        verb = target.verb(request.verb, request.part)
        if isinstance(target, Life) and verb.desired:
            return await self._keep(target, kept, who, trail, confirms=verb.confirms)
        asked = _asked(request, who)
        await (trail.requested_in_time(asked) if verb.urgent else trail.requested(asked))
        result = await target.execute(self._command(request, who))
        if not trail.recorded:
            result = msgspec.structs.replace(result, detail={**result.detail, "recorded": False})
        await asyncio.wait({trail.ended(result)}, timeout=NOTED_S)
        return result

    def _command(self, request: Request, who: Principal) -> Command:
        return Command(
            id=request.command_id,
            verb=request.verb,
            part=request.part,
            params=request.params,
            deadline=self._house.clock.monotonic() + request.deadline_s,
            actor=who.name,
            reason=request.reason,
        )

    async def _keep(self, life: Life, kept: Kept, who: Principal, trail: Trail, *, confirms: bool) -> Result:
        """Keep desired state. While the device is online its answer is waited for; else it stays queued."""
        request = kept.request
        wish = life.wishes.plan(
            part=request.part,
            verb=request.verb,
            params=dict(request.params),
            expires_at=None,
            actor=who.name,
            command_id=request.command_id,
        )
        await trail.requested(_asked(request, who), desired=[wish])
        newest: list[Result] = []
        over = asyncio.Event()

        def report(result: Result) -> None:
            newest[:] = [result]
            kept.newest = result
            if ended(result.status, confirms=confirms) and not over.is_set():
                over.set()
                trail.ended(result)

        life.wishes.want(wish, report)
        if self._online(life.id):
            with suppress(TimeoutError):
                async with asyncio.timeout(request.deadline_s):
                    await over.wait()
        return newest[0]

    def _online(self, device: str) -> bool:
        """Whether a device answers: the one of now, which may have begun anew while something was recorded."""
        life = self._lives.get(device)
        return life is not None and life.view.status is Status.ONLINE

    def _found(self, target: str) -> Target | None:
        every = (self._lives, *self._targets)
        return next((found for each in every if (found := each.get(target)) is not None), None)

    def _target(self, request: Request, who: Principal) -> Target:
        target = self._found(request.device)
        if target is None or not who.sees(target.zone):
            raise UnknownTarget(self._no_target(request, who))
        return target

    def _no_target(self, request: Request, who: Principal) -> str:
        """Names those of the same sort that who asks may know of: an outlet, those that it may ask the same."""
        sort, slash, name = request.device.rpartition("/")
        names = [each for every in (self._lives, *self._targets) for each in every if each.rpartition("/")[0] == sort]
        if who.allows is not None:
            names = [each for each in names if who.allows(each, request.verb)]
        seen = [each for each in names if (found := self._found(each)) is not None and who.sees(found.zone)]
        what = f"target of {sort:.100}" if slash else "device"
        return unknown(name, [each.removeprefix(f"{sort}/") for each in seen], what)


def _why_not(given: tuple[Request, Principal] | None, request: Request) -> str:
    """Why the code that came is not accepted, by what it was given for; never what that was."""
    if given is None:
        return f"the confirm code that came is unknown, used before or older than {CONFIRM_S:g} s"
    names = request.__struct_fields__
    if others := [name for name in names if getattr(given[0], name) != getattr(request, name)]:
        return f"the confirm code that came was given for another {' and another '.join(others)}"
    return "the confirm code that came was given to somebody else"


def _asked(request: Request, who: Principal) -> Mapping[str, Any]:
    """What the audit has of a request."""
    return {**msgspec.to_builtins(request), "actor": who.name}
