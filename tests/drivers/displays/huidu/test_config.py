import pytest
from pydantic import ValidationError

from drivers.displays.huidu.config import HuiduConfig

SECTION = {"id": "led", "driver": "displays.huidu", "address": "tcp://h:10001", "width": 64, "height": 32}


def test_a_card_needs_no_more_than_an_address_and_a_size() -> None:
    config = HuiduConfig.model_validate(SECTION)
    assert (config.font, config.size_percent, config.timezone, config.updates) == ("SimSun", 100, "Asia/Shanghai", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("address", "udp://h:10001"), ("address", "line:bus"), ("width", 8), ("height", 8200), ("font", "")],
        *[("font", "Sim\nSun"), ("font", "a" * 65), ("size_percent", 24), ("size_percent", 401), ("ping_s", 31)],
        *[("timezone", "Asia"), ("timezone", "China"), ("timezone", "../etc/passwd"), ("timezone", "")],
        *[("status_s", 0.5), ("status_s", float("nan")), ("resend_s", 1), ("timeout_s", 11), ("model", "C16L")],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        HuiduConfig.model_validate(SECTION | {key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


@pytest.mark.parametrize("size", [{"width": 8, "height": 16}, {"width": 16, "height": 8}])
def test_a_region_must_have_room_for_a_letter(size: dict[str, int]) -> None:
    region = {"id": "w01", "x": 0, "y": 0, **size}
    with pytest.raises(ValidationError, match="region 'w01' must be at least 16 px wide and high"):
        HuiduConfig.model_validate(SECTION | {"regions": [region]})


def test_a_screen_may_not_have_more_pixels_than_can_be_drawn() -> None:
    assert HuiduConfig.model_validate(SECTION | {"width": 8192, "height": 512}).width == 8192
    sentence = "8192 x 8192 are 67108864 px: a screen may have 4194304 at most"
    with pytest.raises(ValidationError, match=sentence):
        HuiduConfig.model_validate(SECTION | {"width": 8192, "height": 8192})
