"""Which alarm is the cause of another: found along the hub's edges. Pure."""

from collections.abc import Iterator, Mapping, Set

Edges = Mapping[str, Set[str]]


def ancestors(edges: Edges, subject: str) -> Iterator[str]:
    """Everything a subject depends on, nearest first, each once; circles end."""
    seen, layer = {subject}, sorted(edges.get(subject, ()))
    while layer:
        below: list[str] = []
        for found in layer:
            if found not in seen:
                seen.add(found)
                yield found
                below += sorted(edges.get(found, ()))
        layer = below


def root_of(edges: Edges, subject: str, down: Mapping[str, str], *, itself: bool) -> str | None:
    """The alarm that is the cause of an alarm of `subject`; None where it stands for itself.

    `down` has the alarm of every subject that is out. The cause is the nearest one behind which nothing else is out:
    a root is never suppressed itself. `itself`: the outage of the subject counts as well.
    """
    if not down:
        return None
    behind = [found for found in ancestors(edges, subject) if found in down]
    if itself and subject in down:
        behind.insert(0, subject)
    for found in behind:
        if not any(further in down for further in ancestors(edges, found)):
            return down[found]
    return None
