"""The key of a reader."""

from drivers.access.osdp.config import OsdpConfig
from gateway.core.contract import DeviceContext
from gateway.core.errors import AuthFailed

LENGTH = 16
KNOWN = bytes(range(0x30, 0x40))
"""SCBK-D, the key of a reader in install mode: everybody knows it (SIA OSDP 2.2, D.3)."""


def read_key(config: OsdpConfig, context: DeviceContext) -> bytes | None:
    """The key, None for a reader without. Raises GatewayError, AuthFailed, which never name it."""
    if config.key is None:
        return None
    try:
        key = bytes.fromhex(context.secret(config.key))
    except ValueError:
        key = b""
    if len(key) != LENGTH:
        raise AuthFailed(f"{config.id}: the key in {config.key} must be {2 * LENGTH} hexadecimal digits")
    if key == KNOWN or len(set(key)) == 1:
        raise AuthFailed(f"{config.id}: the key in {config.key} is one that everybody tries: make one of your own")
    return key
