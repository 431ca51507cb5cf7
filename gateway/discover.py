"""The verb `discover`: finds devices that are in no site file yet. Gives the exit code."""

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gateway import registry
from gateway.core.errors import GatewayError, WrongInput
from gateway.core.known import counted, unknown
from gateway.core.search import Found, Search
from gateway.terminal import progress, say
from gateway.wire.broadcast import ask_everybody, broadcasts

MOST = 1024
"""Devices that are told of one search: more are no hall."""


class _Answers:
    """What was found, each answer once."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.found: dict[tuple[str, str, int], Found] = {}
        self.left_off = False

    def hear(self, data: bytes, host: str, port: int) -> None:
        answer = self._search.read(data, host, port)
        if answer is None or (answer.key, host, port) in self.found:
            return
        if len(self.found) >= MOST:
            self.left_off = True
            return
        self.found[answer.key, host, port] = answer


def discover(options: argparse.Namespace) -> int:
    """Ask all devices of a system who they are; 1 where nobody could be asked."""
    every = registry.driver_names()
    names = [name for name in every if name.partition(".")[0] == options.system]
    if not names:
        raise WrongInput(unknown(options.system, {name.partition(".")[0] for name in every}, "system"))
    searches = _searches(names)
    if not searches:
        raise WrongInput(f"no driver of {options.system} can search: name its devices in the site file")
    found = [device for name, search in searches.items() for device in asyncio.run(_search(name, search, options))]
    return say(options, {"found": found, "snippet": snippet(found)}, _text(found))


def snippet(devices: Sequence[Mapping[str, Any]]) -> str:
    """The devices as a section of a site file; of those with one id the first. JSON values are YAML as well."""
    entries: dict[str, Mapping[str, Any]] = {}
    for device in devices:
        entries.setdefault(device["entry"]["id"], device["entry"])
    lines = ["devices:"]
    for entry in entries.values():
        words = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items()]
        lines += [f"  - {words[0]}", *(f"    {word}" for word in words[1:])]
    return "\n".join(lines) if entries else "devices: []"


def _searches(names: Sequence[str]) -> dict[str, Search]:
    found: dict[str, Search] = {}
    for name in names:
        try:
            search = registry.driver(name).search
        except GatewayError as error:  # those beside it are found all the same
            progress(f"{error}")
            continue
        if search is not None:
            found[name] = search
    return found


async def _search(name: str, search: Search, options: argparse.Namespace) -> list[dict[str, Any]]:
    named = [(host, port or search.port) for host, port in options.broadcast]
    places = named or [(host, search.port) for host in broadcasts()]
    if not places:
        raise GatewayError("no interface has a broadcast address: name one by --broadcast ADDRESS")
    answers = _Answers(search)
    failed = await ask_everybody(search.question, places, options.timeout, answers.hear)
    for place, why in failed.items():
        progress(f"{place[0]}:{place[1]} cannot be asked: {why}")
    if len(failed) == len(set(places)):
        raise GatewayError(f"nobody could be asked for {name}")
    if answers.left_off:
        progress(f"{name}: more than {MOST} answers; the others are left off")
    found = [answers.found[place] for place in sorted(answers.found)]
    for key, count in Counter(each.key for each in found).items():
        if count > 1:
            progress(f"{name}: {key} answers from {count} addresses: look which of them is the right one")
    return [{"driver": name, **each.told, "entry": _entry(name, each)} for each in found]


def _entry(name: str, found: Found) -> dict[str, Any]:
    entry = dict(found.entry)
    return {"id": entry.pop("id"), "driver": name, **entry}


def _text(devices: Sequence[Mapping[str, Any]]) -> str:
    if not devices:
        return "nobody has answered"
    own = [
        "  ".join(f"{name} {value}" for name, value in device.items() if name != "entry" and value is not None)
        for device in devices
    ]
    return "\n".join([*own, "", f"# {counted(len(devices), 'device')} for the site file", snippet(devices)])
