"""What a card tells of itself, natively: its answers to PING and STATUS, and its clock. Pure.

    ping    type u16 | firmware 8 | parameters u8 | screen u16 | baud u8 | width u16 | height u16 | colour u8 |
            brightness u8 | on u8 | scan u16 | rows u8 | grey u8 | unit u16 | codec u8 | udp u8 | packet u8 | barcode u8
    status  on u8 | timed u8 | brightness mode u8 | brightness u8 | programs u16 | program 4 | locked u8 |
            program locked u8 | run mode u8 | clock works u8 | clock 8 | temperature 3 | temperature 3 | humidity u16 |
            noise u16 | button u8 | more
    clock   year u16, month, day, hour, minute, second, BCD | weekday u8, Monday is 1

A temperature is u8, 1 below zero, and u16; all FF is no sensor. Source: messages and struct ControllerStatus_G56 of the
vendor's client; the coding of what sensors say, and the first day of the week, are not confirmed.
"""

import struct
from datetime import datetime

import msgspec

PING = struct.Struct("<H8sBHBHHBBBHBBHBBBB")
STATUS = struct.Struct("<BBBBH4sBBBB8s3s3sHHB")
CLOCK = struct.Struct("<HBBBBBB")
NONE = 0xFFFF


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """What a card is. `firmware` is text as it came."""

    device_type: int
    firmware: bytes
    screen: int
    width: int
    height: int

    def data(self) -> bytes:
        """As it is answered."""
        fields = (self.device_type, self.firmware, 0, self.screen, 0, self.width, self.height)
        return PING.pack(*fields, *bytes(11))


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a card is: `brightness` 0 to 15; its clock, None where that does not work; what its sensors say, if any."""

    on: bool
    brightness: int
    clock: datetime | None = None
    temperatures: tuple[int | None, int | None] = (None, None)
    humidity: int | None = None
    noise: int | None = None

    def data(self) -> bytes:
        """As it is answered."""
        clock = bytes(8) if self.clock is None else clock_data(self.clock)
        sensors = (NONE if value is None else value for value in (self.humidity, self.noise))
        head = (self.on, 0, 0, self.brightness, 0, bytes(4), 0, 0, 0, self.clock is not None)
        return STATUS.pack(*head, clock, *map(_temperature_data, self.temperatures), *sensors, 0)


def read_ping(data: bytes) -> Ping:
    """Raises ValueError."""
    if len(data) < PING.size:
        raise ValueError("the answer to a ping is cut off")
    device_type, firmware, _, screen, _, width, height, *_ = PING.unpack_from(data)
    return Ping(device_type=device_type, firmware=firmware, screen=screen, width=width, height=height)


def read_status(data: bytes) -> Status:
    """Raises ValueError."""
    if len(data) < STATUS.size:
        raise ValueError("the status is cut off")
    on, _, _, brightness, _, _, _, _, _, works, clock, one, other, humidity, noise, _ = STATUS.unpack_from(data)
    return Status(
        on=bool(on & 1),
        brightness=brightness,
        clock=read_clock(clock) if works == 1 else None,
        temperatures=(_temperature(one), _temperature(other)),
        humidity=None if humidity == NONE else humidity,
        noise=None if noise == NONE else noise,
    )


def clock_data(now: datetime) -> bytes:
    """A time of day as a card has it."""
    fields = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    return CLOCK.pack(*(int(str(field), 16) for field in fields), now.isoweekday())


def read_clock(data: bytes) -> datetime | None:
    """The time of a card's clock; None where that is no time."""
    try:
        year, month, day, hour, minute, second, _ = (int(f"{field:x}") for field in CLOCK.unpack(data))
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a card has no zone
    except (ValueError, struct.error):
        return None


def _temperature(data: bytes) -> int | None:
    value = int.from_bytes(data[1:], "little")
    return None if data[0] > 1 or value == NONE else -value if data[0] else value


def _temperature_data(value: int | None) -> bytes:
    return b"\xff" * 3 if value is None else bytes([value < 0]) + abs(value).to_bytes(2, "little")
