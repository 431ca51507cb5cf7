"""Doors that a controller does not have, two controllers that are one, and one that can never connect."""

from collections.abc import Callable

import pytest

START = "must be oldest, newest or a time of its own clock, without a zone: 2026-11-01T00:00:00"
MANY = "must be 1 to 4 doors: a list of them, or how many there are"
SITE = """site: {id: a, name: a}
http: {field: '10.8.1.2:8081'}
devices:
  - {id: acs, driver: access.uhppote, address: 'udp://10.8.1.3:60000', serial: 405419896,
     doors: [{number: 1, id: east}]}
  - {id: zk, driver: access.zkteco_push, serial: CGXH201360029, doors: [{number: 1, id: front}]}
  - {id: hik, driver: access.hikvision, address: 'https://h', password: {env: HALL_TEST_KEY},
     doors: [{number: 1, id: d}]}
  - {id: reader, driver: access.osdp, address: 'tcp://h:1', enforce_secure: false,
     door: {sensor_input: 0, lock_output: 0}}
"""


@pytest.mark.parametrize(
    ("door", "said"),
    [
        ("acs/eastt", "acs: there is no door 'eastt' (did you mean 'east'?); there are: east"),
        ("zk/1", "zk: there is no door '1'; there are: front"),
        ("hik/door-1", "hik: there is no door 'door-1'; there are: d"),
        ("reader/nix", "reader: there is no door 'nix'; there are: door"),
    ],
)
def test_a_door_that_its_controller_does_not_list_is_told(
    complaints: Callable[..., list[str]], door: str, said: str
) -> None:
    found = complaints(SITE + f"doors:\n  - {{id: b, name: b, door: {door}}}\n")
    assert [line.partition(": ")[2] for line in found] == [f"doors[0].door: {said}"]


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (
            "{id: b, driver: access.uhppote, address: 'udp://10.8.1.4:60000', serial: 405419896, doors: 1}",
            "devices[4].serial: '405419896' is already used by devices[0]",
        ),
        (
            "{id: b, driver: access.zkteco_push, serial: CGXH201360029, doors: [{number: 1, id: d}]}",
            "devices[4].serial: 'CGXH201360029' is already used by devices[1]",
        ),
    ],
)
def test_a_serial_number_is_of_one_device(complaints: Callable[..., list[str]], device: str, said: str) -> None:
    assert complaints(SITE + f"  - {device}\n") == [f"site:11: {said}"]


def test_a_device_that_pushes_wants_the_field_listener(complaints: Callable[..., list[str]]) -> None:
    [said] = complaints(SITE.replace("{field: '10.8.1.2:8081'}", "{}"))
    assert said == "site:6: devices[1].driver: http.field is missing: access.zkteco_push devices come to that listener"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("start: yesterday, doors: 2", f'start: {START}; given: "yesterday"'),
        ("start: 2026-11-01T00:00:00Z, doors: 2", f"start: {START}"),
        ("start: 5, doors: 2", f"start: {START}; given: 5"),
        ("doors: 5", f"doors: {MANY}; given: 5"),
        ("doors: []", f"doors: {MANY}"),
        ("doors: true", f"doors: {MANY}; given: true"),
        ("doors: [main]", "doors[0]: must be a mapping with the keys id, name, number, sensor"),
        (
            "listener: 'udp:10.8.1.2:99999', doors: 2",
            "listener: must be udp:ADDRESS:PORT, the IPv4 address of this machine that the controllers reach, "
            'and a port from 1 to 65535; given: "udp:10.8.1.2:99999"',
        ),
    ],
)
def test_what_a_section_may_have_is_one_sentence(complaints: Callable[..., list[str]], entry: str, said: str) -> None:
    device = f"{{id: b, driver: access.uhppote, address: 'udp://10.8.1.4:60000', serial: 3, {entry}}}"
    assert complaints(SITE + f"  - {device}\n") == [f"site:11: devices[4].{said}"]


def test_a_door_that_the_board_does_not_have_is_told_at_its_line(complaints: Callable[..., list[str]]) -> None:
    wrong = SITE.replace("[{number: 1, id: east}]", "[{number: 1, id: east},\n       {number: 5, id: west}]")
    assert complaints(wrong) == ["site:6: devices[0].doors[1].number: must be at most 4; given: 5"]


def test_the_log_of_a_hikvision_device_begins_where_that_of_any_other_does(
    complaints: Callable[..., list[str]],
) -> None:
    wrong = SITE.replace("[{number: 1, id: d}]", "[{number: 1, id: d}], start: last-week")
    assert complaints(wrong) == [f'site:8: devices[2].start: {START}; given: "last-week"']
