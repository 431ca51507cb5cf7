"""A throw-away certification authority made with openssl: certificates that are right, or wrong in one way."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from child import program

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificate(NamedTuple):
    """Files of a certificate and of its private key, PEM."""

    certificate: Path
    key: Path


class Authority:
    """Its own certificate is `ca`."""

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        self._folder = folder
        folder.mkdir()
        self.ca, self._key = folder / "ca.crt", folder / "ca.key"
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._openssl("req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={name}", *usage, "-out", self.ca)

    def issue(self, name: str, *names: str, days: int = 2) -> Certificate:
        """A certificate for what `names` say, such as DNS:localhost or IP:127.0.0.1."""
        made = Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        also = ("-addext", f"subjectAltName={','.join(names)}") if names else ()
        self._openssl("req", *CURVE, "-subj", f"/CN={name}", *also, "-out", request, key=made.key)
        signed = ("-CA", self.ca, "-CAkey", self._key, "-CAcreateserial", "-copy_extensions", "copy")
        command = ["x509", "-req", "-in", request, *signed, "-days", days, "-out", made.certificate]
        subprocess.run([program("openssl"), *map(str, command)], check=True, capture_output=True, timeout=20)
        return made

    def _openssl(self, *arguments: object, key: Path | None = None) -> None:
        command = [program("openssl"), *map(str, arguments), "-keyout", str(key or self._key)]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
