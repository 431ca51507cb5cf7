"""Faults of the wire of a simulated box, each of them a lever. A new fault is one more field and one more lever."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, TypeVar

import msgspec

from gateway.core.twin import Lever

StructT = TypeVar("StructT", bound=msgspec.Struct)


class NoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lever that only needs pulling."""


class Mute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is answered while `on`."""

    on: bool = True


class Slow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every answer comes `seconds` later; 0 lifts it."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0


class Pieces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers come in pieces of `size` bytes, 1 ms apart; 0 lifts it."""

    size: Annotated[int, msgspec.Meta(ge=0)] = 0


class Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next answer ends `after` so many bytes, and the connection with it."""

    after: Annotated[int, msgspec.Meta(ge=0)]


def lever(params: type[StructT], pull: Callable[[StructT], None]) -> Lever:
    """A lever whose parameters must convert to the Struct `params`."""
    return lambda given: pull(msgspec.convert(dict(given), params))  # its ValidationError is a ValueError


class Faults:
    """What is wrong with the wire just now: the parameters of the lever that was pulled last, for each fault."""

    def __init__(self) -> None:
        self.mute = Mute(on=False)
        self.slow = Slow()
        self.pieces = Pieces()
        self.cut: Cut | None = None
        self.reset: NoParams | None = None

    def levers(self) -> Mapping[str, Lever]:
        """The faults by name: each lever keeps its parameters in the field of its name."""
        params = {"mute": Mute, "slow": Slow, "pieces": Pieces, "cut": Cut, "reset": NoParams}
        return {name: lever(model, partial(setattr, self, name)) for name, model in params.items()}
