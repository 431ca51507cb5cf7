from typing import Any

import pytest
from pydantic import ValidationError

from drivers.displays.web_screen.config import WebScreenConfig
from drivers.displays.web_screen.driver import WebScreen

SECTION = {"id": "tv", "driver": "displays.web_screen"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("beat_s", 0),
        ("beat_s", 11),
        ("hide_after_min", 0),
        ("hide_after_min", 1441),
        ("adress", "x"),
        ("hours", "8-18"),
        ("hours", "24:00-06:00"),
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        WebScreenConfig.model_validate({**SECTION, key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


def test_a_screen_is_silent_after_two_beats_and_a_bit() -> None:
    context: Any = None
    assert WebScreen(WebScreenConfig.model_validate(SECTION), context).surface().silent_after_s == 12
