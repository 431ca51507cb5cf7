"""Seeded mistakes in the section `alarms`: found at their lines, with what is allowed."""

from collections.abc import Callable

import pytest

CARD = "driver: displays.onbon_k, model: 6K2, width: 64, height: 16"
LED = f"devices:\n  - {{id: led-1, {CARD}, address: 'tcp://10.0.0.1:5005'}}\n"  # two lines
BOX = "devices: [{id: box, driver: test.controller, address: 'tcp://10.0.0.1:9000'}]\n"  # one line, and it has parts
WORDS = "title: {zh: 名, en: name}, guidance: {zh: 做, en: do}"
POINTS = "brightness, colour, on, substituted, text, timer"
TESTS = "above, below, equals, bad, stale_s, event"
NAMES = (
    "access-fault, clock-drift, controller-fault, device-alarm, device-offline, door-events-off, door-forced, "
    "door-held, door-hold-overdue, door-unknown, duress, emergency-call, fire-released, intrusion, journal-unhealthy, "
    "line-silent, listener-unbound, log-epoch, log-gap, outlet-behind, …"
)


def ruled(rule: str, *, words: str = WORDS, id_: str = "dark") -> str:
    """A site file with one rule, on line 5."""
    return f"{LED}alarms:\n  rules:\n    - {{id: {id_}, {rule}, {words}}}\n"


