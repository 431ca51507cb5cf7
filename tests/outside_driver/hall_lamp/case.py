"""What the contract suite must know of the lamp."""

from collections.abc import Mapping
from typing import Any

from hall_contract.case import Ask, Case, Pull


class Lamp(Case):
    driver = "lights.lamp"
    notices_s = 0.5
    cuts = range(3)  # OK and LF
    command = Ask("light", None, {"colour": "green"})
    wishes = Ask("light", None, {"colour": "red"}), Ask("light", None, {"colour": "yellow"})
    refuse = Pull("refuse_next", {"count": 1})

    def section(self, address: str, *, often_s: float) -> Mapping[str, Any]:
        return {"address": address, "timeout_s": 0.3, "poll_s": max(0.05, often_s)}

    def did(self, seen: Mapping[str, Any], ask: Ask) -> bool:
        return bool(seen["colour"] == ask.params["colour"])


def pytest_hall_cases() -> list[Case]:
    """The cases of this package: the suite asks for them."""
    return [Lamp()]
