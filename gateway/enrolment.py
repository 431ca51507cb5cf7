"""What each verb of `hall-gateway persons` does, by a running gateway: whose a card is. Each gives the exit code."""

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from gateway.asking import ask
from gateway.client import Client
from gateway.core.errors import WrongInput
from gateway.people.card_list import CardList, decoded, read
from gateway.site.load import SiteError
from gateway.site.positions import Mistake
from gateway.terminal import progress, say

PAGE_ROWS = 200
COUNTS = ("added", "changed", "unchanged")


def load(options: argparse.Namespace) -> int:
    """Enrol the people of a CSV file; with a bad line nobody is enrolled, and every bad line is told."""
    found = _read(options)
    if found.bad:
        raise SiteError([Mistake(options.file, bad.line, (), bad.why) for bad in found.bad])
    done = ask(options, lambda client: _enrol(client, found, dry_run=options.dry_run))
    told_ = "would be " if options.dry_run else ""
    return say(options, done, ", ".join(f"{done[count]} {told_}{count}" for count in COUNTS))


def listed(options: argparse.Namespace) -> int:
    """List the people whose cards are known, masked."""
    found = ask(options, _everybody)
    return say(options, found, "\n".join(_person(person) for person in found) or "nobody is enrolled")


def find(options: argparse.Namespace) -> int:
    """Find people by a part of their name, or by card:NUMBER or employee:NUMBER."""
    body = {"name": options.name, "reason": options.reason}
    found = ask(options, lambda client: client.post("/persons/find", body))["persons"]
    return say(options, found, "\n".join(_person(person) for person in found) or "nobody is found")


def unmask(options: argparse.Namespace) -> int:
    """Tell a whole name; the audit keeps who asked and why."""
    path = f"/persons/{quote(options.person, safe='')}/unmask"
    person = ask(options, lambda client: client.post(path, {"reason": options.reason}))
    return say(options, person, _person(person))


def forget(options: argparse.Namespace) -> int:
    """Delete what is known of somebody, for ever."""
    path = f"/persons/{quote(options.person, safe='')}/forget"
    done = ask(options, lambda client: client.post(path, {"reason": options.reason}))
    rest = "" if done["scrubbed"] else "; a copy stays in the store's files for a while"
    return say(options, done, f"no name stands behind {done['person']} any more{rest}")


def _read(options: argparse.Namespace) -> CardList:
    try:
        return read(decoded(options.file.read_bytes()))
    except OSError as error:
        raise WrongInput(f"{options.file} cannot be read: {error.strerror}") from error
    except WrongInput as error:
        raise WrongInput(f"{options.file}: {error}") from error


async def _enrol(client: Client, found: CardList, *, dry_run: bool) -> dict[str, int]:
    done: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for first in range(0, len(found.people), PAGE_ROWS):
        some = msgspec.to_builtins(found.people[first : first + PAGE_ROWS])
        done.update(await client.post("/persons", {"persons": some, "dry_run": dry_run}))
        if len(found.people) > PAGE_ROWS:
            progress(f"{min(first + PAGE_ROWS, len(found.people))} of {len(found.people)}")
    return dict(done)


async def _everybody(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = await client.get("/persons")
    found += page["persons"]
    while page["next"]:
        page = await client.get(f"/persons?after={page['next']}")
        found += page["persons"]
    return found


def _person(person: Mapping[str, Any]) -> str:
    if person["name"] is None:
        return f"{person['person']:20} cannot be read"
    return f"{person['person']:20} {person['known_as']:24} {person['name']:12} {person['department'] or ''}".rstrip()
