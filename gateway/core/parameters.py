"""What is wrong with a parameter and what is allowed, in words for people; msgspec speaks of Python. Pure."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec

from gateway.core.known import unknown_key

AT = re.compile(r" - at `\$\.?(.*)`$")
NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
SAID = (
    (re.compile(r"Object missing required field `(.+)`"), "{0} is missing"),
    (re.compile(r"Expected `(?:int|float)` >= (\S+)"), "must be at least {0}"),
    (re.compile(r"Expected `(?:int|float)` <= (\S+)"), "must be at most {0}"),
    (re.compile(r"Expected `(?:int|float)` > (\S+)"), "must be greater than {0}"),
    (re.compile(r"Expected `(?:int|float)` < (\S+)"), "must be less than {0}"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "must have {0} or more characters"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "must have at most {0} characters"),
    (re.compile(r"Expected `array` of length >= (\d+)"), "must have {0} or more entries"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "must have at most {0} entries"),
    (re.compile(r"Expected `str` matching regex (.+)"), "must have the form {0}"),
)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
CHOICE = re.compile(r"Invalid enum value (.+)")
OTHER = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")


def sentence(told: str, model: type[msgspec.Struct]) -> str:
    """The sentence for a text of msgspec's ValidationError about `model`; one that is not known stays as it is."""
    at = AT.search(told)
    field, text = (at[1], told[: at.start()]) if at else ("", told)
    said = _said(text, field, model)
    return f"{field}: {said}" if field else said


def _said(text: str, field: str, model: type[msgspec.Struct]) -> str:
    if unknown := UNKNOWN.fullmatch(text):
        return (
            unknown_key(unknown[1], model.__struct_encode_fields__) if not field else f"there is no {unknown[1]!r:.100}"
        )
    if other := OTHER.fullmatch(text):
        return f"must be {_kinds(other[1])}, not {_kinds(other[2])}"
    if choice := CHOICE.fullmatch(text):
        allowed = ", ".join(_choices(field, model))
        return f"cannot be {choice[1]:.100}{f'; allowed: {allowed}' if allowed else ''}"
    for form, words in SAID:
        if found := form.fullmatch(text):
            return words.format(*found.groups())
    return text


def _kinds(types: str) -> str:
    return " or ".join(NAMES.get(name, name) for name in types.split(" | "))


def _choices(field: str, model: type[msgspec.Struct]) -> Iterator[str]:
    """The values of a closed set, of a field of `model` itself; none of one further inside."""
    for each in msgspec.structs.fields(model):
        if each.encode_name == field:
            yield from _values(each.type)


def _values(kind: Any) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield from (repr(member.value) for member in kind)
    elif get_origin(kind) is Literal:
        yield from map(repr, get_args(kind))
    else:
        for inner in get_args(kind):
            yield from _values(inner)
