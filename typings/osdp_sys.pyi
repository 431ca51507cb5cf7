"""The part of libosdp's extension module that is used here: the wheel has no types."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

FLAG_ENFORCE_SECURE: int
FLAG_INSTALL_MODE: int
FLAG_ENABLE_NOTIFICATION: int

CMD_OUTPUT: int
CMD_BUZZER: int
CMD_LED: int
CMD_KEYSET: int
CMD_STATUS: int

STATUS_REPORT_INPUT: int
STATUS_REPORT_OUTPUT: int
STATUS_REPORT_LOCAL: int

EVENT_CARDREAD: int
EVENT_KEYPRESS: int
EVENT_STATUS: int
EVENT_NOTIFICATION: int
EVENT_NOTIFICATION_PD_STATUS: int

CARD_FMT_RAW_UNSPECIFIED: int
CARD_FMT_RAW_WIEGAND: int

CAP_CONTACT_STATUS_MONITORING: int
CAP_OUTPUT_CONTROL: int
CAP_CARD_DATA_FORMAT: int
CAP_READER_LED_CONTROL: int
CAP_READER_AUDIBLE_OUTPUT: int

COMPLETION_OK: int

LOG_EMERG: int

def set_loglevel(level: int) -> None: ...

class ControlPanel:
    def __init__(self, readers: Sequence[Mapping[str, Any]]) -> None: ...
    def refresh(self) -> None: ...
    def status(self) -> int: ...
    def sc_status(self) -> int: ...
    def set_event_callback(self, callback: Callable[[int, dict[str, Any]], object]) -> None: ...
    def set_command_completion_callback(self, callback: Callable[[int, dict[str, Any], int], object]) -> None: ...
    def submit_command(self, reader: int, command: Mapping[str, Any]) -> bool: ...
    def check_capability(self, reader: int, capability: int) -> tuple[int, int]: ...
    def get_pd_id(self, reader: int) -> dict[str, int]: ...

class PeripheralDevice:
    def __init__(self, info: Mapping[str, Any], *, capabilities: Sequence[Mapping[str, int]]) -> None: ...
    def refresh(self) -> None: ...
    def is_online(self) -> bool: ...
    def is_sc_active(self) -> bool: ...
    def set_command_callback(self, callback: Callable[[dict[str, Any]], tuple[int, dict[str, Any] | None]]) -> None: ...
    def set_event_completion_callback(self, callback: Callable[[dict[str, Any], int], object]) -> None: ...
    def submit_event(self, event: Mapping[str, Any]) -> bool: ...
    def flush_events(self) -> int: ...
