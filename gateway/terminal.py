"""What the verbs of the command line share: how they print, and which token they show."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.errors import WrongInput

TOKEN = re.compile(r"[!-~]+")


def say(options: argparse.Namespace, value: Any, text: str) -> int:
    """Print a value with `--json`, else its text; gives the exit code 0."""
    line(msgspec.json.encode(value).decode() if options.json else text)
    return 0


def line(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def progress(text: str) -> None:
    """Tell who waits how far it is, apart from the answer."""
    sys.stderr.write(f"{text}\n")


def token(path: Path | None) -> str:
    """The token in a file, else in the variable HALL_TOKEN. Raises WrongInput."""
    if path is not None:
        try:
            return _one_word(path.read_text(encoding="utf-8", errors="replace"), f"--token-file: {path}")
        except OSError as error:
            raise WrongInput(f"--token-file: {path} cannot be read: {error.strerror}") from error
    found = os.environ.get("HALL_TOKEN")
    if not found:
        raise WrongInput("no token: set HALL_TOKEN or name a --token-file (hall-gateway token new SITE NAME makes one)")
    return _one_word(found, "HALL_TOKEN")


def _one_word(text: str, where: str) -> str:
    if not TOKEN.fullmatch(text.strip()):
        raise WrongInput(f"{where} must hold a token and nothing else (hall-gateway token new SITE NAME makes one)")
    return text.strip()
