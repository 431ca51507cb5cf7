"""Reads the recorded wire towards a Huidu card, and writes what a card says. Imports nothing of ours.

Made from the description of the protocol alone, with another XML library than the product.
"""

import struct
from xml.etree import ElementTree


def commands(wire: bytes) -> list[tuple[str, str, ElementTree.Element]]:
    """The guid, method and element of each whole command, in their order. Raises on any bad byte."""
    found: list[tuple[str, str, ElementTree.Element]] = []
    whole = b""
    while wire:
        length, command = struct.unpack_from("<HH", wire)
        packet, wire = wire[:length], wire[length:]
        if len(packet) != length or length > 9216:
            raise ValueError("a packet is cut off, or too long")
        if command != 0x2003:
            continue
        total, offset = struct.unpack_from("<II", packet, 4)
        if offset != len(whole) or length - 12 > 8000:
            raise ValueError("a part is not where it belongs, or too long")
        whole += packet[12:]
        if len(whole) == total:
            found.append(read(whole))
            whole = b""
        elif len(whole) > total:
            raise ValueError("more bytes than announced")
    if whole:
        raise ValueError("less bytes than announced")
    return found


def read(xml: bytes) -> tuple[str, str, ElementTree.Element]:
    """The guid, method and element of one command."""
    root = ElementTree.fromstring(xml)  # noqa: S314 - what our own driver wrote
    (asked,) = root
    if root.tag != "sdk" or asked.tag != "in":
        raise ValueError("no command")
    return root.attrib["guid"], asked.attrib["method"], asked


def texts(wire: bytes) -> list[dict[str, str]]:
    """The text of each rectangle of the screen, after each command that changes it: of the last page of an area."""
    shown: list[dict[str, str]] = []
    for _, method, asked in commands(wire):
        if method in ("AddProgram", "UpdateProgram"):
            shown.append(
                {place(area): area.findall("./resources/text/string")[-1].text or "" for area in asked.iter("area")}
            )
    return shown


def place(area: ElementTree.Element) -> str:
    """Where an area is: x,y,width,height."""
    rectangle = area.find("rectangle")
    if rectangle is None:
        raise ValueError("an area without a place")
    return ",".join(rectangle.attrib[name] for name in ("x", "y", "width", "height"))


def command(text: str, method: str = "GetDeviceName", guid: str = "##GUID", counts: str = "bytes") -> bytes:
    """A command with a text in it, whose length is counted in bytes, in characters, or two for each hanzi."""
    xml = f'<?xml version="1.0" encoding="utf-8"?><sdk guid="{guid}"><in method="{method}">{text}</in></sdk>'
    data = xml.encode()
    wide = sum(not character.isascii() for character in xml)
    total = {"bytes": len(data), "characters": len(xml), "two": len(xml) + wide}[counts]
    return b"".join(
        struct.pack("<HHII", 12 + len(data[at : at + 8000]), 0x2003, total, at) + data[at : at + 8000]
        for at in range(0, len(data), 8000)
    )
