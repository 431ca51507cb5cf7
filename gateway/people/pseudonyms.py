"""What stands in the record in the place of a person, and how what is known of them is sealed.

A pseudonym is an HMAC of what a device knows somebody by, so that the same card has the same one everywhere, and nobody
without the key can try cards out. What it stands for is kept apart from the record, sealed with AES-256-GCM.
"""

import base64
import hmac
import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.errors import GatewayError
from gateway.people.known_as import canonical

NONCE_BYTES = 12
DIGEST_BYTES = 10  # 80 bits: no two of a million cards have the same


class PersonUnreadable(GatewayError):
    """What is known of a person was sealed with another key, or was changed."""


class Person(msgspec.Struct, frozen=True):
    """Somebody of the house: `known_as` is what devices know them by, `card:9896534` or `employee:17`."""

    known_as: str
    name: str
    department: str | None = None


class Pseudonyms:
    """The pseudonyms of one site. `key` is 32 bytes or more, and secret."""

    def __init__(self, key: bytes, site: str) -> None:
        self._site = site.encode()
        self._naming = hmac.digest(key, b"hall-gateway pseudonym " + self._site, "sha256")
        self._marking = hmac.digest(key, b"hall-gateway mark " + self._site, "sha256")
        self._sealing = AESGCM(hmac.digest(key, b"hall-gateway sealing " + self._site, "sha256"))

    def of(self, known_as: str) -> str:
        """The pseudonym of what a device knows somebody by, however it writes it: `p-` and 16 letters and digits."""
        return f"p-{_letters(self._naming, canonical(known_as))}"

    def mark(self, text: str) -> str:
        """16 letters and digits that are the same for the same text, and from which nobody without the key finds it."""
        return _letters(self._marking, text)

    def seal(self, person: Person) -> bytes:
        """What is known of somebody, so that only the key opens it, and only in their own place."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, msgspec.json.encode(person), self._place(self.of(person.known_as)))

    def unseal(self, pseudonym: str, sealed: bytes) -> Person:
        """What was sealed. Raises PersonUnreadable."""
        try:
            plain = self._sealing.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._place(pseudonym))
            return msgspec.json.decode(plain, type=Person)
        except (InvalidTag, ValueError) as error:
            raise PersonUnreadable(
                f"what is known of {pseudonym} cannot be read: people.key is not the one that it was "
                "sealed with, or the store was changed"
            ) from error

    def _place(self, pseudonym: str) -> bytes:
        return self._site + b"/" + pseudonym.encode()


def _letters(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")
    return base64.b32encode(digest[:DIGEST_BYTES]).decode().lower()
