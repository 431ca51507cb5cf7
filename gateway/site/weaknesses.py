"""Choices of a site file that work and are weak: `check` and `run` warn of them."""

import stat
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from gateway.core.config import SecretRef
from gateway.core.errors import GatewayError
from gateway.journal.store import is_file, located, placed
from gateway.people.secrets import read_secret, secret_path
from gateway.site.model import General, Site
from gateway.site.references import Complaint

SHORTEST = 8  # characters of a password; shorter ones are tried through in minutes
PLAIN_PAGES = (
    "serves the pages of screens without TLS: a browser keeps such a page only while it is open, so that one which is "
    "loaded while the gateway is away is the browser's error; put a proxy with TLS before it, and bind it to 127.0.0.1"
)
DEFAULTS = frozenset(
    {"admin", "password", "123456", "12345678", "888888", "88888888", "admin123", "Admin123", "gateway"}
)
"""Passwords that boxes and manuals come with."""


def weaknesses(site: Site) -> Iterable[Complaint]:
    """All weak choices of a site."""
    general = site.general
    yield from _broker(general)
    yield from _store(site)
    if not is_loopback(general.http.console.rpartition(":")[0]):
        yield Complaint(("http", "console"), "is served without TLS: keep it on 127.0.0.1, behind a proxy with TLS")
    field = (general.http.field or "127.0.0.1:").rpartition(":")[0]
    if not is_loopback(field) and any(device.is_page for device in site.devices):
        yield Complaint(("http", "field"), PLAIN_PAGES)
    yield from _secrets(general)
    for index, roster in enumerate(site.sections.get("roster", ())):
        if not Path(roster.file).is_file():
            yield Complaint(
                ("roster", index, "file"), f"there is no file {roster.file}: nothing is shown until it comes"
            )
    for index, device in enumerate(site.devices):
        for key, text in device.weaknesses():
            yield Complaint(("devices", index, key), text)


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host never leaves the machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _broker(general: General) -> Iterable[Complaint]:
    if general.mqtt is None:
        return
    url = urlsplit(general.mqtt.url)
    if is_loopback(url.hostname or ""):
        return
    if url.scheme == "mqtt":
        yield Complaint(("mqtt", "url"), "everything crosses the network in the clear: use mqtts:// to this broker")
    if general.mqtt.username is None and general.mqtt.certificate is None:
        yield Complaint(("mqtt",), "the broker takes us without a username: then it takes everybody")


def _store(site: Site) -> Iterable[Complaint]:
    if site.general.store is None:
        return
    place = placed(located(site.general.store.url), site.folder)
    if is_file(place):
        yield from _private(("store", "url"), Path(place.database or ""))
    url = urlsplit(site.general.store.url)
    options = dict(parse_qsl(url.query))
    host = url.hostname or options.get("host", "/")  # without one libpq takes a socket of this machine
    if not host.startswith("/") and not is_loopback(host) and options.get("sslmode") != "verify-full":
        yield Complaint(("store", "url"), "nobody knows which server answers: use ?sslmode=verify-full&sslrootcert=…")


def _secrets(general: General) -> Iterable[Complaint]:
    """Secrets that others may read, or guess; that they can be read at all is known by now."""
    if general.store is not None:
        yield from _readable(("store", "key"), general.store.key)
    if general.mqtt is not None and general.mqtt.key is not None:
        yield from _readable(("mqtt", "key"), general.mqtt.key)
    if general.mqtt is not None and general.mqtt.password is not None:
        yield from _password(("mqtt", "password"), general.mqtt.password)
    if general.store is not None and general.store.password is not None:
        yield from _password(("store", "password"), general.store.password)


def _password(loc: tuple[str, str], ref: SecretRef) -> Iterable[Complaint]:
    yield from _readable(loc, ref)
    with suppress(GatewayError):
        password = read_secret(ref)
        if len(password) < SHORTEST or password in DEFAULTS:
            yield Complaint(loc, f"is easily guessed: choose {SHORTEST} or more characters that no manual has")


def _readable(loc: tuple[str, str], ref: SecretRef) -> Iterable[Complaint]:
    if ref.file:
        yield from _private(loc, secret_path(ref))


def _private(loc: tuple[str, str], path: Path) -> Iterable[Complaint]:
    with suppress(OSError):
        if path.stat().st_mode & stat.S_IRWXO:
            yield Complaint(loc, f"everybody on this machine may use {path.name}: chmod 600")
