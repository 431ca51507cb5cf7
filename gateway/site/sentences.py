"""What is wrong with a value and what is allowed, in words of the field; pydantic speaks of Python."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel

from gateway.core.config import SecretRef
from gateway.core.forms import PATTERNS
from gateway.core.known import listed, maybe, unknown_key

WITH_ZONE = "must be a time with its zone, such as 2026-07-17T09:00:00+08:00 or 2026-07-17T01:00:00Z"
DAY = "must be a day such as 2026-07-17"
WORDS = {
    "missing": "is missing",
    "string_type": "must be text, in quotes where it looks like a number or a date",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "too_short": "must have {min_length} or more entries",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "too_long": "must have at most {max_length} entries",
    "dict_type": "must be an object",
    "extra_forbidden": "there is no such field",
    "string_pattern_mismatch": "must have the form {pattern}",
    "timezone_aware": WITH_ZONE,
    "datetime_type": WITH_ZONE,
    "datetime_parsing": WITH_ZONE,
    "datetime_from_date_parsing": WITH_ZONE,
    "datetime_object_invalid": WITH_ZONE,
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
}
TEXTS = ("literal_error", "enum")
SECRET = re.compile(r"(//)[^/]*@|((?:password|passwd)=)[^&]*")


def sentence(detail: Any, model: Any, also: Sequence[str] = ()) -> str:
    """The sentence for an error of pydantic's; `also` are keys that stand beside those of `model`."""
    loc, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        around = _model_at(model, loc[:-1])
        return unknown_key(str(loc[-1]), [*(around.model_fields if around else ()), *(also if len(loc) == 1 else ())])
    if kind in ("model_type", "model_attributes_type"):
        inside = _model_at(model, loc)
        if inside is SecretRef:
            return "must be {file: NAME} or {env: NAME}: a secret never stands in the site file itself"
        return f"must be a mapping with the keys {listed(inside.model_fields if inside else ())}"
    text = words(detail)
    secret = _model_at(model, loc[:-1]) is SecretRef
    if kind == "missing" or secret:
        return text
    return text + _given(detail["input"]) + (_as_number(detail["input"]) if kind in TEXTS else "")


def _as_number(value: Any) -> str:
    """What to do where YAML has made a number of a text such as 6E1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return ", which YAML reads as a number: put what was meant in quotes" if is_number else ""


def words(detail: Any, model: Any = None) -> str:
    """The words for an error of pydantic's about `model`, without its field and without what was given."""
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden" and (around := _model_at(model, detail["loc"][:-1])):
        names = [field.alias or name for name, field in around.model_fields.items()]
        return f"there is no such field{maybe(str(detail['loc'][-1]), names)}; there are: {listed(names)}"
    if detail["type"] in ("model_type", "model_attributes_type"):
        return "must be an object"
    if text := PATTERNS.get(context.get("pattern")):
        return text
    form = WORDS.get(detail["type"])
    return form.format(**_plain(context)) if form else str(detail["msg"]).removeprefix("Value error, ")


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of an error as people write them: 5, not 5.0 nor 5e+09; a day as it is."""
    return {name: f"{value:.12g}" if isinstance(value, int | float) else value for name, value in context.items()}


def _given(value: Any) -> str:
    """What was given, as YAML has it; never a whole section, never a password inside an address."""
    if not isinstance(value, str | int | float | bool | None):
        return ""
    return f"; given: {SECRET.sub(_hidden, json.dumps(value, ensure_ascii=False)):.80}"


def _hidden(found: re.Match[str]) -> str:
    return "//…@" if found[1] else f"{found[2]}…"


def _model_at(model: Any, loc: Sequence[str | int]) -> type[BaseModel] | None:
    """The model of the mapping at a place; None where the place holds none."""
    found = _first_model(model)
    for step in loc:
        if isinstance(step, str) and found is not None:
            field = found.model_fields.get(step)
            found = _first_model(field.annotation) if field else None
    return found


def _first_model(model: Any) -> type[BaseModel] | None:
    return next((inner for inner in _inner(model) if _is_model(inner)), None)


def _inner(model: Any) -> Iterable[Any]:
    yield model
    for argument in get_args(model):
        yield from _inner(argument)


def _is_model(model: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(model, type) and issubclass(model, BaseModel)
