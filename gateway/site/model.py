"""The sections of the site file that belong to no service (DESIGN §8)."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gateway.core.address import HOST
from gateway.core.config import DeviceConfig, File, Id, SecretRef, TimeZone, WireAddress
from gateway.core.errors import WrongInput
from gateway.core.known import unknown
from gateway.journal.store import address, is_file
from gateway.site.positions import Mistake

PORT = re.compile(r"[0-9]{1,5}")
BROKER = re.compile(r"mqtts?://(.+?)(?::([0-9]{1,5}))?")
PATTERN = re.compile(r"[a-z0-9_*-]+(/[a-z0-9_*-]+)*/[a-z0-9_*-]+")
PREFIX = re.compile(r"(?!hall(/|$))[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def _listener(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not HOST.fullmatch(host) or not PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError("must be HOST:PORT with a port from 0 to 65535, for example 127.0.0.1:8080")
    return text


def _store(url: str) -> str:
    address(url)
    return url


def _broker(url: str) -> str:
    match = BROKER.fullmatch(url)
    if not match or not HOST.fullmatch(match[1]) or not 1 <= int(match[2] or 1883) <= 65535:
        raise ValueError("must be mqtt://HOST, mqtts://HOST, or either with :PORT, a port from 1 to 65535")
    return url


def _pattern(text: str) -> str:
    if not PATTERN.fullmatch(text):
        raise ValueError("must be TARGET/VERB, with * for any characters of either, for example led-*/blink")
    return text


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise ValueError("must be levels of letters, digits, - and _, not below hall/, for example homeassistant")
    return text


Listener = Annotated[str, AfterValidator(_listener)]


class SiteInfo(BaseModel, frozen=True, extra="forbid"):
    """`site`: which centre this is."""

    id: Id
    name: str = Field(min_length=1, max_length=80)
    timezone: TimeZone = "Asia/Shanghai"


class StoreConfig(BaseModel, frozen=True, extra="forbid"):
    """`store`: where the journal lies, and the key of its hash chain."""

    url: Annotated[str, AfterValidator(_store)]
    key: SecretRef
    password: SecretRef | None = None
    anchors: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _used(self) -> "StoreConfig":
        if self.password and is_file(address(self.url)):
            raise ValueError("password: a SQLite file has none; it goes with postgresql+psycopg://…")
        return self


class MqttConfig(BaseModel, frozen=True, extra="forbid"):
    """`mqtt`: the broker, who we are there, and what may come in by it. `mqtts://` is TLS."""

    url: Annotated[str, AfterValidator(_broker)] = Field(description="mqtt://HOST or mqtts://HOST, with :PORT or not")
    username: str | None = None
    password: SecretRef | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    ca: File | None = Field(default=None, description="PEM file of the CAs that may vouch for the broker.")
    certificate: File | None = Field(default=None, description="PEM file of the certificate that we show the broker.")
    key: SecretRef | None = Field(default=None, description="The private key of `certificate`, a PEM file.")
    allow: list[Annotated[str, AfterValidator(_pattern)]] = Field(
        default=[], description="Commands that may come by MQTT: TARGET/VERB, * for any characters of either."
    )
    discovery: Literal["homeassistant"] | None = Field(default=None, description="Announce devices to whom.")
    discovery_prefix: Annotated[str, AfterValidator(_prefix)] = "homeassistant"

    @model_validator(mode="after")
    def _tls(self) -> "MqttConfig":
        if not self.secure and (self.ca or self.certificate or self.key):
            raise ValueError("ca, certificate and key are for TLS: the url must begin with mqtts://")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: one of them is missing")
        if self.key is not None and self.key.file is None:
            raise ValueError("key must be {file: NAME}: a private key is read from a file")
        return self

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted and the broker proves its name."""
        return self.url.startswith("mqtts:")


class HttpConfig(BaseModel, frozen=True, extra="forbid"):
    """`http`: the listeners. `field` serves only what devices post to inlets."""

    console: Listener = "127.0.0.1:8080"
    field: Listener | None = None

    @model_validator(mode="after")
    def _apart(self) -> "HttpConfig":
        if self.field == self.console and not self.console.endswith(":0"):
            raise ValueError(f"console and field must be two listeners, both are {self.console}")
        return self


class PeopleConfig(BaseModel, frozen=True, extra="forbid"):
    """`people`: the file that holds the hashed tokens; `hall-gateway token` writes it.

    `key` keeps people apart from the record: it seals their names and makes their pseudonyms. Without it the key of
    the store does.
    """

    tokens: str = "tokens.json"
    key: SecretRef | None = None


class Zone(BaseModel, frozen=True, extra="forbid"):
    """`zones[]`: a part of the centre."""

    id: Id
    name: str = Field(min_length=1, max_length=80)


class LineConfig(BaseModel, frozen=True, extra="forbid"):
    """`lines[]`: a wire that several devices share."""

    id: Id
    address: WireAddress = Field(description="Its port here, or at a serial server.")
    turnaround_ms: int = Field(default=20, ge=0, le=1000, description="How long it rests between two turns.")

    @property
    def turnaround_s(self) -> float:
        return self.turnaround_ms / 1000


class General(BaseModel, frozen=True, extra="forbid"):
    """Everything but the devices and the services' sections."""

    site: SiteInfo
    store: StoreConfig | None = None
    mqtt: MqttConfig | None = None
    http: HttpConfig = HttpConfig()
    people: PeopleConfig = PeopleConfig()
    zones: list[Zone] = []
    lines: list[LineConfig] = []


class Site(NamedTuple):
    """A site file that holds together. `sections` has one value for each section that a service asked for.

    `warnings` are choices that work and are weak, each with its file and line. `passed_over` are the sections that are
    there and that nobody wanted to read.
    """

    path: Path
    general: General
    devices: list[DeviceConfig]
    sections: dict[str, Any]
    warnings: Sequence[Mistake] = ()
    passed_over: Collection[str] = ()

    def check_screen(self, id_: str | None) -> None:
        """Raises WrongInput where a key of this screen would open nothing; None is no screen."""
        pages = [device.id for device in self.devices if device.is_page]
        if id_ is not None and id_ not in pages:
            raise WrongInput(f"a key opens the page of a screen: {unknown(id_, pages, 'such page')}")

    @property
    def folder(self) -> Path:
        """What relative paths of the file are relative to."""
        return self.path.parent


class InForce:
    """The site file that the hall is run by: a reload puts another one in its place."""

    def __init__(self, site: Site) -> None:
        self.site = site
