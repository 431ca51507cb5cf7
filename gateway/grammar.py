"""How a verb of the command line is declared: what it runs, and the options that many have."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def verb(
    add: Any,
    name: str,
    run: str,
    text: str,
    *,
    site: bool = False,
    overlays: bool = False,
    api: bool = False,
    first: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """A verb: `run` is its `module:function`; `first` is an argument and what it may be."""
    made: argparse.ArgumentParser = add.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    made.set_defaults(run=run)
    made.add_argument("--json", action="store_true", help="print JSON instead of text for people")
    if first:
        made.add_argument(first[0], choices=first[1:], help="what to do")
    if site:
        made.add_argument("site", type=Path, metavar="SITE", help="the site file")
    if overlays:
        made.add_argument(
            "--overlay", type=Path, action="append", default=[], help="a file laid over SITE (repeatable)"
        )
    if api:
        known = "of the gateway (default: the variable HALL_URL, or http://127.0.0.1:8080)"
        of_gateway(made, known, default=os.environ.get("HALL_URL") or "http://127.0.0.1:8080")
    return made


def of_gateway(verb: argparse.ArgumentParser, text: str, *, default: str | None) -> None:
    """The options that say which running gateway is asked, and with which token."""
    verb.add_argument("--url", default=default, help=text)
    verb.add_argument("--token-file", type=Path, help="holds the token (default: the variable HALL_TOKEN)")
