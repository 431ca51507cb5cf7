"""What every benchmark prints: a figure, its budget, and the limit program of the same run as a ratio."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


broken: list[str] = []
"""The figures that missed their budget."""


def say(
    name: str,
    value: float,
    unit: str,
    *,
    budget: float | None = None,
    least: float | None = None,
    limit: float | None = None,
) -> None:
    """One line: the figure, whether it is inside its budget, and how many times the limit program's it is.

    A figure may be `budget` at most, or must be `least` at least.
    """
    kept = (budget is None or value <= budget) and (least is None or value >= least)
    bound = next((f"  {word} {it:g} " for word, it in (("budget", budget), ("at least", least)) if it is not None), "")
    judged = bound and bound + ("kept" if kept else "BROKEN")
    if not kept:
        broken.append(name)
    ratio = "" if not limit else f"  limit program {limit:.3f}, ratio {value / limit:.1f}"
    print(f"  {name:46} {value:9.3f} {unit:4}{judged}{ratio}", flush=True)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def middle(samples: Sequence[float]) -> float:
    """The median."""
    return statistics.median(samples)


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used, in user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
