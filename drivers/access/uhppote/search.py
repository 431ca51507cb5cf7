"""How controllers are found: by a broadcast to all serial numbers. Source: uhppote-core, `get-controller`, 0x94."""

from drivers.access.uhppote.codec.box import Controller, GetController
from drivers.access.uhppote.codec.packet import HEAD, Noise, whole
from drivers.access.uhppote.config import DOORS, PORT
from gateway.core.search import Found, Search, Told

EVERYBODY, NOBODY = 0, 0xFFFFFFFF


def read(data: bytes, host: str, port: int) -> Found | None:
    """The controller in an answer. Its entry has the address that the answer came from: that one is in reach.

    How many doors it has it does not tell: the entry has all that such a board can have.
    """
    packet = whole(data)
    if isinstance(packet, Noise) or packet.data[0] != HEAD or packet.serial in (EVERYBODY, NOBODY):
        return None
    who = Controller.read(packet)
    if who is None:
        return None
    told: dict[str, Told] = {
        "serial": packet.serial,
        "address": str(who.address),
        "netmask": str(who.netmask),
        "gateway": str(who.gateway),
        "mac": who.mac,
        "firmware": who.firmware,
        "date": who.released.isoformat() if who.released else None,
        "from": f"{host}:{port}",
    }
    entry: dict[str, Told] = {
        "id": f"doors-{packet.serial}",
        "address": f"udp://{host}:{port}",
        "serial": packet.serial,
        "doors": DOORS,
    }
    return Found(str(packet.serial), told, entry)


SEARCH = Search(PORT, GetController().wire(EVERYBODY), read)
