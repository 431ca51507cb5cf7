"""As much of an HTTP server as an access terminal has: requests with a length, Digest, an account that locks itself."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Mapping

import msgspec

MOST_HEAD, MOST_BODY = 16_384, 65_536
TRIES = 5
"""Wrong passwords before the account is locked."""
REALM = "DS-00000000"
FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}


class Request(msgspec.Struct, frozen=True):
    """One request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """Turns what comes on one connection into requests. None is a request that is none: then the connection is over."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Request | None]:
        """Take more bytes; gives what is complete with them."""
        self._rest += data
        while True:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                if len(head) > MOST_HEAD:
                    yield None
                return
            found = _head(head)
            size = int(found.headers.get("content-length", "0")) if found else 0
            if found is None or size > MOST_BODY:
                yield None
                return
            if len(rest) < size:
                return
            self._rest = rest[size:]
            yield Request(found.method, found.target, found.headers, rest[:size])


def _head(head: bytes) -> Request | None:
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"([A-Z]+) (/\S*) HTTP/1\.[01]", first)
    headers = {
        name.strip().lower(): value.strip() for name, sign, value in (line.partition(":") for line in lines) if sign
    }
    if found is None or not re.fullmatch(r"\d{1,7}", headers.get("content-length", "0")):
        return None
    return Request(found[1], found[2], headers, b"")


def answer(status: int, body: bytes = b"", media_type: str = "application/xml", **headers: str) -> bytes:
    """An answer as it is sent."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Refused')}", f"Content-Type: {media_type}"]
    lines += [
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Account:
    """The one user of a terminal, known by Digest (RFC 7616, MD5, qop auth). `single_use`: a nonce counts once."""

    def __init__(self, user: str, password: Callable[[], str]) -> None:
        self._user, self._password = user, password
        self._nonces: dict[str, None] = {}
        self.single_use = False
        self.wrong = 0

    @property
    def locked(self) -> bool:
        """Whether nobody gets in any more."""
        return self.wrong >= TRIES

    def refused(self, request: Request) -> bytes | None:
        """The 401 for a request without a right login; None for one that has it."""
        if self.locked:
            return answer(401, b"<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus></userCheck>")
        login = {name: quoted or bare for name, quoted, bare in FIELD.findall(request.headers.get("authorization", ""))}
        if not login:
            return self._challenge()
        right = login.get("username") == self._user and login.get("uri") == request.target
        right = right and secrets.compare_digest(login.get("response", ""), self._response(request.method, login))
        if not right:
            self.wrong += 1
            return self._challenge()
        if login["nonce"] not in self._nonces:
            return self._challenge(stale=True)
        if self.single_use:
            del self._nonces[login["nonce"]]
        self.wrong = 0
        return None

    def _response(self, method: str, login: Mapping[str, str]) -> str:
        one = _md5(self._user, REALM, self._password())
        two = _md5(method, login.get("uri", ""))
        between = [login.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
        return _md5(one, *between, two)

    def _challenge(self, *, stale: bool = False) -> bytes:
        nonce = secrets.token_hex(16)
        self._nonces = {**dict(list(self._nonces.items())[-63:]), nonce: None}
        told = (
            f'Digest qop="auth", realm="{REALM}", nonce="{nonce}", stale="{str(stale).upper()}", opaque="", domain="/"'
        )
        return answer(401, b"<userCheck><statusValue>401</statusValue></userCheck>", WWW_Authenticate=told)


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()
