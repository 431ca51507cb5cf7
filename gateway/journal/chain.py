"""The hash chain, pure. docs/reference/journal.md gives it byte for byte, with a worked example.

payload_hash = SHA-256(salt ‖ payload)
hash         = HMAC-SHA-256(key, prev_hash ‖ canonical JSON array of the columns in COVERED)
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

GENESIS = bytes(32)
"""`prev_hash` of the first row of a site."""

SALT_BYTES = 16
BLOCK_BYTES = 64  # of SHA-256
COVERED = (
    *("site", "seq", "at", "device_at", "clock_offset_s", "device", "part"),
    *("type", "class", "volatile", "payload_hash", "source_key"),
)
"""Every column but payload, salt, prev_hash and hash, in the order in which they are hashed."""

PAYLOAD_HASH = COVERED.index("payload_hash")
NO_ROW_OF_OURS = (TypeError, ValueError, AttributeError)  # what values of a kind that we never write lead to
ENCODER = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """JSON as it is hashed: UTF-8, keys sorted, no spaces. Raises TypeError, ValueError, RecursionError."""
    return ENCODER.encode(value)


def payload_hash(salt: bytes, payload: bytes) -> bytes:
    """The commitment to a payload: without the salt nobody can find the payload by guessing."""
    return hashlib.sha256(salt + payload).digest()


def row_hash(key: bytes, prev_hash: bytes, covered: Sequence[Any]) -> bytes:
    """The hash of a row; `covered` are its values of COVERED, `payload_hash` as bytes."""
    values = list(covered)
    values[PAYLOAD_HASH] = values[PAYLOAD_HASH].hex()
    inner, outer = _padded(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(prev_hash + ENCODER.encode(values))
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


@lru_cache(maxsize=4)
def _padded(key: bytes) -> tuple[Any, Any]:
    """The two halves of HMAC-SHA-256 with a key (RFC 2104, section 4): hashed once, a row costs half."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def payload_fits(salt: Any, payload: Any, committed: Any) -> bool:
    """Whether a stored payload is the one that was recorded, whatever the store holds by now."""
    try:
        return bool(payload_hash(salt, payload.encode()) == committed)
    except NO_ROW_OF_OURS:
        return False


def row_fits(key: bytes, prev_hash: Any, covered: Sequence[Any], found: Any) -> bool:
    """Whether a stored row is the one that was recorded, whatever the store holds by now."""
    try:
        return bool(row_hash(key, prev_hash, covered) == found)
    except NO_ROW_OF_OURS:
        return False
