"""What the web needs of the house."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar

from gateway.alarms.service import Alarms
from gateway.calls.service import Calls
from gateway.calls.window import Window
from gateway.commands import Commands
from gateway.core.model import Retention
from gateway.core.rights import Right
from gateway.doors.service import Doors
from gateway.journal.scope import EVERYTHING, Scope
from gateway.people.persons import Persons
from gateway.people.rights import Principal
from gateway.people.service import People
from gateway.people.tokens import Tokens
from gateway.site.model import InForce, Site
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.web.exposition import Exposition

ToldT = TypeVar("ToldT")
CLASSES = {Retention.AUDIT: Right.AUDIT, Retention.ACCESS: Right.PERSONS}
"""Rows that tell of people, and the right that they want."""


class Services(NamedTuple):
    """Everything that a handler may ask.

    `lives` has every device of the site, or, where there is a `who`, those that they see. So have `windows`, `scope`.
    """

    in_force: InForce
    house: House
    lives: Mapping[str, Life]
    calls: Calls
    doors: Doors
    commands: Commands
    people: People
    persons: Persons
    alarms: Alarms
    exposition: Exposition
    version: str
    started_at: datetime
    who: Principal | None = None

    @property
    def site(self) -> Site:
        """The site file as it is now."""
        return self.in_force.site

    @property
    def tokens(self) -> Tokens:
        """The tokens of machines, people and screens."""
        return self.people.tokens

    @property
    def windows(self) -> Mapping[str, Window]:
        """The windows, in the order of the site file."""
        return {id_: window for id_, window in self.calls.windows.items() if self.sees(window.config.zone)}

    @property
    def scope(self) -> Scope:
        """The rows of the journal that may be shown."""
        if self.who is None:
            return EVERYTHING
        without = frozenset(kind for kind, right in CLASSES.items() if not self.who.may(right))
        quiet = self.who.may(Right.ALARM) or self.who.may(Right.AUDIT)
        if self.who.zones is None:
            return Scope(without=without, quiet=quiet)
        places = self.house.hub.places
        parts = frozenset(place for place, zone in places.items() if self.sees(zone))
        foreign = frozenset(places.keys() - parts)
        return Scope(frozenset(self.lives), frozenset(self.windows), without, parts, foreign, quiet)

    def within(self, who: Principal) -> "Services":
        """The services as this principal sees them: what is in no zone of theirs does not exist."""
        if who.zones is None:
            return self._replace(who=who)
        seen = {id_: life for id_, life in self.lives.items() if who.sees(life.view.zone)}
        return self._replace(lives=seen, who=who)

    def of_screens(self, told: Mapping[str, ToldT]) -> dict[str, ToldT]:
        """What is told screen by screen, of the screens that exist for who asks: one may hang in another zone."""
        return {id_: each for id_, each in told.items() if self.sees(None) or id_.partition("/")[0] in self.lives}

    def sees(self, zone: str | None) -> bool:
        """Whether what stands in this zone exists for who asks; None is no zone."""
        return self.who is None or self.who.sees(zone)
