"""What can be asked of a reader, and how libosdp is told."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import msgspec

from drivers.access.osdp.library import osdp_sys
from drivers.access.osdp.panel import Claims
from gateway.core.errors import NotSupported
from gateway.core.model import Verb
from gateway.core.rights import Right

LONGEST_S = 25.5
"""The longest time that libosdp's Python module can say: 255 tenths of a second."""
Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=LONGEST_S)]
Number = Annotated[int, msgspec.Meta(ge=0, le=31)]
SET_FOR_A_TIME, SET = 2, 1
TONE = 2
OFF, ON, ON_FOR_A_TIME, OFF_FOR_A_TIME = 1, 2, 5, 6
"""Control codes of LEDs, buzzer and outputs (SIA OSDP 2.2, 6.8 to 6.10)."""


class Colour(StrEnum):
    """What an LED of a reader can show: the order is that of the wire."""

    OFF = "off"
    RED = "red"
    GREEN = "green"
    AMBER = "amber"
    BLUE = "blue"
    MAGENTA = "magenta"
    CYAN = "cyan"
    WHITE = "white"


class Light(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `light`."""

    colour: Colour
    seconds: Seconds | None = None
    led: Number = 0


class Buzz(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `buzz`."""

    times: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    seconds: Seconds = 0.2


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `output`."""

    output: Number
    on: bool
    seconds: Seconds | None = None


class InstallKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`install_key` has no parameters: the key is that of the site file."""


LIGHT = Verb(name="light", meaning="show a colour, for `seconds` or from now on", params=Light)
BUZZ = Verb(name="buzz", meaning="sound the buzzer", params=Buzz)
OUTPUT = Verb(
    name="output", meaning="switch an output that is no lock", params=Output, right=Right.UNLOCK, reasoned=True
)
INSTALL_KEY = Verb(
    name="install_key",
    meaning="give a reader in install mode its key, and have it prove it",
    params=InstallKey,
    right=Right.UNLOCK,
    reasoned=True,
    dangerous=True,
)


class Asked(NamedTuple):
    """How a verb is carried out: a command of libosdp, and what the reader needs for it."""

    command: Mapping[str, Any]
    capability: int
    number: int
    what: str

    def check(self, claims: Claims) -> None:
        """Raises NotSupported with what the reader has."""
        level, number = claims.get(self.capability, (0, 0))
        if not level or number < self.number:
            raise NotSupported(f"the reader has {number if level else 'no'} {self.what}, so this cannot be done")


def lit(given: Light) -> Asked:
    """An LED that shows a colour without blinking."""
    colour = list(Colour).index(given.colour)
    control, timer = (SET, 0) if given.seconds is None else (SET_FOR_A_TIME, _tenths(given.seconds))
    look = {"on_color": colour, "off_color": colour, "on_count": 1, "off_count": 0, "timer_count": timer}
    place = {"reader": 0, "led_number": given.led, "temporary": given.seconds is not None}
    command = {"command": osdp_sys.CMD_LED, "control_code": control, **place, **look}
    return Asked(command, osdp_sys.CAP_READER_LED_CONTROL, given.led + 1, "LED")


def buzzed(given: Buzz) -> Asked:
    """A tone, as often as is asked, with pauses as long as it."""
    count = _tenths(given.seconds)
    tone = {"on_count": count, "off_count": count, "rep_count": given.times}
    command = {"command": osdp_sys.CMD_BUZZER, "reader": 0, "control_code": TONE, **tone}
    return Asked(command, osdp_sys.CAP_READER_AUDIBLE_OUTPUT, 0, "buzzer")


def switched(given: Output) -> Asked:
    """An output that is switched for good, or for a time: then it goes back by itself."""
    timed = given.seconds is not None
    control = (ON_FOR_A_TIME if given.on else OFF_FOR_A_TIME) if timed else ON if given.on else OFF
    timer = 0 if given.seconds is None else _tenths(given.seconds)
    place = {"command": osdp_sys.CMD_OUTPUT, "output_no": given.output}
    command = {**place, "control_code": control, "timer_count": timer}
    return Asked(command, osdp_sys.CAP_OUTPUT_CONTROL, given.output + 1, "output")


def status(kind: int) -> Mapping[str, Any]:
    """A question for a state."""
    return {"command": osdp_sys.CMD_STATUS, "type": kind}


def _tenths(seconds: float) -> int:
    return max(1, round(10 * seconds))
