"""Keys that are lent: made when somebody asks for one, and revoked at the end."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.people.rights import Role
from gateway.people.tokens import MOST_NAME, Tokens, UnknownToken


@contextmanager
def lent_keys(path: Path) -> Generator[Callable[[str], str]]:
    """Makes a screen's key when asked for one, by the screen's id; all of them are revoked when left."""
    tokens, lent = Tokens(path), list[str]()

    def key(screen: str) -> str:
        name = f"simulated {screen}"[:MOST_NAME]
        with suppress(UnknownToken):
            tokens.revoke(name)  # of a run that was killed
        lent.append(name)
        return tokens.new(name, Role.SCREEN, screen=screen)

    try:
        yield key
    finally:
        for name in lent:
            tokens.revoke(name)
