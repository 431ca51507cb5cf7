"""Whether a screen shows what was last sent to it, by what it says of itself. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.core.model import Quality
from gateway.hub import Held

CONTENT = ("show", "board")
"""The verbs whose desired state is what a screen shows."""
HOLDS = "holds_its_text"


def difference(
    told: Mapping[str, Any], points: Mapping[str, Held], since: datetime | None = None
) -> dict[str, Any] | None:
    """What a screen shows otherwise than it `told` when it was sent its content; None where nothing speaks against it.

    That is its point `text`, where it answered what it has `shown`; `last_rev`, where it answered with a `rev`; and
    `holds_its_text`, where it compares by itself. With `since`, what was read before says nothing.
    """
    read = {
        name: held.now.value
        for name, held in points.items()
        if held.now.quality is Quality.GOOD and (since is None or (held.now.at is not None and held.now.at >= since))
    }
    wanted, shown = told.get("shown"), read.get("text")
    if wanted is not None and shown is not None and shown != wanted:
        return {"wanted": wanted, "shown": shown}
    rev, last_rev = told.get("rev"), read.get("last_rev")
    if isinstance(rev, int) and isinstance(last_rev, int) and last_rev < rev:
        return {"wanted": rev, "shown": last_rev}
    return {HOLDS: False} if read.get(HOLDS) is False else None
