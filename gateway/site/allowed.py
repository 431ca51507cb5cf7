"""What `mqtt.allow` allows: patterns of commands, and those that could never be done by MQTT."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.core.model import Verb
from gateway.site.positions import is_list, is_mapping
from gateway.site.references import Complaint
from gateway.site.surfaces import Surfaces


def pattern(text: str) -> re.Pattern[str]:
    """TARGET/VERB with * for any characters of either; a target may have levels, a verb has none."""
    target, _, verb = text.rpartition("/")
    return re.compile(f"{_starred(target, '.*')}/{_starred(verb, '[^/]*')}")


def dangerous(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of every entry that names a verb which is dangerous wherever the entry allows it.

    Where other devices have a harmless verb of that name, or the verb has a *, the entry is good for what is harmless.
    """
    mqtt: Any = data.get("mqtt")
    allow: Any = mqtt.get("allow") if is_mapping(mqtt) else None
    surfaces = Surfaces(data)
    for index, text in enumerate(allow if is_list(allow) else []):
        if not isinstance(text, str) or "*" in (name := text.rpartition("/")[2]):
            continue
        verbs = [verb for device in surfaces.devices for verb in _allowed(surfaces, device, text)]
        if verbs and all(verb.dangerous for verb in verbs):
            why = f"{name!r} is dangerous, and is never done by MQTT: there is no person behind a message"
            yield Complaint(("mqtt", "allow", index), why)


def _allowed(surfaces: Surfaces, device: str, text: str) -> Iterable[Verb]:
    """The verbs of a device that an entry allows."""
    name = text.rpartition("/")[2]
    surface = surfaces.of(device) if pattern(text).fullmatch(f"{device}/{name}") else None
    for kind in (surface.device, *surface.kinds.values()) if surface is not None else ():
        yield from (verb for verb in kind.verbs if verb.name == name)


def _starred(text: str, star: str) -> str:
    return star.join(map(re.escape, text.split("*")))
