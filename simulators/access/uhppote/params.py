"""The parameters of the levers of a simulated controller."""

from typing import Annotated

import msgspec

DoorNumber = Annotated[int, msgspec.Meta(ge=1, le=4)]
Card = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]


class Swipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody shows a `card` at a `door`, `out` at its other reader; `through`: goes through it and closes it."""

    card: Card
    door: DoorNumber = 1
    out: bool = False
    pin: int | None = None
    through: bool = False


class TypeCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody types a supervisor's `code` at a `door`."""

    code: int
    door: DoorNumber = 1


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody opens a `door`; while it is locked that is refused."""

    door: DoorNumber = 1


class Force(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody breaks a `door` open."""

    door: DoorNumber = 1


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody opens a `door` that is not locked and holds it; the controller says so `after_s` later."""

    door: DoorNumber = 1
    after_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 25.0


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody closes a `door`."""

    door: DoorNumber = 1


class Button(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody inside presses the button of a `door`."""

    door: DoorNumber = 1


class Fire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fire input is active while `on`: all doors are released."""

    on: bool = True


class ForceLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The input is active while `on` that keeps all doors locked."""

    on: bool = True


class Fill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many cards are refused at a `door`, at once: `count` events, none of which is pushed."""

    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    door: DoorNumber = 1


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The log holds `events` from now on, and makes room by `block` of them."""

    events: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    block: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class RefuseNext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` orders are refused, but for those about the listener and special events."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1


class NoDoorEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It logs neither doors nor buttons while `on`, and refuses to."""

    on: bool = True


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It reports this `number` as a fault of itself; 0 for none."""

    number: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1


class PushLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of 100 pushed events are lost, the same ones for the same `seed`; 0 lifts it."""

    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 100.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class Firmware(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its firmware is `v6_62` while true: what it pushes begins with 19 instead of 17."""

    v6_62: bool = True


class Neighbour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another controller answers at the same address, as behind a broadcast: one with this `serial` number."""

    serial: Annotated[int, msgspec.Meta(ge=1, lt=0xFFFFFFFF)]


class Reboot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The controller restarts, and answers nobody for `down_s` seconds. Its log and its settings stay."""

    down_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.0
