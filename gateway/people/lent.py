"""Keys that are lent: made when somebody asks for one, and revoked at the end."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.people.rights import Role
from gateway.people.tokens import MOST_NAME, Tokens, UnknownToken, hash_of


@contextmanager
def lent_keys(path: Path, lender: str) -> Generator[Callable[[str], str]]:
    """Makes a screen's key when asked for one, by the screen's id; all of them are revoked when left.

    `lender` tells apart who lends from the same file at the same time; what an earlier run with the same name left
    there is replaced.
    """
    tokens, lent = Tokens(path), list[str]()

    def key(screen: str) -> str:
        name = _name(lender, screen)
        with suppress(UnknownToken):
            tokens.revoke(name)  # of a run that was killed
        lent.append(name)
        return tokens.new(name, Role.SCREEN, screen=screen)

    try:
        yield key
    finally:
        for name in lent:
            with suppress(UnknownToken):  # somebody has revoked it by hand
                tokens.revoke(name)


def _name(lender: str, screen: str) -> str:
    """One of its own for each screen, however long their ids are."""
    name = f"simulated {lender} {screen}"
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 9]}-{hash_of(screen)[:8]}"
