"""The cards that a controller knows, and what they may."""

from datetime import date

from drivers.access.uhppote.codec.box import Done
from drivers.access.uhppote.codec.forms import BITS4, DATE, U8X4
from drivers.access.uhppote.codec.packet import U24, U32, Field, Message, layout

ALWAYS = 1
"""What a door is to a card that may always pass: 0 is never, 2 to 254 the number of a time profile."""
NO_CARD, DELETED_CARD = 0, 0xFFFFFFFF
"""Card numbers of an answer that has none, and of a place from which one was deleted."""


class GetCard(Message, frozen=True, kw_only=True):
    function = 0x5A
    fields = layout(card=Field(8, U32))
    card: int


class GetCardAt(Message, frozen=True, kw_only=True):
    """The card at a place of the list, from 1."""

    function = 0x5C
    fields = layout(place=Field(8, U32))
    place: int


class Card(GetCard, frozen=True, kw_only=True):
    """A card: valid from one day to another, both included; what each door is to it; its PIN, 0 for none.

    `first` says of which doors it is the first card of the day.
    """

    fields = layout(
        card=Field(8, U32),
        begins=Field(12, DATE),
        ends=Field(16, DATE),
        doors=Field(20, U8X4),
        pin=Field(24, U24),
        first=Field(27, BITS4),
    )
    begins: date | None = None
    ends: date | None = None
    doors: tuple[int, ...] = (0, 0, 0, 0)
    pin: int = 0
    first: tuple[bool, ...] = (False, False, False, False)


class CardAt(Card, frozen=True, kw_only=True):
    function = 0x5C


class PutCard(Card, frozen=True, kw_only=True):
    function = 0x50


class CardPut(Done, frozen=True, kw_only=True):
    function = 0x50


class DeleteCard(GetCard, frozen=True, kw_only=True):
    function = 0x52


class CardDeleted(Done, frozen=True, kw_only=True):
    function = 0x52


class DeleteCards(Message, frozen=True, kw_only=True):
    function = 0x54
    magic_at = 8


class CardsDeleted(Done, frozen=True, kw_only=True):
    function = 0x54


class CountCards(Message, frozen=True, kw_only=True):
    function = 0x58


class CardCount(CountCards, frozen=True, kw_only=True):
    fields = layout(count=Field(8, U32))
    count: int
