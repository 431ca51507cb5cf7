"""The record of a command tells who asked for what, and nobody's card or PIN."""

from typing import Any

import msgspec

from gateway.core.model import Verb
from gateway.trail import without_persons


class PutCard(msgspec.Struct, frozen=True):
    card: int
    pin: int
    door: str


PUT = Verb(name="put_card", meaning="let a card pass", params=PutCard, personal=(("card", "card"), ("pin", "")))
ASKED: dict[str, Any] = {"card": 9896534, "pin": 7531, "door": "d1"}


def recorded(told: dict[str, Any], verb: Verb = PUT) -> Any:
    return without_persons(verb, lambda known_as: f"p-{known_as}", told)


def test_a_card_stands_as_its_pseudonym_and_a_pin_not_at_all() -> None:
    assert recorded(ASKED) == {"card": "p-card:9896534", "pin": "···", "door": "d1"}
    assert ASKED["card"] == 9896534, "what is carried out must be what was asked for"


def test_what_is_not_known_stays_unknown() -> None:
    assert recorded({"card": None}) == {"card": None}


def test_a_verb_without_persons_is_recorded_as_it_was_asked() -> None:
    assert recorded(ASKED, msgspec.structs.replace(PUT, personal=())) == ASKED
