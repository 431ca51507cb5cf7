"""The fire inputs that are active, or were when their controllers were last heard of: who burns cannot always tell."""

from collections.abc import Iterable, Set

from gateway.core.access import FIRE
from gateway.hub import DeviceView
from gateway.journal.rows import Desired
from gateway.supervisor.context import House

DEVICE, VERB = "doors/", "fires"


class Inputs:
    """Kept over a restart in a row of its own, for a controller may burn none of whose doors is watched."""

    def __init__(self, house: House, kept: Iterable[Desired]) -> None:
        self._house = house
        rows = (row for row in kept if (row.device, row.verb) == (DEVICE, VERB))
        self._active = {device for row in rows for device in row.params["devices"] if device in house.hub.devices}

    def active(self) -> Set[str]:
        """The controllers whose inputs are active, as far as anybody knows."""
        told = {id_: active(view) for id_, view in self._house.hub.devices.items()}
        lost = {id_ for id_ in self._active if told.get(id_) is None}
        self._become(lost | {id_ for id_, burns in told.items() if burns})
        return self._active

    def over(self, devices: Set[str]) -> None:
        """Somebody says that it burns no longer at these; those that are active now go on."""
        self._become(self._active - devices)

    def _become(self, devices: set[str]) -> None:
        if devices == self._active:
            return
        self._active = devices
        row = Desired(
            device=DEVICE,
            part=None,
            verb=VERB,
            params={"devices": sorted(devices)},
            rev=0,
            expires_at=None,
            actor="doors",
            command_id=f"{DEVICE}{VERB}",
        )
        self._house.journal.note(None, [], desired=[row])


def has_input(view: DeviceView | None) -> bool:
    """Whether a device has a fire input that it tells of."""
    return view is not None and any(point.name == FIRE.name for point in view.surface.device.points)


def active(view: DeviceView | None) -> bool | None:
    """Whether the fire input of a device is active; None where nobody knows."""
    held = view.points.get(None, {}).get(FIRE.name) if view is not None else None
    return held.now.value if held is not None and isinstance(held.now.value, bool) else None
