"""What is wrong with a value, in words for people."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from drivers.access.zkteco_push.config import Serial
from gateway.site.sentences import sentence


class Box(BaseModel):
    """A value of each kind."""

    number: int = Field(default=1, le=0xFFFFFFFE)
    wait_s: float = Field(default=1, le=2.5)
    serial: Serial = "ABCD"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": 0xFFFFFFFF}, "must be at most 4294967294; given: 4294967295"),
        ({"wait_s": 3}, "must be at most 2.5; given: 3"),
        ({"serial": "A B"}, "must be 4 to 32 letters, digits, '_' and '-'; given: \"A B\""),
    ],
)
def test_limits_are_told_as_people_write_them(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Box.model_validate(given)
    assert sentence(error.value.errors(include_url=False)[0], Box) == said
