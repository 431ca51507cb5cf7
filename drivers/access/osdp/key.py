"""The key of a reader."""

from gateway.core.config import SecretRef
from gateway.core.contract import DeviceContext
from gateway.core.errors import AuthFailed

LENGTH = 16
KNOWN = bytes(range(0x30, 0x40))
"""SCBK-D, the key of a reader in install mode: everybody knows it (SIA OSDP 2.2, D.3)."""


def read_key(id_: str, ref: SecretRef | None, context: DeviceContext) -> bytes | None:
    """The key, None for a reader without. Raises GatewayError, AuthFailed, which never name it."""
    if ref is None:
        return None
    text = context.secret(ref)
    if (wrong := wrong_key(text)) is not None:
        raise AuthFailed(f"{id_}: the key in {ref} {wrong}")
    return bytes.fromhex(text)


def wrong_key(text: str) -> str | None:
    """Why a text is no key, never repeating it; None where it is one."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != LENGTH:
        return f"must be {2 * LENGTH} hexadecimal digits"
    if key == KNOWN or len(set(key)) == 1:
        return "is one that everybody tries: make one of your own"
    return None
