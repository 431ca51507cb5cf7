"""The lines of the house: each tells the hub how it is."""

from collections.abc import Callable

from gateway.hub import Hub
from gateway.supervisor.context import House
from gateway.wire.line import Line


def shared_line(id_: str, address: str, *, turnaround_s: float, house: House) -> Line:
    """A line whose state is the view `lines/ID` of the hub. Its `run` belongs under guard()."""
    line = Line(id_, address, turnaround_s=turnaround_s, clock=house.clock, meters=house.meters)
    line.changed = _show(line, house.hub)
    line.changed()
    return line


def _show(line: Line, hub: Hub) -> Callable[[], None]:
    return lambda: hub.show(f"lines/{line.name}", line.view())
