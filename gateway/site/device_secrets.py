"""The secrets of devices: each is read, and looked at by its driver, before anything runs."""

from collections.abc import Iterable, Sequence

from gateway.core.config import DeviceConfig, SecretRef
from gateway.core.errors import GatewayError
from gateway.people.secrets import read_secret
from gateway.site.references import Complaint


def device_secrets(devices: Sequence[DeviceConfig | None]) -> Iterable[Complaint]:
    """Complain of every secret that is missing or empty, or that its driver cannot use. None is said already."""
    for index, device in enumerate(devices):
        for key, ref in device or ():
            if device is not None and isinstance(ref, SecretRef) and (wrong := _wrong(device, key, ref)):
                yield Complaint(("devices", index, key), wrong)


def _wrong(device: DeviceConfig, key: str, ref: SecretRef) -> str | None:
    try:
        wrong = device.wrong_secret(key, read_secret(ref))
    except GatewayError as error:
        return str(error)
    return None if wrong is None else f"secret: {ref} {wrong}"
