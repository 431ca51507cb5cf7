"""What a reader says of itself and of what is shown to it, in our words. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drivers.access.osdp.cards import Misread, person
from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.library import osdp_sys
from drivers.access.osdp.panel import Claims
from gateway.core.access import Mode
from gateway.core.model import Identity, Part, Quality, Reading, Scalar


def identity(told: Mapping[str, int], parts: tuple[Part, ...]) -> Identity:
    """Who made it (an OUI), its model and version, its firmware, its serial number."""
    firmware = told["firmware_version"].to_bytes(4, "big")[1:]
    return Identity(
        model=f"{told['vendor_code']:06x} {told['model']}.{told['version']}",
        firmware=".".join(map(str, firmware)),
        serial=str(told["serial_number"] & 0xFFFFFFFF),
        parts=parts,
    )


def capabilities(claims: Claims) -> str | None:
    """What it says that it has, for people; None before it was asked."""
    if not claims:
        return None
    counted = {
        "inputs": osdp_sys.CAP_CONTACT_STATUS_MONITORING,
        "outputs": osdp_sys.CAP_OUTPUT_CONTROL,
        "LEDs": osdp_sys.CAP_READER_LED_CONTROL,
    }
    found = {name: claims[code] for name, code in counted.items()}
    has = [f"{number if level else 0} {name}" for name, (level, number) in found.items()]
    buzzer, _ = claims[osdp_sys.CAP_READER_AUDIBLE_OUTPUT]
    return ", ".join([*has, "a buzzer" if buzzer else "no buzzer"])


def presented(said: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The payload and the person of a card: its number is nowhere else."""
    bits, wiegand = said["length"], said["format"] == osdp_sys.CARD_FMT_RAW_WIEGAND
    found = person(bits, said["data"], wiegand=wiegand)
    payload = {"bits": bits, "reader": said["reader_no"]}
    return ({**payload, "misread": found.why}, None) if isinstance(found, Misread) else (payload, found)


def pressed(said: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of keys: how many."""
    return {"count": len(said["data"]), "reader": said["reader_no"]}


class Reports:
    """What is known of one reader since it was connected."""

    def __init__(self, config: OsdpConfig) -> None:
        self._door = config.door
        self._reader: dict[str, Scalar] = dict.fromkeys(("secure", "tamper", "power_failed", "capabilities"))
        self._at_door: dict[str, Scalar] = {"open": None, "unlocked": None, "mode": Mode.CONTROLLED.value}

    def tell(self, *, secure: bool, capabilities: str | None) -> None:
        """What the handshake has shown."""
        self._reader |= {"secure": secure, "capabilities": capabilities}

    def hear(self, kind: int, report: Sequence[int]) -> Iterable[str]:
        """Take a report; gives the alarms that it means, before any reading shows them."""
        if kind == osdp_sys.STATUS_REPORT_LOCAL and len(report) == 2:
            news = bool(report[0]) and self._reader["tamper"] is not True
            self._reader |= {"tamper": bool(report[0]), "power_failed": bool(report[1])}
            return ("tamper",) if news else ()
        if self._door and kind == osdp_sys.STATUS_REPORT_INPUT and self._door.sensor_input < len(report):
            state = report[self._door.sensor_input]  # a supervised input has more: cut, short-circuited
            self._at_door["open"] = None if state > 1 else bool(state) == self._door.open_when
        if self._door and kind == osdp_sys.STATUS_REPORT_OUTPUT and self._door.lock_output < len(report):
            self._at_door["unlocked"] = bool(report[self._door.lock_output])
        return ()

    def readings(self) -> list[Reading]:
        """All points as they are known now."""
        found = [_reading(None, name, value) for name, value in self._reader.items()]
        door = self._door.id if self._door else None
        return found if door is None else [*found, *(_reading(door, *point) for point in self._at_door.items())]


def _reading(part: str | None, name: str, value: Scalar) -> Reading:
    return Reading(part, name, value, Quality.BAD if value is None else Quality.GOOD)
