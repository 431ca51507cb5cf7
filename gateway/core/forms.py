"""What a text must look like, in words for people: a regular expression tells them nothing."""

from typing import get_args

from gateway.core.config import Id

PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$": "must be 1 to 64 letters, digits, '.', '_', ':' and '-', beginning with a "
    "letter or digit",
    r"^[A-Za-z0-9._:-]{1,32}$": "must be 1 to 32 letters, digits, '.', '_', ':' and '-'",
    r"^[A-Za-z0-9_-]{4,32}$": "must be 4 to 32 letters, digits, '_' and '-'",
    get_args(Id)[
        1
    ].pattern: "must be lower-case letters, digits, - and _ (at most 64), beginning with a letter or digit",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "must be the name of an environment variable: letters, digits and _",
}
"""The words for a pattern, wherever it stands: in the site file, in a body, in a parameter."""
