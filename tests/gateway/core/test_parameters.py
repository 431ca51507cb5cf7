"""What is wrong with a parameter, in words for people."""

import re
from typing import Annotated, Any

import msgspec
import pytest

from gateway.core.contract import convert
from gateway.core.errors import CommandRejected
from gateway.core.parameters import decoded
from gateway.core.screen import Fit


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters inside parameters."""

    off: Annotated[str, msgspec.Meta(pattern="^[0-9]$")] = "1"


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter of each kind."""

    text: Annotated[str, msgspec.Meta(min_length=2, max_length=3)]
    percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    above: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5
    fit: Fit = Fit.WHOLE
    name: str | None = None
    lit: Annotated[tuple[Inner, ...], msgspec.Meta(max_length=1)] = ()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"txt": "A1"}, "unknown key 'txt' (did you mean 'text'?); allowed: above, fit, lit, name, percent, text"),
    ({}, "text is missing"),
    ({"text": 7}, "text: must be text, not a whole number"),
    ({"text": "A"}, "text: must have 2 or more characters"),
    ({"text": "A" * 4}, "text: must have at most 3 characters"),
    ({"text": "A1", "percent": 101}, "percent: must be at most 100"),
    ({"text": "A1", "percent": 0}, "percent: must be at least 1"),
    ({"text": "A1", "percent": True}, "percent: must be a whole number, not true or false"),
    ({"text": "A1", "above": 0.0}, "above: must be greater than 0"),
    ({"text": "A1", "above": 1.0}, "above: must be less than 1"),
    (
        {"text": "A1", "fit": "shrink"},
        "fit: cannot be 'shrink'; allowed: " + ", ".join(repr(each.value) for each in Fit),
    ),
    ({"text": "A1", "name": 1}, "name: must be text or null, not a whole number"),
    ({"text": "A1", "lit": [{}, {}]}, "lit: must have at most 1 entries"),
    ({"text": "A1", "lit": [{"off": "x"}]}, "lit[0].off: must have the form '^[0-9]$'"),
    ({"text": "A1", "lit": [{"of": "1"}]}, "lit[0]: there is no 'of'"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_a_wrong_parameter_is_told_with_what_is_allowed(given: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandRejected) as error:
        convert(Params, given)
    assert str(error.value) == f"bad parameters: {said}"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "body is not JSON: it ends too early"),
        (b'{"text": A}', "body is not JSON: invalid character (byte 9)"),
        (b'{"text": "\xb9\xab"}', "body is not JSON: it is not UTF-8"),
        (b'{"lit": ' + b"[" * 5_000, "lit[0]: must be an object, not a list"),
        (b"[]", "must be an object, not a list"),
        (b'{"text": "A"}', "text: must have 2 or more characters"),
    ],
)
def test_a_body_that_is_none_is_told_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        decoded(data, Params)


def test_brackets_without_end_are_told_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^body is not JSON: its brackets are too deep$"):
        decoded(b'{"a": ' + b"[" * 5_000, dict[str, Any])


def test_a_body_is_read_as_what_it_should_be() -> None:
    assert decoded(b'{"text": "A1"}', Params) == Params(text="A1")
    assert decoded(b'{"any": 1}', dict[str, Any]) == {"any": 1}
