"""What somebody waits to see."""

from typing import Any

import pytest

from simulators.conditions import conditions

SEEN: dict[str, Any] = {
    "text": "A012",
    "number": "7",
    "on": True,
    "reboots": 2,
    "gone": None,
    "runs": [{"colour": "red"}],
    "parts": {"Front-Door": "open", "a b": [1, "号"]},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("text==A012", True),
        ("text==A01", False),
        ("number==7", True),
        ("on==true", True),
        ("on==True", False),
        ("reboots==2", True),
        ("reboots==2.0", False),
        ("runs.0.colour==red", True),
        ("runs.1.colour==red", False),
        ("runs.x==red", False),
        ("parts.Front-Door==open", True),
        ('parts.a b==[1,"号"]', True),
        ("gone==null", False),
        ("no.such.way==", False),
        ("text.deeper==A012", False),
    ],
)
def test_a_condition_looks_at_one_value(text: str, holds: bool) -> None:
    (condition,) = conditions([text])
    assert condition.holds(SEEN) is holds


def test_a_condition_tells_what_it_found_instead() -> None:
    assert [each.said(SEEN) for each in conditions(["text==A1", "no.way==1"])] == [
        'text is "A012", not A1',
        "no.way is null, not 1",
    ]


@pytest.mark.parametrize("text", ["", "text", "==1", "text=1"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be PATH==VALUE"):
        conditions([text])
