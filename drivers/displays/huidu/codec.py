"""The wire of Huidu's full-colour cards, SDK 2.0: bytes to packets and XML, and back. Pure.

    packet  length u16, itself included | command u16 | data                        at most 9 KiB

    0x2001  version asked u32 -> 0x2002 version u32, and from some firmware a status u16
    0x2003  part of a command -> 0x2004 part of its answer: bytes of the whole XML u32 | offset u32 | at most 8000 bytes
    0x005F  heartbeat -> 0x0060; a card may send either by itself
    0x2000  an error u16

All numbers are little-endian. Source: the vendor's C# SDK (github.com/huidutech/sdk, 2017, and its library 2.0.10);
what it leaves open stands in the README.
"""

import struct
from collections.abc import Iterator

import msgspec

HEARTBEAT, HEARTBEAT_ANSWER = 0x005F, 0x0060
ERROR = 0x2000
VERSION_ASK, VERSION_ANSWER = 0x2001, 0x2002
COMMAND, ANSWER = 0x2003, 0x2004
VERSION = 0x1000007
MAX_PACKET = 9 * 1024
MAX_PART = 8000
MAX_XML = 256 * 1024
"""The longest XML that is taken from the other side, in bytes. What a card takes is not documented."""
NO_GUID = "##GUID"
"""Stands for the guid of a connection until the card has given one."""

OK = "kSuccess"
ERROR_NAMES = (
    "kSuccess kWriteFinish kProcessError kVersionTooLow kDeviceOccupa kFileOccupa kReadFileExcessive "
    "kInvalidPacketLen kInvalidParam kNotSpaceToSave kCreateFileFailed kWriteFileFailed kReadFileFailed "
    "kInvalidFileData kFileContentError kOpenFileFailed kSeekFileFailed kRenameFailed kFileNotFound kFileNotFinish "
    "kXmlCmdTooLong kInvalidXmlIndex kParseXmlFailed kInvalidMethod kMemoryFailed kSystemError kUnsupportVideo "
    "kNotMediaFile kParseVideoFailed kUnsupportFrameRate kUnsupportResolution kUnsupportFormat kUnsupportDuration "
    "kDownloadFileFailed kScreenNodeIsNull kNodeExist kNodeNotExist kPluginNotExist kCheckLicenseFailed "
    "kNotFoundWifiModule kTestWifiUnsuccessful kRunningError kUnsupportMethod kInvalidGUID kFirmwareFormatError "
    "kTagNotFound kAttrNotFound kCreateTagFailed kUnsupportDeviceType kPermissionDenied kPasswdTooSimple "
    "kDelayRespond kShortlyReturn"
)
ERRORS = tuple(ERROR_NAMES.split(" "))
"""The names of SDK 2.0.10, each at its number. Later SDKs count differently from 34 on; in XML there are only names."""

HEAD = struct.Struct("<HH")
PART = struct.Struct("<II")


class Packet(msgspec.Struct, frozen=True):
    """One packet."""

    command: int
    data: bytes = b""

    def wire(self) -> bytes:
        """The packet as it is sent. Raises ValueError when it is too long."""
        length = HEAD.size + len(self.data)
        if length > MAX_PACKET:
            raise ValueError(f"a packet of {length} bytes, {MAX_PACKET} are allowed")
        return HEAD.pack(length, self.command) + self.data


class Noise(msgspec.Struct, frozen=True):
    """Bytes that are no packet. Nothing behind them can be understood: packets have no beginning to look for."""

    data: bytes


class Decoder:
    """Turns bytes, cut anywhere, into packets, until the first noise. Never raises; keeps at most one packet."""

    def __init__(self) -> None:
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Packet | Noise]:
        """Take more bytes; gives what is complete with them."""
        self._rest += data
        while len(self._rest) >= 2 and not self._lost:
            length = int.from_bytes(self._rest[:2], "little")
            if not HEAD.size <= length <= MAX_PACKET:
                self._lost = True
                yield Noise(self._rest[:2])
            elif length > len(self._rest):
                return
            else:
                whole, self._rest = self._rest[:length], self._rest[length:]
                yield Packet(HEAD.unpack_from(whole)[1], whole[HEAD.size :])
        if self._lost:
            self._rest = b""


def parts(command: int, xml: bytes) -> bytes:
    """The packets of a whole XML, one behind the other. Its length is counted in bytes, never in characters."""
    pieces = range(0, len(xml), MAX_PART)
    return b"".join(
        Packet(command, PART.pack(len(xml), start) + xml[start : start + MAX_PART]).wire() for start in pieces
    )


class Gathering:
    """Puts the parts of one XML together, in their order."""

    def __init__(self) -> None:
        self._whole = bytearray()
        self._total = 0

    def add(self, data: bytes) -> bytes | None:
        """Take the data of the next packet; gives the XML once it is complete, cut at the length that it tells.

        Raises ValueError with the name of an error: kInvalidPacketLen, kXmlCmdTooLong, or kInvalidXmlIndex for a part
        that is not the next one: then what was there is dropped. One at offset 0 begins anew.
        """
        if len(data) < PART.size:
            raise ValueError("kInvalidPacketLen")
        total, offset = PART.unpack_from(data)
        if total > MAX_XML:
            raise ValueError("kXmlCmdTooLong")
        if offset == 0:
            self._begin(total)
        if (total, offset) != (self._total, len(self._whole)):
            self._begin(0)
            raise ValueError("kInvalidXmlIndex")
        self._whole += data[PART.size :]
        if len(self._whole) < total:
            return None
        xml = bytes(self._whole[:total])
        self._begin(0)
        return xml

    def _begin(self, total: int) -> None:
        self._whole.clear()
        self._total = total


def version_ask() -> Packet:
    """The first packet on a connection."""
    return Packet(VERSION_ASK, VERSION.to_bytes(4, "little"))


def read_version(data: bytes) -> str:
    """The status in the answer to it, by name; an answer without one is a yes. Raises ValueError."""
    if len(data) not in (4, 6):
        raise ValueError(f"a version of {len(data)} bytes")
    return read_error(data[4:]) if data[4:] else OK


def read_error(data: bytes) -> str:
    """The name of an error, or its number where there is no name."""
    if len(data) < 2:
        return "an error without a number"
    number = int.from_bytes(data[:2], "little")
    return ERRORS[number] if number < len(ERRORS) else f"error {number}"


def error(name: str) -> Packet:
    """The packet with an error. Raises ValueError when it has no number."""
    if name not in ERRORS:
        raise ValueError(f"{name} has no number")
    return Packet(ERROR, ERRORS.index(name).to_bytes(2, "little"))
