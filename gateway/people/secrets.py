"""Secrets by reference: nothing secret stands in the site file."""

import os
from pathlib import Path

from gateway.core.config import SecretRef
from gateway.core.errors import GatewayError


def read_secret(ref: SecretRef) -> str:
    """The secret behind a reference, without the line end. Raises GatewayError, naming the reference only."""
    if ref.env is not None:
        value = os.environ.get(ref.env, "")
        if not value:
            raise GatewayError(f"secret: {ref} is not set")
        return value
    path = secret_path(ref)
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise GatewayError(f"secret: {path} cannot be read: {reason}") from error
    if not value:
        raise GatewayError(f"secret: {path} is empty")
    return value


def secret_path(ref: SecretRef) -> Path:
    """Where a `{file: …}` secret lies: a systemd credential of that name comes first."""
    path = Path(ref.file or "")
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(credentials) / path.name if credentials else path
    return credential if credential.is_file() else path
