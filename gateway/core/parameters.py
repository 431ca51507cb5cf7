"""What is wrong with a parameter and what is allowed, in words for people; msgspec speaks of Python. Pure."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from gateway.core.forms import PATTERNS
from gateway.core.known import unknown_key

StructT = TypeVar("StructT", bound=msgspec.Struct)
JsonT = TypeVar("JsonT")
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
    (re.compile(r"Expected `(?:int|float)` >= (\S+?)(?:\.0)?"), "must be at least {0}"),
    (re.compile(r"Expected `(?:int|float)` <= (\S+?)(?:\.0)?"), "must be at most {0}"),
    (re.compile(r"Expected `(?:int|float)` > (\S+?)(?:\.0)?"), "must be greater than {0}"),
    (re.compile(r"Expected `(?:int|float)` < (\S+?)(?:\.0)?"), "must be less than {0}"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "must have {0} or more characters"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "must have at most {0} characters"),
    (re.compile(r"Expected `array` of length >= (\d+)"), "must have {0} or more entries"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "must have at most {0} entries"),
    (re.compile(r"Expected `str` matching regex (.+)"), "must have the form {0}"),
)
PATTERN = re.compile(r"Expected `str` matching regex '(.+)'")
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
CHOICE = re.compile(r"Invalid enum value (.+)")
OTHER = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")


def taken(model: type[StructT], given: Mapping[str, Any], *, strict: bool = True) -> StructT:
    """What was given, as a Struct; not `strict` where all of it is text. Raises ValueError with one sentence."""
    try:
        return msgspec.convert(dict(given), model, strict=strict)
    except msgspec.ValidationError as error:
        raise ValueError(sentence(str(error), model)) from error


def decoded(data: bytes, model: type[JsonT]) -> JsonT:
    """JSON, as a Struct or a mapping. Raises ValueError with one sentence."""
    try:
        return msgspec.json.decode(data, type=model)
    except msgspec.ValidationError as error:
        raise ValueError(sentence(str(error), model)) from error
    except msgspec.DecodeError as error:
        why = str(error).removeprefix("JSON is malformed: ").replace("Input data was truncated", "it ends too early")
        raise ValueError(f"body is not JSON: {why}") from error
    except UnicodeDecodeError as error:
        raise ValueError("body is not JSON: it is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("body is not JSON: its brackets are too deep") from error


def sentence(told: str, model: type[Any]) -> str:
    """The sentence for a text of msgspec's ValidationError about `model`; one that is not known stays as it is."""
    at = AT.search(told)
    field, text = (at[1], told[: at.start()]) if at else ("", told)
    said = _said(text, field, model)
    return f"{field}: {said}" if field else said


def _said(text: str, field: str, model: type[Any]) -> str:
    if unknown := UNKNOWN.fullmatch(text):
        return (
            unknown_key(unknown[1], model.__struct_encode_fields__) if not field else f"there is no {unknown[1]!r:.100}"
        )
    if other := OTHER.fullmatch(text):
        return f"must be {_kinds(other[1])}, not {_kinds(other[2])}"
    if choice := CHOICE.fullmatch(text):
        allowed = ", ".join(_choices(field, model))
        return f"cannot be {choice[1]:.100}{f'; allowed: {allowed}' if allowed else ''}"
    if (pattern := PATTERN.fullmatch(text)) and pattern[1] in PATTERNS:
        return PATTERNS[pattern[1]]
    for form, words in SAID:
        if found := form.fullmatch(text):
            return words.format(*found.groups())
    return text


def _kinds(types: str) -> str:
    return " or ".join(NAMES.get(name, name) for name in types.split(" | "))


def _choices(field: str, model: type[Any]) -> Iterator[str]:
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
