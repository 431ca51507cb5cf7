"""`setclock.py FILE VERB …`: hall-gateway by a wall clock that can be set, as a person or NTP sets a machine's.

FILE has the seconds by which it is ahead of the system's; the loop's own clock goes on as ever, as it does on a real
machine. Whoever looks at the wall clock once a minute does so ten times a second, and a day is sealed as it ends.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from gateway import cli
from gateway.calls import expiry as calls
from gateway.clock import SystemClock
from gateway.keeping import service as keeping

FILE = Path(sys.argv[1])
right = SystemClock.now


def now(self: SystemClock) -> datetime:
    """The time that the clock was set to."""
    return right(self) + timedelta(seconds=float(FILE.read_text()))


if __name__ == "__main__":
    SystemClock.now = now  # type: ignore[method-assign]  # that is what this program is for
    calls.LONGEST_S = keeping.LONGEST_S = 0.1
    setattr(keeping, "GRACE_S", 0.0)  # noqa: B010 - imported there, not exported: mypy would refuse an assignment
    sys.exit(cli.main(sys.argv[2:]))
