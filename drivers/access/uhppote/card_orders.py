"""What is asked about cards and their time profiles. No card number is ever answered: who asks has it."""

from typing import Any

from drivers.access.uhppote import verbs
from drivers.access.uhppote.asking import Asking
from drivers.access.uhppote.codec.cards import (
    ALWAYS,
    Card,
    CardCount,
    CardDeleted,
    CardPut,
    CardsDeleted,
    CountCards,
    DeleteCard,
    DeleteCards,
    GetCard,
    PutCard,
)
from drivers.access.uhppote.codec.schedules import (
    ClearProfiles,
    GetProfile,
    Profile,
    ProfilesCleared,
    ProfileSet,
    SetProfile,
)
from drivers.access.uhppote.config import DOORS
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected


async def put_card(asking: Asking) -> dict[str, Any]:
    """Let a card pass doors."""
    given = convert(verbs.PutCard, asking.command.params)
    doors, first = [0] * DOORS, [False] * DOORS
    for door, what in given.doors.items():
        doors[asking.number(door) - 1] = int(what)  # true is ALWAYS
    for door in given.first:
        first[asking.number(door) - 1] = True
    before = await _card(asking, given.card)
    wanted = PutCard(
        card=given.card, begins=given.begins, ends=given.ends, doors=tuple(doors), pin=before.pin, first=tuple(first)
    )
    await asking.do(wanted, CardPut)
    kept = await _card(asking, given.card)
    asking.same(kept, Card(**{name: getattr(wanted, name) for name in Card.fields}))
    return _rights(asking, kept)


async def find_card(asking: Asking) -> dict[str, Any]:
    """What a card may."""
    found = await _card(asking, convert(verbs.OfCard, asking.command.params).card)
    return _rights(asking, found) if found.card else {"known": False}


async def delete_card(asking: Asking) -> dict[str, Any]:
    """Forget a card. Whether it knew it does not matter, so that it may be asked twice."""
    card = convert(verbs.OfCard, asking.command.params).card
    await asking.wire.ask(DeleteCard(card=card), CardDeleted, sent=asking.sent)
    asking.same((await _card(asking, card)).card, 0)
    return {"known": False}


async def delete_cards(asking: Asking) -> dict[str, Any]:
    """Forget all cards."""
    await asking.do(DeleteCards(), CardsDeleted)
    found = await count_cards(asking)
    asking.same(found["cards"], 0)
    return found


async def count_cards(asking: Asking) -> dict[str, Any]:
    """How many cards it knows."""
    return {"cards": (await asking.get(CountCards(), CardCount)).count}


async def set_profile(asking: Asking) -> dict[str, Any]:
    """When cards of a profile may pass."""
    given = convert(verbs.SetProfile, asking.command.params)
    hours = {
        f"{end}_{number}": getattr(each, end).replace(second=0, microsecond=0)
        for number, each in enumerate(given.hours, 1)
        for end in ("begins", "ends")
    }
    wanted = SetProfile(
        profile=given.profile,
        begins=given.begins,
        ends=given.ends,
        days=verbs.week(given.days),
        linked=given.linked or 0,
        **{**dict.fromkeys(verbs.TIMES, verbs.MIDNIGHT), **hours},
    )
    if given.linked and not (await _profile(asking, given.linked)).profile:
        raise CommandRejected(f"{asking.config.id} has no time profile {given.linked} that could be linked")
    await asking.do(wanted, ProfileSet)
    kept = await _profile(asking, given.profile)
    asking.same(kept, Profile(**{name: getattr(wanted, name) for name in Profile.fields}))
    return _hours(kept)


async def find_profile(asking: Asking) -> dict[str, Any]:
    """When cards of a profile may pass."""
    return _hours(await _profile(asking, convert(verbs.OfProfile, asking.command.params).profile))


async def clear_profiles(asking: Asking) -> dict[str, Any]:
    """Forget all time profiles."""
    await asking.do(ClearProfiles(), ProfilesCleared)
    return {}


async def _card(asking: Asking, card: int) -> Card:
    return await asking.get(GetCard(card=card), Card, lambda found: found.card in (0, card))


async def _profile(asking: Asking, number: int) -> Profile:
    return await asking.get(GetProfile(profile=number), Profile, lambda found: found.profile in (0, number))


def _rights(asking: Asking, card: Card) -> dict[str, Any]:
    doors = {door.id: card.doors[door.number - 1] for door in asking.config.doors}
    return {
        "known": True,
        "begins": str(card.begins),
        "ends": str(card.ends),
        "doors": {door: what == ALWAYS or what for door, what in doors.items() if what},
        "first": [door.id for door in asking.config.doors if card.first[door.number - 1]],
        "has_pin": bool(card.pin),
    }


def _hours(profile: Profile) -> dict[str, Any]:
    if not profile.profile:
        return {"known": False}
    ends = [(getattr(profile, f"begins_{n}"), getattr(profile, f"ends_{n}")) for n in (1, 2, 3)]
    return {
        "known": True,
        "begins": str(profile.begins),
        "ends": str(profile.ends),
        "days": [day for day, on in enumerate(profile.days, 1) if on],
        "hours": [f"{begins:%H:%M}-{ends:%H:%M}" for begins, ends in ends if begins and ends and begins < ends],
        "linked": profile.linked or None,
    }
