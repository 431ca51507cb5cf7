"""What each verb of `hall-gateway journal` does. Every function gives the exit code."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL

from gateway.client import ask
from gateway.clock import SystemClock
from gateway.core.errors import WrongInput
from gateway.core.event_types import of_devices
from gateway.core.known import counted, unknown
from gateway.core.model import Retention
from gateway.journal import export as exporting
from gateway.journal import proof
from gateway.journal.daily import days as daily
from gateway.journal.key import load_key
from gateway.journal.lock import this_gateway
from gateway.journal.verify import verify as verify_journal
from gateway.journal.version import migrate as migrate_store
from gateway.people.secrets import read_secret
from gateway.sections import load_site
from gateway.site.kept import anchors_path, store_url
from gateway.site.surfaces import surface
from gateway.terminal import line, say, token


class Kept(NamedTuple):
    """The journal of a site file."""

    url: URL
    site: str
    key: bytes
    anchors: Path
    keep_days: Mapping[Retention, int]


def verify(options: argparse.Namespace) -> int:
    """Prove that the journal is whole, or name the first broken seq; the gateway may be running."""
    url, site, key, anchors, keep_days = _kept(options)
    verdict = verify_journal(url, key=key, anchors=[anchors, *options.anchors], site=site, keep_days=keep_days)
    say(options, verdict, verdict.what)
    return 0 if verdict.ok else 1


def export(options: argparse.Namespace) -> int:
    """Export rows as JSON lines; into a file, with a proof beside it."""
    url, site, key, *_ = _kept(options)
    _refuse_slips(options, url, site)
    chosen = exporting.Choice(
        since=options.since,
        until=options.until,
        type=options.type,
        device=options.device,
        part=options.part,
        format=options.format,
    )
    if options.out is None:
        count = -1 if options.format == "csv" else 0  # the headings are no row
        for data in proof.written(exporting.lines(url, site=site, choice=chosen), chosen):
            sys.stdout.buffer.write(data)
            count += 1
        sys.stderr.write(f"{counted(count, 'row')}\n")
        _warn(url, site, chosen, count)
        return 0
    made = proof.export(url, options.out, site=site, key=key, choice=chosen)
    _warn(url, site, chosen, made.count)
    return say(
        options, made, f"{counted(made.count, 'row')} in {options.out}; their proof in {proof.beside(options.out)}"
    )


def _refuse_slips(options: argparse.Namespace, url: URL, site: str) -> None:
    """Raises WrongInput for a type and a device that neither the site file nor the journal knows."""
    if options.type is None and options.device is None:
        return
    devices = load_site(options.site, *options.overlay).devices
    types = of_devices(surface(each) for each in devices)
    for name, known in (("type", types), ("device", {each.id for each in devices})):
        wanted = getattr(options, name)
        if wanted is None or wanted in known or exporting.recorded(url, site=site, name=name, value=wanted):
            continue
        what = "type of event" if name == "type" else name
        raise WrongInput(f"--{name}: {unknown(wanted, known, what)}")


def _warn(url: URL, site: str, choice: exporting.Choice, count: int) -> None:
    """Say on the error output what the choice names that the journal does not have, where nothing was found."""
    if count == 0:
        sys.stderr.writelines(f"warning: {told}\n" for told in exporting.strange(url, site=site, choice=choice))


def verify_export(options: argparse.Namespace) -> int:
    """Prove an exported file, without its store; with the key, that a gateway wrote each row of it."""
    key = None
    if options.key is not None:
        try:
            key = load_key(options.key.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise WrongInput(f"--key: {options.key} cannot be read") from error
    verdict = proof.check(options.file, key)
    say(options, verdict, verdict.what)
    return 0 if verdict.ok else 1


def days(options: argparse.Namespace) -> int:
    """List the days of the journal."""
    url, site, *_ = _kept(options)
    found = daily(url, site=site)
    for day in [] if options.json else found:
        seal = f"sealed {day.end_hash[:16]}…" if day.end_hash else "not sealed yet"
        line(f"{day.day or 'since':10} {day.rows:9} rows  seq {day.first_seq}-{day.last_seq}  {seal}{day.left_text()}")
    return say(options, found, "") if options.json else 0


def migrate(options: argparse.Namespace) -> int:
    """Make the tables of the store, or bring them to this program's version; the gateway may not be running."""
    url, site, *_ = _kept(options)
    before, after = migrate_store(url, this_gateway(site, SystemClock().now()))
    text = f"the store has version {after}" + ("" if before == after else f"; it had {before or 'none'}")
    return say(options, {"before": before, "after": after}, text)


def erase(options: argparse.Namespace) -> int:
    """Have a running gateway erase payloads for ever."""
    options.url = options.url or f"http://{load_site(options.site).general.http.console}"
    if options.seq is not None:
        path, body = f"/events/{options.seq}/erase", {"reason": options.reason}
    else:
        which = {name: getattr(options, name) for name in ("call", "source", "person")}
        body = {name: value for name, value in which.items() if value is not None} | {"reason": options.reason}
        path = "/erasures"
    done = ask(options.url, token(options.token_file), lambda client: client.post(path, body))
    rest = "" if done["scrubbed"] else "; a copy stays in the store's files for a while"
    return say(options, done, f"erased: {counted(done['erased'], 'payload')}{rest}")


def _kept(options: argparse.Namespace) -> Kept:
    site = load_site(options.site, *options.overlay)
    store = site.general.store
    if store is None:
        raise WrongInput(f"{options.site}: store: is missing: there is no journal")
    key = load_key(read_secret(store.key))
    kept = site.sections["journal"].keep_days.model_dump()
    keep_days = {retention: kept[retention] for retention in Retention}
    return Kept(store_url(site, store), site.general.site.id, key, anchors_path(site, store), keep_days)
