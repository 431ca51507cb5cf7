"""How devices are found that are in no site file yet: what all on a network are asked, and what an answer means."""

from collections.abc import Callable, Mapping

import msgspec

Told = str | int | None
"""One thing that a device says of itself."""


class Found(msgspec.Struct, frozen=True):
    """A device that has answered. Device text in it is hostile: `told` and `entry` have only what was checked.

    `key` names the device, whatever network it answered by; `told` is what it says of itself, by name; `entry` is its
    entry for `devices:` of a site file, without `driver`.
    """

    key: str
    told: Mapping[str, Told]
    entry: Mapping[str, Told]


class Search(msgspec.Struct, frozen=True):
    """A question that devices answer by UDP when it is broadcast to their `port`.

    `read` gets a datagram and the address and port that it came from, and gives None for what is no answer. Pure; it
    never raises, whatever the datagram is.
    """

    port: int
    question: bytes
    read: Callable[[bytes, str, int], Found | None]
