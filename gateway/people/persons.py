"""The people whose cards the hall knows: sealed, masked by default, and every look at a whole name is recorded."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import suppress

import msgspec

from gateway.core.contract import Clock
from gateway.core.errors import GatewayError
from gateway.journal.identities import Identity
from gateway.journal.journal import Journal
from gateway.journal.rows import stamp
from gateway.people.audit import Audit
from gateway.people.known_as import canonical
from gateway.people.masking import mask_known_as, mask_name
from gateway.people.pseudonyms import Person, PersonUnreadable, Pseudonyms

PAGE_ROWS = 200
MOST_FOUND = 50


class NoSuchPerson(GatewayError):
    """Nobody stands behind this pseudonym, or nobody any longer."""


class Masked(msgspec.Struct, frozen=True):
    """Somebody as everybody with the right `persons` may see them; `person` is the pseudonym of the record.

    `name` and `known_as` are null where what is known of them cannot be read.
    """

    person: str
    name: str | None
    known_as: str | None
    department: str | None
    at: str


class Whole(msgspec.Struct, frozen=True):
    """Somebody unmasked."""

    person: str
    name: str
    known_as: str
    department: str | None


class Enrolled(msgspec.Struct, frozen=True):
    """What an enrolment does, or would do: how many people are new, how many are changed, and how many stay."""

    added: int
    changed: int
    unchanged: int


class Persons:
    """Who is behind the pseudonyms of one site. Every method raises JournalError.

    One whose row cannot be read is still listed, enrolled anew and forgotten, and keeps nobody else from being told.
    """

    def __init__(self, journal: Journal, pseudonyms: Pseudonyms, clock: Clock) -> None:
        self._rows, self._upkeep = journal.identities, journal.upkeep
        self._pseudonyms, self._clock, self._audit = pseudonyms, clock, Audit(journal)

    async def page(self, *, after: str = "", limit: int = PAGE_ROWS) -> list[Masked]:
        """The people behind a pseudonym, in the order of pseudonyms, masked."""
        return [self._masked(row) for row in await self._rows.page(after=after, limit=limit)]

    async def named(self, pseudonyms: Collection[str]) -> dict[str, Masked]:
        """Those of some pseudonyms whom the hall knows, masked; without those who cannot be read."""
        rows = await self._rows.of(pseudonyms) if pseudonyms else {}
        masked = {pseudonym: self._masked(row) for pseudonym, row in rows.items()}
        return {pseudonym: each for pseudonym, each in masked.items() if each.name is not None}

    async def unmask(self, actor: str, pseudonym: str, reason: str) -> Whole:
        """Somebody's whole name; that it was looked at is recorded before. Raises NoSuchPerson, PersonUnreadable."""
        row = await self._one(pseudonym)
        person = self._pseudonyms.unseal(row.pseudonym, row.sealed)
        await self._audit.record(actor, "person.unmasked", {"person": pseudonym, "reason": reason})
        return _whole(pseudonym, person)

    async def find(self, actor: str, sought: str, reason: str) -> list[Whole]:
        """Those whose name contains `sought`, or whom devices know as exactly that; recorded before they are told.

        At most MOST_FOUND. A card that nobody is enrolled for is found by its pseudonym all the same: `known_as` is
        what was asked for, and the name is empty.
        """
        sought = canonical(sought)
        found = [whole async for whole in self._matching(sought)]
        if not found and ":" in sought:
            found = [Whole(self._pseudonyms.of(sought), "", sought, None)]
        persons = [whole.person for whole in found]
        await self._audit.record(actor, "person.sought", {"persons": persons, "reason": reason})
        return found

    async def enrol(self, actor: str, people: Sequence[Person], *, dry_run: bool) -> Enrolled:
        """Say who is behind cards; who is known by a card already gets the new name. A dry run changes nothing.

        What changes nothing is recorded as well, before it is told: that a name is unchanged says whose a card is.
        """
        named = {self._pseudonyms.of(person.known_as): person for person in people}
        before = await self._rows.of(named)
        known = {id_: self._opened(row) for id_, row in before.items()}
        new = {id_: person for id_, person in named.items() if known.get(id_) != person}
        changed = sum(id_ in known for id_ in new)
        told = Enrolled(added=len(new) - changed, changed=changed, unchanged=len(named) - len(new))
        if new and not dry_run:
            async with self._audit.change(actor, "person.enrol", {"persons": sorted(new), **_counts(told)}):
                await self._rows.put([self._row(id_, person) for id_, person in new.items()])
        else:
            await self._audit.record(actor, "person.enrol.tried", {"persons": sorted(named), **_counts(told)})
        return told

    async def forget(self, actor: str, pseudonym: str, reason: str) -> bool:
        """Delete what is known of somebody, for ever. The record keeps the pseudonym, and the card still leads to it.

        Gives whether no copy is left in the files of the store either. Raises NoSuchPerson.
        """
        await self._one(pseudonym)
        async with self._audit.change(actor, "person.forget", {"person": pseudonym, "reason": reason}):
            await self._rows.drop(pseudonym)
            return await self._upkeep.scrub()

    async def _one(self, pseudonym: str) -> Identity:
        rows = await self._rows.of([pseudonym])
        if pseudonym not in rows:
            raise NoSuchPerson(f"nobody is known as {pseudonym:.40}")
        return rows[pseudonym]

    async def _matching(self, sought: str) -> AsyncGenerator[Whole]:
        after, found = "", 0
        while rows := await self._rows.page(after=after, limit=PAGE_ROWS):
            after = rows[-1].pseudonym
            for row in rows:
                person = self._opened(row)
                if person is not None and (sought == person.known_as or sought in person.name):
                    yield _whole(row.pseudonym, person)
                    found += 1
                    if found == MOST_FOUND:
                        return
            await asyncio.sleep(0)  # a page is some milliseconds of deciphering

    def _masked(self, row: Identity) -> Masked:
        person = self._opened(row)
        if person is None:
            return Masked(row.pseudonym, None, None, None, row.at)
        return Masked(row.pseudonym, mask_name(person.name), mask_known_as(person.known_as), person.department, row.at)

    def _opened(self, row: Identity) -> Person | None:
        """What a row says; None where it cannot be read."""
        with suppress(PersonUnreadable):
            return self._pseudonyms.unseal(row.pseudonym, row.sealed)
        return None

    def _row(self, pseudonym: str, person: Person) -> Identity:
        return Identity(pseudonym, self._pseudonyms.seal(person), stamp(self._clock.now()))


def _whole(pseudonym: str, person: Person) -> Whole:
    return Whole(pseudonym, person.name, person.known_as, person.department)


def _counts(told: Enrolled) -> Mapping[str, int]:
    return {"added": told.added, "changed": told.changed, "unchanged": told.unchanged}
