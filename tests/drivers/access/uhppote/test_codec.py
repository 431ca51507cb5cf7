from datetime import date, datetime, time
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access.uhppote.codec import box, cards, doors, forms, log, schedules
from drivers.access.uhppote.codec.packet import HEAD, PUSHED_HEAD, SIZE, Decoder, Field, Message, Noise, Packet, whole

SERIALS = st.integers(0, 0xFFFFFFFF)


def vector(name: str) -> bytes:
    """The packet of a vector file; its first line names the source."""
    source, *lines = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return bytes.fromhex("".join(lines))


def packet(data: bytes) -> Packet:
    found = whole(data)
    assert isinstance(found, Packet)
    return found


def messages() -> list[type[Message]]:
    modules = (box, cards, doors, log, schedules)
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    kinds = [each for each in found if issubclass(each, Message) and hasattr(each, "function")]
    return sorted(kinds, key=lambda each: (each.function, each.__name__))


def values(field: Field) -> st.SearchStrategy[Any]:
    """What may stand in a field."""
    if field.form in (forms.FLAGS4, forms.FLAGS7, forms.BITS4):
        count = 7 if field.form is forms.FLAGS7 else 4
        return st.tuples(*[st.booleans()] * count)
    known: dict[Any, st.SearchStrategy[Any]] = {
        forms.BOOL: st.booleans(),
        forms.DATE: st.none() | st.dates(),
        forms.SHORT_DATE: st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        forms.DATETIME: st.none() | st.datetimes().map(lambda at: at.replace(microsecond=0)),
        forms.TIME: st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
        forms.HHMM: st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        forms.IPV4: st.ip_addresses(v=4),
        forms.MAC: st.binary(min_size=6, max_size=6).map(lambda data: data.hex(":")),
        forms.U8X4: st.tuples(*[st.integers(0, 255)] * 4),
        forms.U32X4: st.tuples(*[st.integers(0, 0xFFFFFFFF)] * 4),
    }
    return known.get(field.form, st.integers(0, 256**field.form.size - 1))


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.__name__)
@given(data=st.data())
def test_every_message_survives_the_wire(message: type[Message], data: st.DataObject) -> None:
    said = message(**{name: data.draw(values(field)) for name, field in message.fields.items()})
    serial = data.draw(SERIALS)
    found = packet(said.wire(serial))
    assert (found.serial, found.function, len(found.data)) == (serial, message.function, SIZE)
    heard = message.read(found)
    for name, field in message.fields.items():
        was, is_ = getattr(said, name), getattr(heard, name)
        midnight = was is None and field.form in (forms.TIME, forms.HHMM) and is_ == time(0, 0)
        assert is_ == was or midnight, name


def test_no_two_fields_of_a_message_share_a_byte() -> None:
    for message in messages():
        places = [at + byte for at, form in message.fields.values() for byte in range(form.size)]
        if message.magic_at is not None:
            places += range(message.magic_at, message.magic_at + 4)
        assert len(set(places)) == len(places), message.__name__
        assert min(places, default=8) >= 8
        assert max(places, default=8) < SIZE


@given(st.binary(max_size=200))
def test_no_datagram_makes_it_raise(data: bytes) -> None:
    found = whole(data)
    if isinstance(found, Noise):
        assert (len(data), found.data) != (SIZE, b"") or data[:1] not in (b"\x17", b"\x19")
        return
    for message in messages():
        heard = message.read(found)
        assert heard is None or found.function == message.function
    assert log.pushed_by(data) in (None, str(found.serial))


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_how_a_stream_is_cut_does_not_matter_and_nothing_is_lost(pieces: list[bytes]) -> None:
    def fed(*cut: bytes) -> list[Packet | Noise]:
        decoder = Decoder()
        found = [each for piece in cut for each in decoder.feed(piece)]
        assert len(decoder._rest) < SIZE
        assert b"".join(each.data for each in found) + decoder._rest == b"".join(cut)
        return [each for each in found if isinstance(each, Packet)]

    whole_stream = b"".join(pieces)
    assert fed(*pieces) == fed(whole_stream) == fed(*(bytes([byte]) for byte in whole_stream))


