"""The key of the hash chain: 32 random bytes or more, kept outside the store."""

import os
import secrets
from pathlib import Path

from gateway.core.errors import GatewayError, WrongInput

KEY_BYTES = 32


def load_key(text: str, name: str = "store.key") -> bytes:
    """A key from its hexadecimal text; `name` is where the site file has it.

    Raises GatewayError when it is no such text, or too short.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise WrongInput(f"{name}: must be {2 * KEY_BYTES} or more hexadecimal digits")
    return key


def make_key(path: Path) -> bytes:
    """Make a new key in a new file that only its owner can read. Raises GatewayError when the file exists."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise GatewayError(f"store.key: {path} exists already") from None
    return key
