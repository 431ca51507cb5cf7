"""The verbs of the command line that look at a site file, and at what is installed. Each gives the exit code."""

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway import registry
from gateway.core.errors import GatewayError, WrongInput
from gateway.core.known import counted, unknown
from gateway.people import listing
from gateway.people.expiry import expiry
from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from gateway.sections import SECTIONS, load_site
from gateway.site.model import Site
from gateway.site.schema import driver_schema, site_schema
from gateway.terminal import line as _line
from gateway.terminal import say as _say


def check(options: argparse.Namespace) -> int:
    """Find every mistake of a site file, and warn of weak choices."""
    site = load_site(options.site, *options.overlay)
    if not options.json:
        sys.stderr.writelines(f"{weak.warning()}\n" for weak in site.warnings)
    found: dict[str, Any] = {
        "devices": len(site.devices),
        "windows": len(site.sections["windows"]),
        "zones": len(site.general.zones),
    }
    counts = ", ".join(counted(count, what.removesuffix("s")) for what, count in found.items())
    store = "" if site.general.store else "; without a store, which `run` needs"
    found["warnings"] = [weak.told() for weak in site.warnings]
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
    found = driver_schema(options.driver) if options.driver else site_schema(SECTIONS)
    _line(msgspec.json.format(msgspec.json.encode(found)).decode())
    return 0


def token(options: argparse.Namespace) -> int:
    """Make, list and revoke API tokens. A running gateway sees the change at once."""
    site = load_site(options.site)
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
    site.check_screen(options.screen if options.role == Role.SCREEN else None)
    until = None
    if options.expires is not None:
        try:
            until = expiry(options.expires, now=datetime.now(UTC), zone=ZoneInfo(site.general.site.timezone))
        except WrongInput as error:
            raise WrongInput(f"--expires: {error}") from error
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
