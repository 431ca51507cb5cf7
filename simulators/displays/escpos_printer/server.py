"""The wire of a simulated ticket printer. It tells how many hold its port: real ones have room for one."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from drivers.displays.escpos_printer.codec import Fault, Paper
from drivers.displays.escpos_printer.config import EscposPrinterConfig
from gateway.core.twin import Lever
from simulators.displays.escpos_printer.state import Printer
from simulators.faults import NoParams, lever
from simulators.tcp import Answer, TcpTwin


class Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody opens the cover, or closes it."""

    open: bool = True


class Roll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roll of paper is `ok`, `low` or `out`."""

    state: Paper = Paper.OUT


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody holds the feed button, or lets it go."""

    on: bool = True


class Break(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something breaks: `passing` `mechanical` `cutter` `unrecoverable` `other`; `none` mends it."""

    error: Fault = Fault.CUTTER


class Busy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody else prints for so long, and nobody gets another connection."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 1.0


class EscposPrinterTwin(TcpTwin[EscposPrinterConfig]):
    """A simulated printer."""

    config_type = EscposPrinterConfig

    def __init__(self, config: EscposPrinterConfig) -> None:
        super().__init__(config)
        self.printer = Printer()

    def answers(self) -> Answer:
        return self._replies

    def levers(self) -> Mapping[str, Lever]:
        printer = self.printer
        own = {
            "cover": lever(Cover, lambda given: setattr(printer, "cover_open", given.open)),
            "paper": lever(Roll, lambda given: setattr(printer, "paper", given.state)),
            "feed": lever(Feed, lambda given: setattr(printer, "feeding", given.on)),
            "break": lever(Break, lambda given: setattr(printer, "fault", given.error)),
            "busy": lever(Busy, lambda given: self.hang_up(given.seconds)),
            "reboot": lever(NoParams, self._reboot),
        }
        return {**super().levers(), **own}

    def power_lost(self) -> None:
        self.printer.reboots += 1
        self.printer.forget()

    def seen(self) -> Mapping[str, Any]:
        return {**self.printer.seen(), "connections": len(self._connections)}

    def _replies(self, data: bytes) -> Iterator[bytes]:
        if answers := self.printer.hear(data):
            yield answers

    def _reboot(self, _: NoParams) -> None:
        """The printer restarts, and its connection is dropped."""
        self.power_lost()
        self.hang_up()
