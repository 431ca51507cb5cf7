"""What a driver raises, named by what the caller must do.

GatewayError
├── DeviceError
│   ├── DeviceOffline     reconnect
│   ├── ProtocolError     reconnect: what came back is not the protocol
│   ├── AuthFailed        stop, tell a person, wait: devices lock accounts
│   ├── DeviceBusy        ask again later
│   ├── CommandRejected   tell the person who asked
│   └── NotSupported      tell the person who asked: this device cannot do it
├── JournalError          nothing was recorded: do not acknowledge
└── WrongInput            what a person asked or configured cannot be: only a person can mend it
    └── WrongFile         a file that a person wrote has mistakes, each at its place
"""

from collections.abc import Mapping, Sequence


class GatewayError(Exception):
    """The root of what this project raises on purpose. The text is one sentence for a person."""


class DeviceError(GatewayError):
    """A device did not do what was asked."""


class DeviceOffline(DeviceError):
    """The device does not answer, or hung up: reconnect."""


class ProtocolError(DeviceError):
    """What came back is not the protocol: reconnect."""


class AuthFailed(DeviceError):
    """The device refuses our credentials: do not try again until a person has looked."""


class DeviceBusy(DeviceError):
    """The device asks to be asked later."""


class CommandRejected(DeviceError):
    """The device, or its limits, refuse this command: the person who asked must be told."""


class NotSupported(DeviceError):
    """The device has no such verb, part or function."""


class WrongInput(GatewayError):
    """What a person asked for, or configured, cannot be: trying again does not help. Exit code 2."""


class WrongFile(WrongInput):
    """A file that a person wrote has mistakes; the text has one line for each. `plain` are the same for JSON."""

    def __init__(self, text: str, plain: Sequence[Mapping[str, str | int | None]]) -> None:
        super().__init__(text)
        self.plain = plain


class JournalError(GatewayError):
    """The journal could not record: the source must not be told that it did."""
