"""What `hall-gateway doors report` does, by a running gateway: what happened at its doors. Gives the exit code."""

import argparse
from collections.abc import Generator, Mapping
from typing import Any

from gateway.asking import ask
from gateway.journal.spreadsheet import BOM, line
from gateway.terminal import line as told
from gateway.terminal import say

COLUMNS = (
    *("door", "name", "granted", "denied", "buttons", "buttons_refused", "remote", "late", "persons", "opened"),
    *("in_time", "unsure", "held", "forced", "longest_s", "unknown_s", "gaps", "lost"),
)
TOTALS = {"door": "", "name": "total"}


def report(options: argparse.Namespace) -> int:
    """Print what happened at every door on a day, or in a month."""
    which = f"day={options.day}" if options.day else f"month={options.month}"
    found = ask(options, lambda client: client.get(f"/doors/report?{which}"))
    if options.csv and not options.json:
        told("\r\n".join(_table(found)))
        return 0
    return say(options, found, "\n".join(_text(found)))


def _table(found: Mapping[str, Any]) -> Generator[str]:
    """A line for each door and reason of refusal besides: what is unknown is an empty cell."""
    reasons = [_reason(each) for each in found["totals"]["denied_by"]]
    yield _cells([*COLUMNS, *(f"denied: {reason}" for reason in reasons)], BOM)
    for row in _rows(found):
        denied = {_reason(each): each["count"] for each in row["denied_by"]}
        yield _cells([*(row[name] for name in COLUMNS), *(denied.get(reason, 0) for reason in reasons)])


def _cells(cells: list[Any], before: bytes = b"") -> str:
    return (before + line(cells)).decode().removesuffix("\r\n")


def _text(found: Mapping[str, Any]) -> Generator[str]:
    yield f"{found['first']} to {found['last']}; the journal begins {found['recorded_from']}"
    for row in _rows(found):
        counts = "  ".join(f"{name} {'?' if row[name] is None else row[name]}" for name in COLUMNS[2:])
        yield f"{row['door'] or row['name']:16} {counts}"
        for each in row["denied_by"]:
            yield f"{'':16}   denied {each['count']}: {_reason(each)}"


def _rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*found["doors"], {**TOTALS, **found["totals"]}]


def _reason(denied: Mapping[str, Any]) -> str:
    return denied["reason"] or "not known any more"
