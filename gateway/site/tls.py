"""The TLS of a connection that the site file describes. There is no switch to trust without proof."""

import ssl

from gateway.core.errors import GatewayError
from gateway.people.secrets import secret_path
from gateway.site.model import MqttConfig


class BadTls(GatewayError):
    """A file that TLS needs is missing or wrong; `key` is the key of the site file that names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def tls(config: MqttConfig) -> ssl.SSLContext:
    """TLS 1.2 or newer; the broker must prove the host name of the url by a CA of `ca`, or of the system's store.

    Reads the files anew, so that a renewed certificate is used from the next connection on. Raises BadTls.
    """
    try:
        context = ssl.create_default_context(cafile=config.ca)
    except OSError as error:
        raise BadTls("ca", f"{config.ca}: {_why(error, 'no certificate in PEM form')}") from error
    if config.certificate and config.key:
        path = secret_path(config.key)
        try:
            context.load_cert_chain(config.certificate, path, password="")
        except OSError as error:
            why = _why(error, "no certificate and unencrypted private key in PEM form that belong together")
            raise BadTls("certificate", f"{config.certificate} with key {path}: {why}") from error
    return context


def _why(error: OSError, otherwise: str) -> str:
    return otherwise if isinstance(error, ssl.SSLError) or not error.strerror else error.strerror
