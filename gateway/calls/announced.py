"""What is announced beside the calls, and where it is shown. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from gateway.calls.emergency import Emergency, emergency_from, newest
from gateway.calls.notice import Notice, foremost, notice_from
from gateway.journal.rows import Desired

NOTICES, EMERGENCIES = "announced/notices", "announced/emergencies"
"""The rows that bring them back after a restart."""


class Announcement(msgspec.Struct, frozen=True):
    """What is announced on one screen: the emergency over everything, the notice while nothing else is shown."""

    emergency: Emergency | None = None
    notice: Notice | None = None

    def shows(self, announced: Emergency | Notice, *, busy: bool = False) -> bool:
        """Whether the screen shows this now; a `busy` one has something else in the place of a notice."""
        if isinstance(announced, Emergency):
            return self.emergency == announced
        return self.notice == announced and self.emergency is None and not busy


class Announced:
    """All notices by their ids, and all emergencies by their zones, in the order in which they came."""

    def __init__(self) -> None:
        self.notices: dict[str, Notice] = {}
        self.emergencies: dict[str, Emergency] = {}

    def at(self, zones: Collection[str] | None, now: datetime) -> Announcement:
        """What a screen of these zones shows; None is a screen of all zones."""
        return Announcement(
            self.emergency(zones),
            foremost(self.notices.values(), zones, now),
        )

    def emergency(self, zones: Collection[str] | None) -> Emergency | None:
        """The emergency that is shown in these zones; None is all of them."""
        return newest(self.emergencies.values(), zones)

    def kept_notices(self, notices: Collection[Notice]) -> Desired:
        """The row that keeps these notices."""
        return _row(NOTICES, "notice", {"notices": msgspec.to_builtins(list(notices))})

    def kept_emergencies(self) -> Desired:
        """The row that keeps the emergencies as they are."""
        return _row(EMERGENCIES, "emergency", {"emergencies": msgspec.to_builtins([*self.emergencies.values()])})

    def restore(self, row: Desired) -> None:
        """Take up where a row left off; other rows are passed over."""
        if row.device == NOTICES:
            self.notices = {each.notice_id: each for each in map(notice_from, row.params["notices"])}
        elif row.device == EMERGENCIES:
            self.emergencies = {each.zone: each for each in map(emergency_from, row.params["emergencies"])}


def _row(device: str, verb: str, params: dict[str, Any]) -> Desired:
    return Desired(
        device=device,
        part=None,
        verb=verb,
        params=params,
        rev=0,
        expires_at=None,
        actor="gateway",
        command_id=device,
    )
