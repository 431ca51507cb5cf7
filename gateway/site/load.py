"""Loads a site file: every mistake is found at once, each with its file and line."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from gateway import registry
from gateway.core.config import DeviceConfig, SecretRef
from gateway.core.errors import GatewayError, WrongFile
from gateway.core.known import listed
from gateway.journal.key import load_key
from gateway.people.secrets import read_secret
from gateway.site.allowed import dangerous
from gateway.site.device_secrets import device_secrets
from gateway.site.files import INCLUDE, Files
from gateway.site.model import General, MqttConfig, Site
from gateway.site.overlay import lay, origin
from gateway.site.positions import Loc, Mistake, Source, is_list, is_mapping, read_yaml
from gateway.site.references import Complaint, dangling, dependencies, twice
from gateway.site.sentences import sentence
from gateway.site.tls import BadTls, tls
from gateway.site.weaknesses import weaknesses
from gateway.site.wires import addresses, claims, fieldless, units, wires

SECRETS = (("store", "key"), ("people", "key"), ("mqtt", "password"), ("store", "password"))


class SiteError(WrongFile):
    """A site file with mistakes; the text has one line for each."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)), [mistake.told() for mistake in mistakes])
        self.mistakes = tuple(mistakes)


def _no_warning(_: Mapping[str, Any]) -> Iterable[Complaint]:
    return ()


class Section(NamedTuple):
    """A section that a service owns.

    `model` and `absent` are its model and its value when it is absent. `check` is given the whole file as
    plain data, which may have any mistake, and complains of what no model can tell: names and references. `warn` is
    given the same once it has no mistake, and tells of choices that work and are weak.
    """

    name: str
    model: Any
    absent: Any
    check: Callable[[Mapping[str, Any]], Iterable[Complaint]]
    warn: Callable[[Mapping[str, Any]], Iterable[Complaint]] = _no_warning


def load(
    path: Path,
    sections: Sequence[Section] = (),
    *,
    overlays: Sequence[Path] = (),
    without: Collection[str] = (),
    simulated: bool = False,
) -> Site:
    """Load and check a site file with all that it includes, with overlays laid over it in their order.

    Files named inside are relative to the site file's folder. Sections named in `without` count as absent, and so do
    the secrets that they name; where devices are `simulated`, theirs are not read either.

    Raises SiteError with all mistakes in the order of files and lines, those of the site file first; Mistake when a
    file cannot be read at all.
    """
    files = Files(path)
    over = [read_yaml(overlay) for overlay in overlays]
    mistakes = [*files.mistakes, *(mistake for overlay in over for mistake in lay(files.data, overlay))]

    passed_over = [section for section in without if section in files.data]
    for section in passed_over:
        del files.data[section]

    def told(complaint: Complaint) -> Mistake:
        where, inside = origin(files.data, complaint.loc, reversed(over), files)
        return where.mistake(inside, complaint.text + _other(complaint.see, where, files))

    checker = _Checker(files.data, {"folder": path.parent, "lines": wires(files.data)})
    site = checker.site(path, sections)
    found = [*checker.complaints, *checker.cross_check(sections)]
    if not simulated:
        found += checker.without_simulators()
    mistakes += [told(complaint) for complaint in dict.fromkeys(found)]
    order = [*files.paths, *overlays]
    if mistakes or site is None:
        raise SiteError(sorted(mistakes, key=lambda mistake: (order.index(mistake.path), mistake.line)))
    weak = [*weaknesses(site), *(complaint for section in sections for complaint in section.warn(files.data))]
    warnings = [told(complaint) for complaint in weak]
    return site._replace(warnings=warnings, passed_over=passed_over)


def _other(loc: Loc | None, where: Source, files: Files) -> str:
    """The other place that a complaint speaks of: by its name in the same file, else by file and line too."""
    if loc is None:
        return ""
    source, inside = files.place(loc)
    other = source.mistake(inside, "")
    return f" {other.where}" if source is where else f" {other.where} of {source.path.name}:{other.line}"


class _Checker:
    """Turns the data of a site file into models, and keeps what is wrong with it."""

    def __init__(self, data: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self._data, self._context = data, dict(context)
        self.complaints: list[Complaint] = []
        self._devices_made: list[DeviceConfig] = []

    def site(self, path: Path, sections: Sequence[Section]) -> Site | None:
        """The site; None when there are complaints."""
        apart = ["devices", *(section.name for section in sections)]
        general = {key: self._data[key] for key in self._data if key not in apart}
        made = self._made(General, general, (), [*apart, INCLUDE])
        if made and made.mqtt and made.mqtt.secure:
            self._tls(made.mqtt)
        own = {
            each.name: self._made(each.model, self._data.get(each.name, each.absent), (each.name,)) for each in sections
        }
        self._devices_made = self._devices(self._data.get("devices", []))
        return None if self.complaints else Site(path, made, self._devices_made, own)

    def cross_check(self, sections: Sequence[Section]) -> Iterable[Complaint]:
        """What only the whole file can tell; each part of it whatever else is wrong."""
        yield from twice(self._data, "zones", "id")
        yield from twice(self._data, "devices", "id")
        yield from twice(self._data, "lines", "id")
        yield from addresses(self._data)
        yield from units(self._devices_made)
        yield from claims(self._devices_made)
        yield from dangling(self._data, "devices", "zone", "zones")
        yield from dependencies(self._data)
        yield from dangerous(self._data)
        yield from self._missing_secrets()
        for section in sections:
            yield from section.check(self._data)

    def without_simulators(self) -> Iterable[Complaint]:
        """What real devices lack: a secret, or the listener that they come to."""
        yield from device_secrets(self._devices_made)
        yield from fieldless(self._devices_made, self._data.get("http"))

    def _devices(self, devices: Any) -> list[DeviceConfig]:
        if not is_list(devices):
            self.complaints.append(Complaint(("devices",), "must be a list of devices"))
            return []
        return [self._device(index, device) for index, device in enumerate(devices)]

    def _device(self, index: int, device: Any) -> Any:
        loc: Loc = ("devices", index)
        if not is_mapping(device) or not isinstance(device.get("driver"), str):
            drivers = listed(registry.driver_names())
            self.complaints.append(Complaint(loc, f"must be a mapping with the key driver, which is one of: {drivers}"))
            return None
        try:
            model = registry.driver(device["driver"]).config_type
        except GatewayError as error:
            self.complaints.append(Complaint((*loc, "driver"), str(error)))
            return None
        return self._made(model, device, loc)

    def _made(self, model: Any, data: Any, loc: Loc, also: Sequence[str] = ()) -> Any:
        try:
            return TypeAdapter(model).validate_python(data, context=self._context)
        except ValidationError as error:
            details = error.errors(include_url=False)
            self.complaints += [Complaint((*loc, *detail["loc"]), sentence(detail, model, also)) for detail in details]
            return None

    def _tls(self, config: MqttConfig) -> None:
        try:
            tls(config)
        except BadTls as error:
            self.complaints.append(Complaint(("mqtt", error.key), str(error)))

    def _missing_secrets(self) -> Iterable[Complaint]:
        for section, key in SECRETS:
            inside: Any = self._data.get(section)
            ref: Any = inside.get(key) if is_mapping(inside) else None
            if is_mapping(ref):
                with suppress(ValidationError):  # said already
                    try:
                        secret = read_secret(SecretRef.model_validate(ref, context=self._context))
                        _ = load_key(secret, f"{section}.{key}") if key == "key" else None
                    except GatewayError as error:
                        yield Complaint((section, key), str(error))
