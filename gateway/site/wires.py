"""What hangs on which wire: looked up in the whole file, since two entries must be held against each other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.core.address import line_id, place
from gateway.core.config import DeviceConfig
from gateway.core.known import unknown
from gateway.site.positions import Loc, is_mapping
from gateway.site.references import Complaint, names, texts

SECTIONS = ("lines", "devices")


def addresses(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of a port or socket that two entries want, and of a line that does not exist."""
    first: dict[str, Loc] = {}
    known = names(data, "lines")
    for section in SECTIONS:
        for index, address in enumerate(texts(data, section, "address")):
            line = line_id(address or "") if section == "devices" else None
            if line is not None:
                if line not in known:
                    yield Complaint((section, index, "address"), unknown(line, known, "line"))
            elif address and (loc := first.setdefault(_place(address), (section, index))) != (section, index):
                yield Complaint((section, index, "address"), f"{address!r} is already used by", loc)


def wires(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The addresses of the lines by id, as far as they are there."""
    pairs = zip(texts(data, "lines", "id"), texts(data, "lines", "address"), strict=True)
    return {name: address for name, address in pairs if name is not None and address is not None}


def units(devices: Sequence[DeviceConfig | None]) -> Iterable[Complaint]:
    """Complain of two devices with one number on a line, and of a device whose driver has no numbers."""
    first: dict[tuple[str, int], Loc] = {}
    for index, device in enumerate(devices):
        if device is None or device.line is None:
            continue
        key, number = device.unit or ("address", None)
        if number is None:
            yield Complaint(("devices", index, key), f"driver {device.driver} cannot share a line")
        elif (loc := first.setdefault((device.line, number), ("devices", index))) != ("devices", index):
            yield Complaint(("devices", index, key), f"{number} on line {device.line!r} is already used by", loc)


def claims(devices: Sequence[DeviceConfig | None]) -> Iterable[Complaint]:
    """Complain of two devices that are one: both claim what only one can have."""
    first: dict[str, Loc] = {}
    for index, device in enumerate(devices):
        for key, claimed in device.claims if device is not None else ():
            if (loc := first.setdefault(claimed, ("devices", index))) != ("devices", index):
                value = claimed.partition(":")[2]
                yield Complaint(("devices", index, key), f"{value!r} is already used by", loc)


def fieldless(devices: Sequence[DeviceConfig | None], http: Any) -> Iterable[Complaint]:
    """Complain of every device that comes to the field listener where there is none."""
    if is_mapping(http) and http.get("field") is not None:
        return
    for index, device in enumerate(devices):
        if device is not None and device.comes_to_field:
            what = f"http.field is missing: {device.driver} devices come to that listener"
            yield Complaint(("devices", index, "driver"), what)


def _place(address: str) -> str:
    try:
        return place(address)
    except ValueError:  # said already
        return address
