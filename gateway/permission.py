"""Who may ask what: the right that a verb wants, and a reason where it must be given."""

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
