"""What a controller is: who it is, its clock, where it pushes events to, its modes; and how all of it is forgotten."""

from datetime import date, datetime
from ipaddress import IPv4Address

from drivers.access.uhppote.codec.forms import BOOL, DATE, DATETIME, FLAGS4, IPV4, MAC
from drivers.access.uhppote.codec.packet import U8, U16, Field, Message, layout

NOWHERE = IPv4Address(0)


class Done(Message, frozen=True, kw_only=True):
    """An answer that only says whether it was done."""

    fields = layout(ok=Field(8, BOOL))
    ok: bool


class GetController(Message, frozen=True, kw_only=True):
    """Who is there? With the serial number 0 every controller answers."""

    function = 0x94


class Controller(Message, frozen=True, kw_only=True):
    """Who it is. `version` as on its label: 0x0892 is v8.92. `released` is the day of its firmware."""

    function = 0x94
    fields = layout(
        address=Field(8, IPV4),
        netmask=Field(12, IPV4),
        gateway=Field(16, IPV4),
        mac=Field(20, MAC),
        version=Field(26, U16),
        released=Field(28, DATE),
    )
    address: IPv4Address
    netmask: IPv4Address
    gateway: IPv4Address
    mac: str
    version: int
    released: date | None

    @property
    def firmware(self) -> str:
        """The version as people write it."""
        return f"v{self.version & 0xFF:x}.{self.version >> 8:02x}"


class SetAddress(Message, frozen=True, kw_only=True):
    """Give it another IP address. It does not answer."""

    function = 0x96
    magic_at = 20
    fields = layout(address=Field(8, IPV4), netmask=Field(12, IPV4), gateway=Field(16, IPV4))
    address: IPv4Address
    netmask: IPv4Address
    gateway: IPv4Address


class GetTime(Message, frozen=True, kw_only=True):
    """What time is it there?"""

    function = 0x32


class SetTime(Message, frozen=True, kw_only=True):
    """Set its clock: local wall time, no zone."""

    function = 0x30
    fields = layout(at=Field(8, DATETIME))
    at: datetime | None


class Time(GetTime, frozen=True, kw_only=True):
    """Its time; None where that is nonsense."""

    fields = layout(at=Field(8, DATETIME))
    at: datetime | None


class TimeSet(Time, frozen=True, kw_only=True):
    """The time that it was set to."""

    function = 0x30


class GetListener(Message, frozen=True, kw_only=True):
    """Where does it push events to?"""

    function = 0x92


class Listener(GetListener, frozen=True, kw_only=True):
    """Where it pushes events to, `NOWHERE`:0 for nowhere; the newest one again every `interval` s, 0 for never."""

    fields = layout(address=Field(8, IPV4), port=Field(12, U16), interval=Field(14, U8))
    address: IPv4Address
    port: int
    interval: int


class SetListener(Listener, frozen=True, kw_only=True):
    """Push events there."""

    function = 0x90


class ListenerSet(Done, frozen=True, kw_only=True):
    function = 0x90


class RecordSpecialEvents(Message, frozen=True, kw_only=True):
    """Whether doors that open and close, and buttons, are written to the log."""

    function = 0x8E
    fields = layout(on=Field(8, BOOL))
    on: bool


class SpecialEventsRecorded(Done, frozen=True, kw_only=True):
    function = 0x8E


class SetPcControl(Message, frozen=True, kw_only=True):
    """Have a computer decide who may pass, as long as it says something every 30 s."""

    function = 0xA0
    magic_at = 8
    fields = layout(on=Field(12, BOOL))
    on: bool


class PcControlSet(Done, frozen=True, kw_only=True):
    function = 0xA0


class SetKeypads(Message, frozen=True, kw_only=True):
    """Which of the four readers ask for a PIN."""

    function = 0xA4
    fields = layout(readers=Field(8, FLAGS4))
    readers: tuple[bool, ...]


class KeypadsSet(Done, frozen=True, kw_only=True):
    function = 0xA4


class RestoreDefaults(Message, frozen=True, kw_only=True):
    """Forget everything: cards, log, listener, modes."""

    function = 0xC8
    magic_at = 8


class DefaultsRestored(Done, frozen=True, kw_only=True):
    function = 0xC8
