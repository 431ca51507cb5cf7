"""What somebody may do: every route and every verb names one right."""

from enum import StrEnum

REASON = "for the audit, at most 200 characters; kept as it is written, whatever is erased: no names, no card numbers"
"""What is said to who is asked for a reason, wherever that is."""


class Right(StrEnum):
    """A right. docs/reference/people.md tells which role has which."""

    VIEW = "view"
    """See devices, windows, screens and what happened."""
    PERSONS = "persons"
    """See events of the class `access`: who passed where, names masked."""
    CALL = "call"
    """Call numbers."""
    COMMAND = "command"
    """Ask verbs of devices; verbs that open something want `unlock` instead."""
    ALARM = "alarm"
    """Acknowledge and shelve alarms."""
    AUDIT = "audit"
    """See events of the class `audit`: who did what."""
    EXPORT = "export"
    """Take events away as a file."""
    ERASE = "erase"
    """Erase what is recorded of somebody, for ever."""
    UNMASK = "unmask"
    """See the whole name of a person, where one is kept."""
    ENROL = "enrol"
    """Say whose a card is."""
    UNLOCK = "unlock"
    """Open what is locked; always with a reason."""
    TOKENS = "tokens"
    """Make, see and revoke tokens."""
    SCREEN = "screen"
    """Show the page of one screen."""
