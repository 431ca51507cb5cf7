"""Seeded mistakes in `mqtt`: TLS, what may come in, and who is told of devices."""

from collections.abc import Callable
from pathlib import Path

import pytest
from authority import Authority

from gateway.sections import SECTIONS
from gateway.site.load import load

PATTERN = "must be TARGET/VERB, with * for any characters of either, for example led-*/blink"
PREFIX = "must be levels of letters, digits, - and _, not below hall/, for example homeassistant"

MISTAKES = {
    "a CA without TLS": (
        "{url: mqtt://a, ca: ca.crt}",
        ["mqtt: ca, certificate and key are for TLS: the url must begin with mqtts://"],
    ),
    "a certificate without a key": (
        "{url: mqtts://a, certificate: ca.crt}",
        ["mqtt: certificate and key belong together: one of them is missing"],
    ),
    "a key in a variable": (
        "{url: mqtts://a, certificate: ca.crt, key: {env: HALL_TEST_KEY}}",
        ["mqtt: key must be {file: NAME}: a private key is read from a file"],
    ),
    "a CA that is not there": ("{url: mqtts://a, ca: lost.crt}", ["mqtt.ca: lost.crt: No such file or directory"]),
    "a CA that is none": ("{url: mqtts://a, ca: site}", ["mqtt.ca: site: no certificate in PEM form"]),
    "a key that is not there": (
        "{url: mqtts://a, certificate: ca.crt, key: {file: lost.key}}",
        ["mqtt.certificate: ca.crt with key lost.key: No such file or directory"],
    ),
    "a key of another certificate": (
        "{url: mqtts://a, certificate: ca.crt, key: {file: other.key}}",
        [
            "mqtt.certificate: ca.crt with key other.key: no certificate and unencrypted private key in PEM form that"
            " belong together"
        ],
    ),
    "a switch not to look at certificates": (
        "{url: mqtts://a, insecure: true}",
        [
            "mqtt.insecure: unknown key 'insecure'; allowed: allow, ca, certificate, discovery, discovery_prefix, key,"
            " password, protocol, url, username"
        ],
    ),
    "a verb without a target": ("{url: mqtt://a, allow: [blink]}", [f'mqtt.allow[0]: {PATTERN}; given: "blink"']),
    "a pattern of another language": (
        "{url: mqtt://a, allow: [led-1/blink, 'led-[12]/blink']}",
        [f'mqtt.allow[1]: {PATTERN}; given: "led-[12]/blink"'],
    ),
    "a prefix inside the hall": (
        "{url: mqtt://a, discovery_prefix: hall/liandu}",
        [f'mqtt.discovery_prefix: {PREFIX}; given: "hall/liandu"'],
    ),
    "a prefix with a wildcard": (
        "{url: mqtt://a, discovery_prefix: home/+}",
        [f'mqtt.discovery_prefix: {PREFIX}; given: "home/+"'],
    ),
    "somebody who is not known": (
        "{url: mqtt://a, discovery: homie}",
        ["mqtt.discovery: must be 'homeassistant'; given: \"homie\""],
    ),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_says_where_the_mistake_is_and_what_is_allowed(
    text: str, expected: list[str], complaints: Callable[..., list[str]], tmp_path: Path, authority: Authority
) -> None:
    (tmp_path / "ca.crt").write_bytes(authority.ca.read_bytes())
    (tmp_path / "other.key").write_bytes(authority.issue("other").key.read_bytes())
    found = complaints(f"site: {{id: hall, name: 大厅}}\nmqtt: {text}")
    assert found == [f"site:2: {line}" for line in expected]


DANGEROUS = "is dangerous, and is never done by MQTT: there is no person behind a message"
DEVICES = """
devices:
  - {id: box-1, driver: test.controller, address: 'tcp://10.0.0.1:9000'}
  - {id: led-1, driver: displays.onbon_k, model: 6K2, width: 64, height: 16, address: 'tcp://10.0.0.2:5005'}
"""


@pytest.mark.parametrize("entry", ["box-1/open", "box-*/open", "*/open"])
def test_a_dangerous_verb_that_is_allowed_by_name_is_a_mistake(
    entry: str, complaints: Callable[..., list[str]]
) -> None:
    text = (
        f"site: {{id: hall, name: 大厅}}\nmqtt:\n  url: mqtt://a\n  allow:\n    - led-*/power\n    - '{entry}'{DEVICES}"
    )
    assert complaints(text) == [f"site:6: mqtt.allow[1]: 'open' {DANGEROUS}"]


@pytest.mark.parametrize("entry", ["box-1/*", "box-1/light", "led-1/open", "*/power", "box-9/open"])
def test_an_entry_that_allows_something_harmless_or_nothing_is_none(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "site"
    path.write_text(f"site: {{id: hall, name: 大厅}}\nmqtt: {{url: mqtt://a, allow: ['{entry}']}}{DEVICES}")
    assert load(path, SECTIONS).general.mqtt is not None
