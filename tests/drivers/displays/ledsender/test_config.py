import pytest
from pydantic import ValidationError

from drivers.displays.ledsender.config import LedSenderConfig

SECTION = {"id": "led", "driver": "displays.ledsender", "address": "udp://h:6666", "width": 64, "height": 16}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("width", 8), ("width", 2049), ("height", 15), ("height", 513), ("card", -1), ("card", 256)],
        *[("timeout_s", 0), ("ping_s", 0.1), ("resend_s", 1), ("colours", "green"), ("checksum", "sum")],
        *[("address", "tcp://h:6666"), ("timezone", "Asia"), ("timezone", "Moon/Base"), ("model", "VSD")],
        *[("accepted", [])],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        LedSenderConfig.model_validate(SECTION | {key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


@pytest.mark.parametrize(
    ("address", "checksum", "checked"),
    [
        ("udp://h:6666", None, False),
        ("serial:///dev/ttyS0", None, True),
        ("line:bus", None, True),
        ("udp://h:6666", "crc16", True),
        ("line:bus", "zero", False),
    ],
)
def test_packets_are_checked_on_a_serial_wire_unless_it_is_said_otherwise(
    address: str, checksum: str | None, checked: bool
) -> None:
    config = LedSenderConfig.model_validate(SECTION | {"address": address, "checksum": checksum, "card": 1})
    assert config.checked is checked


def test_a_card_on_a_line_has_an_address_of_its_own() -> None:
    with pytest.raises(ValidationError, match="must be the card's own address on a shared line, 1 to 255"):
        LedSenderConfig.model_validate(SECTION | {"address": "line:bus"})
    config = LedSenderConfig.model_validate(SECTION | {"address": "line:bus", "card": 3})
    assert (config.line, config.unit) == ("bus", ("card", 3))


def test_a_region_has_room_for_a_letter() -> None:
    region = {"id": "w01", "x": 0, "y": 0, "width": 64, "height": 8}
    with pytest.raises(ValidationError, match="region 'w01' must be at least 16 px wide and 16 high"):
        LedSenderConfig.model_validate(SECTION | {"regions": [region]})
