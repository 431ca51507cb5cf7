"""Puts on the screens of a window what they shall show, as desired state of their devices."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from gateway.calls.deliveries import Deliveries
from gateway.calls.model import Call, CallRefused
from gateway.calls.window import Window
from gateway.commands import ended
from gateway.core.errors import CommandRejected, NotSupported
from gateway.core.model import Result, Stage
from gateway.core.screen import Show
from gateway.hub import Hub
from gateway.journal.rows import Desired
from gateway.supervisor.life import Life

VERB = "show"


class Screens:
    """The screens of all windows."""

    def __init__(self, lives: Mapping[str, Life], hub: Hub, deliveries: Deliveries) -> None:
        self._lives, self._hub, self._deliveries = lives, hub, deliveries
        self._current: dict[str, Call | None] = {}

    def own(self, window: Window) -> None:
        """From now on only its calls decide what the screens of a window show."""
        for screen in window.config.screens:
            life, part = self._place(screen)
            life.wishes.slot(part, VERB).owner = f"window {window.config.id}"

    def let_go(self, screen: str) -> list[Desired]:
        """Blank a screen that no window has any more, and leave it to whoever wants it; gives the row that keeps it."""
        device, _, part = screen.partition("/")
        if device not in self._lives:
            return []
        wishes = self._lives[device].wishes
        wishes.slot(part or None, VERB).owner = None
        self._current.pop(screen, None)
        blank = wishes.plan(
            part=part or None,
            verb=VERB,
            params=msgspec.to_builtins(Show("")),
            expires_at=None,
            actor="gateway",
            command_id=f"released/{screen}",
        )
        wishes.want(blank)
        return [blank]

    def check(self, window: Window, call: Call) -> None:
        """Raises CallRefused when a screen of the window could never show the call."""
        params = msgspec.to_builtins(window.content(call))
        gone: list[NotSupported] = []
        for screen in window.config.screens:
            life, part = self._place(screen)
            try:
                life.check(VERB, part, params)
            except CommandRejected as error:
                raise CallRefused(str(error)) from error
            except NotSupported as error:
                gone.append(error)
        if gone and len(gone) == len(window.config.screens):  # one part that is gone must not silence the others
            raise CallRefused(str(gone[0])) from gone[0]

    def show(self, window: Window) -> list[Desired]:
        """Show what is current at the window; gives the rows that keep it."""
        call = window.current()
        if call is not None:
            self._deliveries.begin(call, window.config.screens)
        rows = [self._show_on(window, screen, call) for screen in window.config.screens]
        self._hub.show(f"windows/{window.config.id}", window.view())
        return [*rows, *window.kept()]

    def _show_on(self, window: Window, screen: str, call: Call | None) -> Desired:
        (life, part), shown = self._place(screen), window.shown()
        before, self._current[screen] = self._current.get(screen), call
        hidden = window.announced.emergency is not None
        if hidden and before is not None and before is not call:
            self._deliveries.superseded(before, screen)
        params, name = msgspec.to_builtins(shown.content), f"windows/{window.config.id}/{shown.name}/{screen}"
        wanted = life.wishes.slot(part, VERB).wanted
        if hidden and wanted is not None and (wanted.command_id, wanted.params) == (name, params):
            return wanted  # a call behind it moves nothing: the text must not begin to scroll anew
        wish = life.wishes.plan(
            part=part, verb=VERB, params=params, expires_at=shown.until, actor=shown.actor, command_id=name
        )
        life.wishes.want(wish, self._teller(window, screen, None if hidden else call))
        return wish

    def _teller(self, window: Window, screen: str, call: Call | None) -> Callable[[Result], None]:
        confirms = self._confirms(screen)

        def told(result: Result) -> None:
            window.screens[screen] = result.status
            self._hub.show(f"windows/{window.config.id}", window.view())
            again = result.status is Stage.SUPERSEDED and self._current.get(screen) is call
            if call is not None and not again:  # what is current is shown again, and told then
                self._deliveries.told(call, screen, result, ended=ended(result.status, confirms=confirms))

        return told

    def _confirms(self, screen: str) -> bool:
        life, part = self._place(screen)
        try:
            return life.verb(VERB, part).confirms
        except NotSupported:  # the part is gone: the device's keeper says so
            return False

    def _place(self, screen: str) -> tuple[Life, str | None]:
        device, _, part = screen.partition("/")
        return self._lives[device], part or None


def by_calls(row: Desired) -> bool:
    """Whether it was a call, or the want of one, that put this on a screen."""
    return row.command_id.startswith("windows/") and not row.device.startswith("windows/")


def place(row: Desired) -> str:
    """The screen of a row, as the site file names it."""
    return f"{row.device}/{row.part}" if row.part else row.device


def screens_alarmed(windows: Iterable[Window]) -> set[str]:
    """The devices of the screens on which an emergency is shown."""
    alarmed = screens_of(window for window in windows if window.announced.emergency)
    return {screen.partition("/")[0] for screen in alarmed}


def screens_of(windows: Iterable[Window]) -> set[str]:
    """The screens of these windows, as the site file names them."""
    return {screen for window in windows for screen in window.config.screens}
