"""Doors that a controller does not have, two controllers that are one, and one that can never connect."""

from collections.abc import Callable

import pytest

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
