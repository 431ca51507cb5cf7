"""The contract of a simulated box: what `simulate`, the demo and the tests may do to it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from gateway.core.config import DeviceConfig
from gateway.core.model import Picture
from gateway.core.parameters import taken

ConfigT = TypeVar("ConfigT", bound=DeviceConfig)


class Lever:
    """Makes something happen to the box: `help` says what, in one sentence; `params` is a msgspec Struct."""

    def __init__(self, params: type[msgspec.Struct], pull: Callable[[Any], None], text: str) -> None:
        self.params, self.help, self._pull = params, text, pull

    def __call__(self, given: Mapping[str, Any]) -> None:
        """Pull it. Raises ValueError with one sentence when the parameters are wrong."""
        self._pull(self.check(given))

    def check(self, given: Mapping[str, Any]) -> Any:
        """The parameters as `params`; nothing happens. Raises ValueError with one sentence when they are wrong."""
        return taken(self.params, given)

    def schema(self) -> dict[str, Any]:
        """Its parameters as a JSON Schema."""
        (_,), found = msgspec.json.schema_components((self.params,), ref_template="#/$defs/{name}")
        own: dict[str, Any] = found.pop(self.params.__name__)
        return {**own, "$defs": found} if found else own


class Twin(ABC, Generic[ConfigT]):
    """A box that stands in for the hardware of one device of the site file."""

    config_type: ClassVar[type[DeviceConfig]]
    passive: ClassVar[bool] = False
    """Whether the box is the client: then it is served the address of the field listener, and calls there."""

    def __init__(self, config: ConfigT) -> None:
        self.config = config
        self.key = ""
        """What a passive box shows at the field listener's door; empty where nobody asks for one."""

    @abstractmethod
    def serve(self, host: str, port: int) -> AbstractAsyncContextManager[int]:
        """Serve the box's wire until left; gives the port, chosen by the system when `port` is 0."""

    @abstractmethod
    def levers(self) -> Mapping[str, Lever]:
        """What can be done to the box from outside, faults of its wire included."""

    @abstractmethod
    def seen(self) -> Mapping[str, Any]:
        """What a person standing before the box would notice, as JSON."""

    def picture(self) -> Picture | None:
        """What a person would see, as a picture; None for a box without a surface."""
        return None
