"""Pictures that the site file brings to screens: read with it, so that what is served is what was checked."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

MOST_BYTES = 2 * 1024 * 1024
KINDS = {b"\x89PNG\r\n\x1a\n": ("png", "image/png"), b"\xff\xd8\xff": ("jpg", "image/jpeg")}
"""By the first bytes of a file (the specifications of PNG and JPEG), how its name ends and its media type."""
WEBP = ("webp", "image/webp")


class SitePicture(NamedTuple):
    """A picture under a name that changes with it."""

    name: str
    media_type: str
    data: bytes


def read_picture(file: Any, info: ValidationInfo) -> SitePicture:
    """Read a file that stands beside the site file. Raises ValueError."""
    if not isinstance(file, str) or not file:
        raise ValueError("must be the path of a picture, relative to this file")
    context: Any = info.context
    path = Path(context["folder"] if context else ".") / file
    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MOST_BYTES:
        raise ValueError("is larger than 2 MiB: a screen of 4K needs less")
    ending, media_type = _kind(data)
    return SitePicture(f"{hashlib.sha256(data).hexdigest()[:16]}.{ending}", media_type, data)


def _kind(data: bytes) -> tuple[str, str]:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":  # RFC 9649, 2.4
        return WEBP
    for begin, kind in KINDS.items():
        if data.startswith(begin):
            return kind
    raise ValueError("must be a picture in PNG, JPEG or WebP; its first bytes are of none of them")


PictureFile = Annotated[SitePicture, PlainValidator(read_picture), WithJsonSchema({"type": "string", "minLength": 1})]
"""The path of a picture in the site file."""
