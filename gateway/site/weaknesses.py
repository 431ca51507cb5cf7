"""Choices of a site file that work and are weak: `check` and `run` warn of them."""

import stat
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from gateway.core.config import SecretRef
from gateway.core.errors import GatewayError
from gateway.people.secrets import read_secret, secret_path
from gateway.site.model import General, Site
from gateway.site.references import Complaint

SHORTEST = 8  # characters of a password; shorter ones are tried through in minutes
DEFAULTS = frozenset(
    {"admin", "password", "123456", "12345678", "888888", "88888888", "admin123", "Admin123", "gateway"}
)
"""Passwords that boxes and manuals come with."""


def weaknesses(site: Site) -> Iterable[Complaint]:
    """All weak choices of a site."""
    general = site.general
    yield from _broker(general)
    if not is_loopback(general.http.console.rpartition(":")[0]):
        yield Complaint(("http", "console"), "is served without TLS: keep it on 127.0.0.1, behind a proxy with TLS")
    yield from _secrets(general)
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


def _secrets(general: General) -> Iterable[Complaint]:
    """Secrets that others may read, or guess; that they can be read at all is known by now."""
    if general.store is not None:
        yield from _readable(("store", "key"), general.store.key)
    if general.mqtt is not None and general.mqtt.key is not None:
        yield from _readable(("mqtt", "key"), general.mqtt.key)
    if general.mqtt is not None and general.mqtt.password is not None:
        loc = ("mqtt", "password")
        yield from _readable(loc, general.mqtt.password)
        with suppress(GatewayError):
            password = read_secret(general.mqtt.password)
            if len(password) < SHORTEST or password in DEFAULTS:
                yield Complaint(loc, f"is easily guessed: choose {SHORTEST} or more characters that no manual has")


def _readable(loc: tuple[str, str], ref: SecretRef) -> Iterable[Complaint]:
    with suppress(OSError):
        path = secret_path(ref)
        if ref.file and Path(path).stat().st_mode & stat.S_IRWXO:
            yield Complaint(loc, f"everybody on this machine may use {path.name}: chmod 600")
