"""What the web needs of the house."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from gateway.calls.service import Calls
from gateway.commands import Commands
from gateway.people.tokens import Tokens
from gateway.site.model import InForce, Site
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.web.exposition import Exposition


class Services(NamedTuple):
    """Everything that a handler may ask. `lives` has every device of the site."""

    in_force: InForce
    house: House
    lives: Mapping[str, Life]
    calls: Calls
    commands: Commands
    tokens: Tokens
    exposition: Exposition
    version: str
    started_at: datetime

    @property
    def site(self) -> Site:
        """The site file as it is now."""
        return self.in_force.site