MISTAKES = {
    "a built-in alarm that does not exist": (
        LED + "alarms:\n  built_in:\n    device-ofline: {priority: low}",
        [
            "6: alarms.built_in.device-ofline: unknown key 'device-ofline' (did you mean 'device-offline'?); "
            f"allowed: {NAMES}"
        ],
    ),
    "a limit of an alarm that has none": (
        LED + "alarms:\n  built_in:\n    device-offline: {limit: 5}",
        ["6: alarms.built_in.device-offline.limit: only clock-drift, outlet-behind have a limit"],
    ),
    "a priority that does not exist": (
        LED + "alarms:\n  built_in:\n    device-offline: {priority: urgent}",
        [
            "6: alarms.built_in.device-offline.priority: must be 'low', 'medium', 'high' or 'critical'; "
            'given: "urgent"'
        ],
    ),
    "a delay of more than a day": (
        LED + "alarms:\n  built_in:\n    device-offline: {on_delay_s: 90000}",
        ["6: alarms.built_in.device-offline.on_delay_s: must be at most 86400; given: 90000"],
    ),
    "a rule for a device that does not exist": (
        ruled("devices: [led-2], point: text, bad: true"),
        ["6: alarms.rules[0].devices[0]: there is no device 'led-2' (did you mean 'led-1'?); there are: led-1"],
    ),
    "a rule that names a device twice": (
        ruled("devices: [led-1, led-1], point: text, bad: true"),
        ["6: alarms.rules[0].devices[1]: 'led-1' is named twice"],
    ),
    "a rule for no device": (
        ruled("devices: [], point: text, bad: true"),
        ["6: alarms.rules[0].devices: must have 1 or more entries"],
    ),
    "a point that the device does not have": (
        ruled("devices: [led-1], point: txt, bad: true"),
        [f"6: alarms.rules[0].point: there is no point 'txt' (did you mean 'text'?) of led-1; there are: {POINTS}"],
    ),
    "a part of a device without parts": (
        ruled("devices: [led-1], part: left, point: text, bad: true"),
        ["6: alarms.rules[0].part: led-1 has no parts"],
    ),
    "an event that the device does not send": (
        ruled("devices: [led-1], event: device.ofline, clears: device.online"),
        [
            "6: alarms.rules[0].event: there is no event 'device.ofline' (did you mean 'device.offline'?) of led-1; "
            "there are: device.offline, device.online"
        ],
    ),
    "two tests in one rule": (
        ruled("devices: [led-1], point: substituted, above: 3, below: 1"),
        [f"6: alarms.rules[0]: must have exactly one of {TESTS}; it has above, below"],
    ),
    "no test in a rule": (
        ruled("devices: [led-1], point: text"),
        [f"6: alarms.rules[0]: must have exactly one of {TESTS}; it has none"],
    ),
    "a limit without a point": (ruled("devices: [led-1], above: 3"), ["6: alarms.rules[0]: above needs a point"]),
    "an event with a point": (
        ruled("devices: [led-1], event: device.offline, point: text"),
        ["6: alarms.rules[0]: event takes no point"],
    ),
    "an event with a delay": (
        ruled("devices: [led-1], event: device.offline, on_delay_s: 3"),
        ["6: alarms.rules[0]: an event has no on_delay_s and no off_delay_s: it happens at once"],
    ),
    "an end of an event for a point": (
        ruled("devices: [led-1], point: text, bad: true, clear_after_s: 60"),
        ["6: alarms.rules[0]: clears and clear_after_s belong to an event"],
    ),
    "a band around nothing": (
        ruled("devices: [led-1], point: text, equals: A, band: 2"),
        ["6: alarms.rules[0]: band belongs to above or below"],
    ),
    "a test that is switched off": (
        ruled("devices: [led-1], point: text, bad: false"),
        ["6: alarms.rules[0]: bad must be true"],
    ),
    "a value that no point can have": (
        ruled("devices: [led-1], point: text, equals: [A]"),
        ["6: alarms.rules[0].equals: must be text, a number, true or false"],
    ),
    "a limit that is no number": (
        ruled("devices: [led-1], point: substituted, above: .inf"),
        ["6: alarms.rules[0].above: must be a finite number; given: Infinity"],
    ),
    "a limit of a point that is no number": (
        ruled("devices: [led-1], point: 'on', above: 3"),
        ["6: alarms.rules[0].above: on of led-1 is true or false: only a number can be above a limit"],
    ),
    "a limit of a point that is text": (
        ruled("devices: [led-1], point: text, below: 3"),
        ["6: alarms.rules[0].below: text of led-1 is text: only a number can be below a limit"],
    ),
    "a word that a point cannot be": (
        ruled("devices: [led-1], point: 'on', equals: yes"),
        ['6: alarms.rules[0].equals: on of led-1 is true or false: it is never "yes"'],
    ),
    "a number that a point cannot be": (
        ruled("devices: [led-1], point: text, equals: 3"),
        ["6: alarms.rules[0].equals: text of led-1 is text: it is never 3"],
    ),
    "a fraction of a whole number": (
        ruled("devices: [led-1], point: substituted, equals: 0.5"),
        ["6: alarms.rules[0].equals: substituted of led-1 is a whole number: it is never 0.5"],
    ),
    "a truth that is a number": (
        ruled("devices: [led-1], point: substituted, equals: true"),
        ["6: alarms.rules[0].equals: substituted of led-1 is a whole number: it is never true"],
    ),
    "a value that nothing is equal to": (
        ruled("devices: [led-1], point: substituted, equals: .nan"),
        ["6: alarms.rules[0].equals: must be a finite number; given: NaN"],
    ),
    "a band on the wrong side of its limit": (
        ruled("devices: [led-1], point: substituted, above: 3, band: -1"),
        ["6: alarms.rules[0].band: must be at least 0; given: -1"],
    ),
    "an event that ends itself": (
        ruled("devices: [led-1], event: device.offline, clears: device.offline"),
        ["6: alarms.rules[0]: clears must be another event than 'device.offline', which raises it"],
    ),
    "an event of a whole device as one of its parts": (
        ruled("devices: [box], part: d1, event: device.offline").replace(LED, BOX),
        [
            "5: alarms.rules[0].event: there is no event 'device.offline' of a part of box; "
            "there are: door.opened, door.pressed"
        ],
    ),
    "a limit of a part's point that is no number": (
        ruled("devices: [box], part: d1, point: open, above: 1").replace(LED, BOX),
        ["5: alarms.rules[0].above: open of box is true or false: only a number can be above a limit"],
    ),
    "words in one language": (
        ruled("devices: [led-1], point: text, bad: true", words="title: {zh: 名}, guidance: {zh: 做, en: do}"),
        ["6: alarms.rules[0].title.en: is missing"],
    ),
    "no guidance": (
        ruled("devices: [led-1], point: text, bad: true", words="title: {zh: 名, en: name}"),
        ["6: alarms.rules[0].guidance: is missing"],
    ),
    "a rule with the name of a built-in alarm": (
        ruled("devices: [led-1], point: text, bad: true", id_="line-silent"),
        ["6: alarms.rules[0].id: 'line-silent' is the name of a built-in alarm: choose another"],
    ),
    "two rules of one id": (
        ruled("devices: [led-1], point: text, bad: true")
        + f"    - {{id: dark, devices: [led-1], point: 'on', bad: true, {WORDS}}}",
        ["7: alarms.rules[1].id: 'dark' is already used by alarms.rules[0]"],
    ),
    "rules that are no list": (LED + "alarms: {rules: 3}", ["4: alarms.rules: must be a list; given: 3"]),
}
SITE = "site: {id: hall, name: 大厅}\n"


@pytest.mark.parametrize("name", MISTAKES)
def test_says_where_the_mistake_is_and_what_is_allowed(name: str, complaints: Callable[..., list[str]]) -> None:
    text, expected = MISTAKES[name]
    assert complaints(SITE + text) == [f"site:{line}" for line in expected]


def test_a_device_that_is_wrong_itself_is_one_mistake_only(complaints: Callable[..., list[str]]) -> None:
    text = ruled("devices: [led-1], point: txt, bad: true").replace("width: 64", "width: 65")
    assert complaints(SITE + text) == ["site:3: devices[0].width: must be a multiple of 8; given: 65"]
