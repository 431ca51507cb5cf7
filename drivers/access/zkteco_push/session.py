"""What a device and we agreed on when it registered, kept over restarts of either."""

import secrets
from collections.abc import Mapping

import msgspec

from drivers.access.zkteco_push import codec
from drivers.access.zkteco_push.config import DoorConfig, ZktecoPushConfig
from drivers.shared.text import printable
from gateway.core.model import Cursor

CURSOR = "session"
HANDSHAKE = frozenset({"registry", "push"})
"""Calls of a device that has no token yet, or an old one; and `cdata` by GET."""
VERSION = "3.1.2"


class Session(msgspec.Struct, frozen=True):
    """`code` and `id` make the token. `locks`: how many doors it has, None where it has not told."""

    code: str
    id: str
    registered: bool = False
    model: str = ""
    firmware: str = ""
    locks: int | None = None

    @classmethod
    def new(cls) -> "Session":
        """An agreement with a device that has not registered."""
        return cls(secrets.token_hex(8), _session_id())

    @classmethod
    def of(cls, value: str) -> "Session":
        """The session that a cursor keeps."""
        return msgspec.json.decode(value, type=cls)

    def cursor(self) -> Cursor:
        """The cursor that keeps it."""
        return Cursor(CURSOR, msgspec.json.encode(self).decode())

    def registered_by(self, told: Mapping[str, str]) -> "Session":
        """The session of a device that has just registered, telling this of itself."""
        model, firmware = (printable(told.get(name, ""), 64) for name in ("DeviceName", "FirmVer"))
        locks = codec.number(told.get("LockCount")) or None
        named = {"model": model, "firmware": firmware, "locks": locks}
        return msgspec.structs.replace(self, id=_session_id(), registered=True, **named)

    def doors(self, config: ZktecoPushConfig) -> list[DoorConfig]:
        """The doors that it has, as far as it has told."""
        return [door for door in config.doors if self.locks is None or door.number <= self.locks]

    def admits(self, call: str, cookie: str, config: ZktecoPushConfig) -> bool:
        """Whether a request may be what it says: its token is right, or it has none where none is needed."""
        shown = codec.shown(cookie)
        if call in HANDSHAKE:
            return True
        if shown is None:
            return not config.require_token
        return secrets.compare_digest(shown, codec.token(self.code, config.serial, self.id))

    def welcome(self, config: ZktecoPushConfig) -> bytes:
        """The answer to a controller that introduces itself; one that must register first is told no more than `OK`."""
        if not self.registered:
            return codec.OK
        head = {"registry": "ok", "RegistryCode": self.code, "ServerVersion": VERSION, "ServerName": "ADMS"}
        return codec.lines({**head, "PushProtVer": VERSION, **self._settings(config)})

    def configuration(self, config: ZktecoPushConfig) -> bytes:
        """The answer to a controller that fetches its settings. Of its tables only the log is asked for: no persons."""
        head = {"ServerVersion": VERSION, "ServerName": "ADMS", "PushVersion": VERSION}
        return codec.lines({**head, **self._settings(config)})

    def _settings(self, config: ZktecoPushConfig) -> dict[str, object]:
        return {
            "ErrorDelay": 30,
            "RequestDelay": max(1, round(config.poll_s)),
            "TransTimes": "00:00\t14:00",
            "TransInterval": 1,
            "TransTables": "Transaction",
            "Realtime": 1,
            "SessionID": self.id,
            "TimeoutSec": 10,
        }


def attendance(config: ZktecoPushConfig, *, stamp: str, zone_h: int) -> bytes:
    """The answer to an attendance terminal that introduces itself: from which stamp on it shall send."""
    head = f"GET OPTION FROM: {config.serial}\n".encode()
    return head + codec.lines(
        {
            "ATTLOGStamp": stamp,
            "OPERLOGStamp": 9999,
            "ATTPHOTOStamp": "None",
            "ErrorDelay": 30,
            "Delay": max(1, round(config.poll_s)),
            "TransTimes": "00:00;14:05",
            "TransInterval": 1,
            "TransFlag": "TransData AttLog",
            "TimeZone": zone_h,
            "Realtime": 1,
            "Encrypt": "None",
        }
    )


def _session_id() -> str:
    return secrets.token_hex(16).upper()
