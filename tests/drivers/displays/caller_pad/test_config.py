import pytest
from pydantic import ValidationError

from drivers.displays.caller_pad.config import CallerPadConfig

PADS = [{"address": 1, "id": "w01"}, {"address": 2, "id": "w02"}]
SECTION = {"id": "pads", "driver": "displays.caller_pad", "address": "serial:///dev/ttyUSB1?baud=9600", "pads": PADS}


def test_a_section_is_taken() -> None:
    config = CallerPadConfig.model_validate(
        SECTION | {"functions": {"0e": "skip", "12": "stop"}, "ratings": {0: "good"}}
    )
    assert (config.functions, config.ratings, config.repeat_s) == ({"0e": "skip", "12": "stop"}, {0: "good"}, 1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("address", "line:rs485-a"), ("address", "udp://h:1"), ("pads", []), ("pads", PADS * 33)],
        *[("pads", [{"address": 256, "id": "w01"}]), ("pads", [{"address": 1, "id": "W 1"}])],
        *[("functions", {"0C": "next"}), ("functions", {"c": "next"}), ("functions", {12: "pause"})],
        *[("functions", {"0c": "Next!"}), ("ratings", {256: "good"}), ("repeat_s", -1), ("repeat_s", 11), ("pad", 1)],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        CallerPadConfig.model_validate(SECTION | {key: value})
    assert {error["loc"][0] for error in refusal.value.errors()} == {key}


@pytest.mark.parametrize(
    ("pads", "why"),
    [
        ([*PADS, {"address": 3, "id": "w01"}], "two pads have the id 'w01'"),
        ([*PADS, {"address": 2, "id": "w03"}], "the pads 'w02' and 'w03' have the same address 2"),
    ],
)
def test_pads_that_cannot_be_told_apart_are_refused(pads: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        CallerPadConfig.model_validate(SECTION | {"pads": pads})
