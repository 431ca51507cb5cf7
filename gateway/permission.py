"""Who may ask what: the right that a verb wants, a reason where it must be given, and the zones that it reaches."""

from collections.abc import Mapping

from gateway.core.errors import CommandRejected, GatewayError
from gateway.core.model import Verb
from gateway.core.rights import Right
from gateway.people.rights import Principal


class Forbidden(GatewayError):
    """The principal lacks the right."""


def permit(target: str, verb: Verb, who: Principal, reason: str | None) -> None:
    """Raises Forbidden, or CommandRejected where a reason must be given."""
    if not who.may_ask(target, verb):
        if who.role is None:
            why = "dangerous verbs need a person" if verb.dangerous else "mqtt.allow does not name it"
            raise Forbidden(f"{who.name} may not ask {verb.name!r} of {target}: {why}")
        raise Forbidden(f"{who.name} has the role {who.role}, which lacks the right {verb.right}")
    if (verb.right is Right.UNLOCK or verb.reasoned) and not (reason or "").strip():
        raise CommandRejected(f"{target}: {verb.name!r} needs a reason: it goes into the record")


def permit_parts(
    device: str, part: str | None, verb: Verb, who: Principal, zones: Mapping[tuple[str, str], str]
) -> None:
    """Raises Forbidden where a verb of a device would reach a part in a zone that is none of who asks.

    `zones` are those of parts that are of another one than their device. A verb of the device itself reaches all of its
    parts where it is dangerous or wants the right `unlock`: it decides who may pass, or what is kept, for all of them.
    """
    every = part is None and (verb.dangerous or verb.right is Right.UNLOCK)
    reached = {zone for (owner, own), zone in zones.items() if owner == device and (every or own == part)}
    if beyond := sorted(zone for zone in reached if not who.sees(zone)):
        raise Forbidden(f"{who.name} may not ask {verb.name!r} of {device}: it reaches doors of {', '.join(beyond)}")