@given(st.lists(SERIALS, max_size=4), st.binary(max_size=20).filter(lambda noise: HEAD not in noise))
def test_behind_garbage_packets_are_found(serials: list[int], noise: bytes) -> None:
    stream = noise + b"".join(log.GetStatus().wire(serial) for serial in serials)
    found = [each for each in Decoder().feed(stream) if isinstance(each, Packet)]
    assert [each.serial for each in found] == serials


def test_reads_the_vectors_of_others() -> None:
    status = log.Status.read(packet(vector("status")))
    assert status == log.Status(
        index=57,
        kind=1,
        granted=False,
        door=3,
        direction=1,
        card=6154410,
        at=datetime.fromisoformat("2019-04-19 17:00:09"),
        reason=6,
        open=(True, False, True, True),
        buttons=(False, False, True, True),
        error=9,
        clock_time=time(14, 37, 2),
        clock_date=date(2019, 4, 20),
        sequence=17,
        special=43,
        relays=4,
        inputs=1,
    )
    assert status is not None
    assert status.clock == datetime.fromisoformat("2019-04-20 14:37:02")
    empty = log.Status.read(packet(vector("status_empty")))
    assert empty is not None
    assert (empty.index, empty.at, empty.clock) == (0, None, datetime.fromisoformat("2021-04-08 16:03:34"))
    event = log.EventRecord.read(packet(vector("event")))
    assert event is not None
    assert (event.index, event.kind, event.granted, event.card, event.reason) == (8, 2, True, 6154413, 6)
    assert event.at == datetime.fromisoformat("2019-02-10 07:12:01")
    who = box.Controller.read(packet(vector("controller")))
    assert who is not None
    assert (who.address, who.mac, who.firmware) == (IPv4Address("192.168.0.0"), "00:66:19:39:55:2d", "v8.92")
    assert who.released == date(2018, 8, 16)


def test_writes_the_vectors_of_others_byte_for_byte() -> None:
    assert log.GetStatus().wire(423187757) == vector("get_status")
    pushed = log.Status.read(packet(vector("pushed_v6_62")))
    assert pushed is not None
    assert pushed.wire(423187757, PUSHED_HEAD) == vector("pushed_v6_62")


def test_knows_who_pushed_an_event_of_either_firmware() -> None:
    assert log.pushed_by(vector("status")) == log.pushed_by(vector("pushed_v6_62")) == "423187757"
    for other in (
        vector("event"),
        vector("status")[:63],
        vector("status") + b"\0",
        b"",
        b"\x18" + vector("status")[1:],
    ):
        assert log.pushed_by(other) is None


def test_a_fingerprint_tells_events_apart_and_no_card() -> None:
    status, event = log.Status.read(packet(vector("status"))), log.EventRecord.read(packet(vector("event")))
    assert status is not None
    assert event is not None
    assert len({log.fingerprint(status), log.fingerprint(event)}) == 2
    same = log.EventRecord(**{name: getattr(status, name) for name in log.EventRecord.fields})
    assert log.fingerprint(same) == log.fingerprint(status)
    assert log.fingerprint(msgspec.structs.replace(status, card=1)) == log.fingerprint(status)


def test_what_is_no_date_is_unknown_and_what_lacks_the_magic_word_is_no_message() -> None:
    for nonsense in (b"\x20\x19\x13\x01", b"\0" * 4, b"\xff" * 4, b"\x2a" * 4):
        assert forms.DATE.read(nonsense) is None
    wire = bytearray(box.RestoreDefaults().wire(1))
    assert box.RestoreDefaults.read(packet(bytes(wire))) is not None
    wire[8] ^= 1
    assert box.RestoreDefaults.read(packet(bytes(wire))) is None


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (log.GetEvent(index=1 << 32), "does not fit into 4 bytes"),
        (doors.SetPasscodes(door=1, codes=(1, 2, 3)), "12 bytes, 16 are needed"),
        (doors.SetPasscodes(door=1, codes=(1, 2, 3, 1 << 32)), "do not fit into 4 bytes each"),
        (doors.OpenDoor(door=256), "does not fit into 1 bytes"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(message: Message, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        message.wire(1)


def test_messages_are_frozen() -> None:
    assert all(
        msgspec.structs.fields(message) is not None and message.__struct_config__.frozen for message in messages()
    )
