"""The verbs of the command line that are done at once. Each gives the exit code."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from gateway import app, registry
from gateway.conformance.run import Outcome, prove
from gateway.core.errors import GatewayError, WrongInput
from gateway.people import listing
from gateway.people.expiry import expiry
from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from gateway.site.model import Site
from gateway.site.references import unknown
from gateway.site.schema import driver_schema, site_schema
from gateway.terminal import ask as _ask
from gateway.terminal import line as _line
from gateway.terminal import say as _say
from gateway.terminal import token as token_of


def check(options: argparse.Namespace) -> int:
    """Find every mistake of a site file, and warn of weak choices."""
    site = app.load_site(options.site, *options.overlay)
    if not options.json:
        sys.stderr.writelines(f"{weak.warning()}\n" for weak in site.warnings)
    found: dict[str, Any] = {
        "devices": len(site.devices),
        "windows": len(site.sections["windows"]),
        "zones": len(site.general.zones),
    }
    counts = ", ".join(f"{count} {what}" for what, count in found.items())
    store = "" if site.general.store else "; without a store, which `run` needs"
    found["warnings"] = [weak.plain() for weak in site.warnings]
    return _say(options, {"ok": True, **found}, f"{options.site}: ok: {counts}{store}")


def drivers(options: argparse.Namespace) -> int:
    """List the installed drivers; what is wrong with one stands in its line."""
    found: dict[str, Any] = {}
    broken: dict[str, Any] = {}
    for name in registry.driver_names():
        try:
            found[name] = _summary(registry.driver(name))
        except GatewayError as error:
            found[name], broken[name] = {"error": str(error)}, f"ERROR: {error}"
    _say(options, found, "\n".join(f"{name:24} {text}" for name, text in (found | broken).items()))
    return 1 if broken else 0


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of the site file, or of one driver's section."""
    if options.driver is not None and options.driver not in registry.driver_names():
        raise WrongInput(unknown(options.driver, registry.driver_names(), "driver"))
    found = driver_schema(options.driver) if options.driver else site_schema(app.SECTIONS)
    _line(msgspec.json.format(msgspec.json.encode(found)).decode())
    return 0


def call(options: argparse.Namespace) -> int:
    """Call a number to a window of a running gateway."""
    call_id = f"cli-{os.urandom(6).hex()}"
    body = {"call_id": call_id, "window": options.window, "ticket": options.ticket}
    answer = _ask(options, lambda client: client.post("/calls", body))
    return _say(options, answer, f"{options.ticket} is accepted for {options.window} (call {call_id})")


def conformance_queue(options: argparse.Namespace) -> int:
    """Prove that a running site takes calls as its documents say; 1 when a promise was broken."""

    def told(outcome: Outcome) -> None:
        if not options.json:
            _line(f"{'ok    ' if outcome.broken is None else 'BROKEN'} {outcome.promise}")
            if outcome.broken is not None:
                _line(f"       {outcome.broken}")

    token = token_of(options.token_file)
    report = asyncio.run(prove(options.url, window=options.window, token=token, told=told))
    times = (
        f"a call is accepted in {report.accept_p50_ms:.1f} ms, at most {report.accept_max_ms:.1f}"
        if report.kept
        else "not all was kept"
    )
    _say(options, report, times)
    return 0 if report.kept else 1


def devices(options: argparse.Namespace) -> int:
    """List the devices of a running gateway."""
    found = _ask(options, lambda client: client.get("/devices"))["devices"]
    rows = [f"{device['id']:24} {device['status']:10} {device['driver']:24} {device['why'] or ''}" for device in found]
    return _say(options, found, "\n".join(rows))


def alarms(options: argparse.Namespace) -> int:
    """List, acknowledge and shelve the alarms of a running gateway."""
    if options.do == "list":
        found = _ask(options, lambda client: client.get("/alarms"))
        return _say(options, found, "\n".join(_alarm(alarm) for alarm in found["alarms"]) or "no alarms")
    if options.id is None:
        raise WrongInput(f"alarms {options.do}: the ALARM is missing; `alarms list` tells them")
    path, body = f"/alarms/{quote(options.id, safe='')}", {"reason": options.reason}
    if options.do == "shelve":
        body["for_s"] = options.for_s
    if options.do == "ack":
        body["occurrence"] = options.occurrence
        if options.occurrence is None:
            body["occurrence"] = _ask(options, lambda client: client.get(path))["occurrence"]
    alarm = _ask(options, lambda client: client.post(f"{path}/{options.do}", body))
    return _say(options, alarm, _alarm(alarm))


def _alarm(alarm: Mapping[str, Any]) -> str:
    behind = f" (behind {alarm['root']})" if alarm["root"] else ""
    told = f"{alarm['title']['en']}{behind}"
    return f"{alarm['priority']:9} {alarm['state']:13} {alarm['id']:40} {alarm['occurrence']:8} {told}"


def token(options: argparse.Namespace) -> int:
    """Make, list and revoke API tokens. A running gateway sees the change at once."""
    site = app.load_site(options.site)
    tokens = Tokens(site.folder / site.general.people.tokens)
    if options.do == "list":
        entries = tokens.entries()
        return _say(options, [listing.plain(entry) for entry in entries], listing.lines(entries))
    if options.name is None:
        raise WrongInput(f"token {options.do}: the NAME is missing")
    if options.do == "revoke":
        tokens.revoke(options.name)
        return _say(options, {"revoked": options.name}, f"token {options.name} is revoked")
    return _new_token(options, site, tokens)


def _new_token(options: argparse.Namespace, site: Site, tokens: Tokens) -> int:
    known = {zone.id for zone in site.general.zones}
    for zone in options.zone:
        if zone not in known:
            raise WrongInput(unknown(zone, known, "zone"))
    until = None
    if options.expires is not None:
        until = expiry(options.expires, now=datetime.now(UTC), zone=ZoneInfo(site.general.site.timezone))
    made = tokens.new(
        options.name,
        Role(options.role),
        screen=options.screen,
        zones=options.zone or None,
        expires_at=until,
        by=f"cli:{os.environ.get('SUDO_USER') or os.getuid()}",
    )
    return _say(options, {"name": options.name, "role": options.role, "expires_at": until, "token": made}, made)


def _summary(driver: type) -> str:
    """The first line of what a driver's module says of itself."""
    return (sys.modules[driver.__module__].__doc__ or "").strip().partition("\n")[0]
