"""What a reader is: LEDs, a buzzer, inputs, outputs, a housing, a key, and the memory of what it has not said yet."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import osdp_sys

COLOURS = ("off", "red", "green", "amber", "blue", "magenta", "cyan", "white")
INPUTS, OUTPUTS, LEDS = 2, 2, 2
OFF, ON, ON_FOR_A_TIME, OFF_FOR_A_TIME = 1, 2, 5, 6


class Output:
    """An output of a reader: a state that lasts, and one for a time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lasting, self._timed, self._until = False, False, 0.0

    @property
    def on(self) -> bool:
        return self._timed if self._now() < self._until else self._lasting

    def switch(self, code: int, tenths: int) -> bool:
        """Obey a control code; False where there is no such."""
        if code in (ON_FOR_A_TIME, OFF_FOR_A_TIME):
            self._timed, self._until = code == ON_FOR_A_TIME, self._now() + tenths / 10
        elif code in (OFF, ON):
            self._lasting, self._until = code == ON, 0.0
        return code in (OFF, ON, ON_FOR_A_TIME, OFF_FOR_A_TIME)


class Reader:
    """A reader. Only its key outlives a loss of power; what it was still to say does not."""

    def __init__(self, key: bytes | None, now: Callable[[], float] = time.monotonic) -> None:
        self.key, self._now = key, now
        self.reboots = 0
        self.tamper = self.power_failed = False
        self.inputs = [False] * INPUTS
        self.outputs: list[Output] = []
        self.forget()

    def forget(self) -> None:
        """As after power-up."""
        self.outputs = [Output(self._now) for _ in range(OUTPUTS)]
        self.leds = ["red"] * LEDS
        self.buzzed = 0

    def obey(self, command: Mapping[str, Any]) -> bool:
        """Do what a command asks, or refuse it."""
        kind = command["command"]
        if kind == osdp_sys.CMD_OUTPUT:
            number: int = command["output_no"]
            return self.outputs[number].switch(command["control_code"], command["timer_count"])
        if kind == osdp_sys.CMD_LED:
            return self._light(command)
        if kind == osdp_sys.CMD_BUZZER:
            self.buzzed += command["rep_count"]
            return True
        if kind == osdp_sys.CMD_KEYSET:
            self.key = command["data"]
            return True
        return False

    def _light(self, command: Mapping[str, Any]) -> bool:
        if command["on_color"] >= len(COLOURS):
            return False
        self.leds[command["led_number"]] = COLOURS[command["on_color"]]
        return True

    def local(self) -> bytes:
        """Its report on itself."""
        return bytes([self.tamper, self.power_failed])

    def outs(self) -> bytes:
        """Its report on its outputs."""
        return bytes(output.on for output in self.outputs)

    def seen(self) -> Mapping[str, Any]:
        """What a person sees and hears. Of its key only whether it has one."""
        return {
            "leds": list(self.leds),
            "buzzed": self.buzzed,
            "inputs": list(self.inputs),
            "outputs": [output.on for output in self.outputs],
            "tamper": self.tamper,
            "power_failed": self.power_failed,
            "has_key": self.key is not None,
            "reboots": self.reboots,
        }
