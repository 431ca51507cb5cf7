"""Faults of the wire of a simulated box, each of them a lever. A new fault is one more Struct and one more field."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Annotated, TypeVar

import msgspec

from gateway.core.twin import Lever

StructT = TypeVar("StructT", bound=msgspec.Struct)
Misaddress = Callable[[bytes], bytes]
"""Makes of an answer the same answer of another unit, or with another transaction id: valid, and not the one."""

Times = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class NoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lever that only needs pulling."""


class Mute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is answered while `on`."""

    on: bool = True


class Loss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of 100 answers are lost, the same ones for the same `seed`, over UDP questions as well; 0 lifts it."""

    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    seed: Seed = 0


class Slow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every answer comes `seconds` later; 0 lifts it."""

    seconds: Seconds = 0.0


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` answers come `seconds` later: take more than the driver's time-out."""

    seconds: Seconds
    count: Times = 1


class Baud(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers come as slowly as on a serial line of `rate` baud, `bits` for each byte; 0 lifts it."""

    rate: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0
    bits: Annotated[int, msgspec.Meta(ge=7, le=13)] = 10  # start, 8 data, stop


class Pieces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers come in pieces of `size` bytes, 1 ms apart; 0 lifts it."""

    size: Annotated[int, msgspec.Meta(ge=0)] = 0


class Coalesce(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers made within `seconds` of one another come together, in one segment; 0 lifts it."""

    seconds: Seconds = 0.05


class Reorder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` answers are held back for `seconds`, and those behind them go first."""

    seconds: Seconds = 0.05
    count: Times = 1


class Duplicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` answers come twice."""

    count: Times = 1


class Corrupt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In each of the next `count` answers `bits` bits are flipped, the same ones for the same `seed`."""

    bits: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    count: Times = 1
    seed: Seed = 0


class Garbage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Before each of the next `count` answers come `size` random bytes, the same ones for the same `seed`."""

    size: Annotated[int, msgspec.Meta(ge=1, le=65_536)] = 16
    count: Times = 1
    seed: Seed = 0


class WrongId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` answers are those of another unit, or to another question."""

    count: Times = 1


class Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next answer ends `after` so many bytes, and the connection with it."""

    after: Annotated[int, msgspec.Meta(ge=0)]
    count: Times = 1


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next bytes on any TCP connection are answered with a reset, once."""

    count: Times = 1


class Now(msgspec.Struct):
    """The parameters of the lever that was pulled last, for each fault; all lifted at first."""

    mute: Mute = Mute(on=False)
    loss: Loss = Loss()
    slow: Slow = Slow()
    late: Late = Late(seconds=0)
    baud: Baud = Baud()
    pieces: Pieces = Pieces()
    coalesce: Coalesce = Coalesce(seconds=0)
    reorder: Reorder = Reorder()
    duplicate: Duplicate = Duplicate()
    corrupt: Corrupt = Corrupt()
    garbage: Garbage = Garbage()
    wrong_id: WrongId = WrongId()
    cut: Cut = Cut(after=0)
    reset: Reset = Reset()


TCP = frozenset(field.name for field in msgspec.structs.fields(Now))
SERIAL = TCP - {"reset"}
UDP = SERIAL - {"baud", "pieces", "coalesce"}
"""What can go wrong on a wire of each kind."""


def lever(params: type[StructT], pull: Callable[[StructT], None]) -> Lever:
    """A lever whose parameters must convert to the Struct `params`.

    Its help is the first sentence of that Struct, or of `pull` where there are no parameters.
    """
    told = pull if params is NoParams else params
    return Lever(params, pull, (told.__doc__ or "").strip().partition("\n")[0])


class Faults:
    """What is wrong with the wire just now.

    `wire` says which faults there are, `misaddress` what a wrong id is, where the box has one. `baud` is the speed
    of a wire that has one by nature: healing does not lift it.
    """

    def __init__(
        self, wire: frozenset[str] = TCP, *, misaddress: Misaddress | None = None, baud: Baud | None = None
    ) -> None:
        self._wire = wire if misaddress else wire - {"wrong_id"}
        self.datagrams = "pieces" not in wire
        """Whether an answer comes whole or not at all."""
        self._nature = baud or Baud()
        self.misaddress = misaddress
        self.dice: dict[str, Random] = {}
        self.heal(NoParams())

    def levers(self) -> Mapping[str, Lever]:
        """The faults of this wire by name, and `heal`."""
        faults = {
            field.name: lever(field.type, partial(self._pull, field.name))
            for field in msgspec.structs.fields(Now)
            if field.name in self._wire
        }
        return {**faults, "heal": lever(NoParams, self.heal)}

    def strikes(self, name: str) -> bool:
        """Whether the next of a counted fault is due; it is counted."""
        left = self._left[name]
        self._left[name] = max(0, left - 1)
        return left > 0

    def loses(self) -> bool:
        """Whether the next answer, or datagram, is lost."""
        percent = self.now.loss.percent
        return percent > 0 and self.dice["loss"].random() * 100 < percent

    def heal(self, _: NoParams) -> None:
        """Every fault of the wire is lifted; what was answered before stays as it is."""
        self.now = Now(baud=self._nature)
        self._left = Counter[str]()

    def _pull(self, name: str, given: msgspec.Struct) -> None:
        setattr(self.now, name, given)
        self._left[name] = getattr(given, "count", 0)
        self.dice[name] = Random(getattr(given, "seed", 0))  # noqa: S311 - repeatable, no secret
