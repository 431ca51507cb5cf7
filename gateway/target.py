"""What a command can be asked of."""

from collections.abc import Mapping
from typing import Any, Protocol

from gateway.core.model import Command, Result, Verb


class Target(Protocol):
    """What takes commands: a device, or what a service makes one target of, such as all screens of a zone."""

    @property
    def id(self) -> str: ...

    @property
    def zone(self) -> str | None:
        """Who sees this zone may know of it; None is for those of the whole hall."""
        ...

    def verb(self, name: str, part: str | None) -> Verb:
        """The declaration of a verb. Raises NotSupported, naming what there is."""
        ...

    def filed(self, part: str | None) -> tuple[str | None, str | None]:
        """The device and the part whose records tell what was asked of it; none where it is not one of a device."""
        ...

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """Say whether a command can succeed. Raises CommandRejected, NotSupported."""
        ...

    async def execute(self, command: Command) -> Result:
        """Carry a command out; what goes wrong is told by the result."""
        ...
