"""Seeded mistakes in the sections that belong to no service: found at their lines, in words for the field."""

from collections.abc import Callable

import pytest

ID = "must be lower-case letters, digits, - and _ (at most 64), beginning with a letter or digit"
TEXT = "must be text, in quotes where it looks like a number or a date"
LISTENER = "must be HOST:PORT with a port from 0 to 65535, for example 127.0.0.1:8080"
STORE = (
    "must be sqlite:///PATH without ? and # (sqlite:////PATH for an absolute path) "
    "or postgresql+psycopg://USER@HOST:PORT/DATABASE"
)
POSTGRESQL = "store: {url: 'postgresql+psycopg://%s', key: {env: HALL_TEST_KEY}}"
INSIDE = "must hold no password: that goes into store.password, as {file: …} or {env: …}"
BROKER = "must be mqtt://HOST, mqtts://HOST, or either with :PORT, a port from 1 to 65535"

MISTAKES = {
    "a name that is a number": ("zones: [{id: a, name: 3}]", [f"2: zones[0].name: {TEXT}; given: 3"]),
    "an id in capitals": (
        "zones:\n  - id: a\n    name: A\n  - id: Reception\n    name: B",
        [f'5: zones[1].id: {ID}; given: "Reception"'],
    ),
    "an id with a space": ("zones: [{id: a b, name: A}]", [f'2: zones[0].id: {ID}; given: "a b"']),
    "an empty name": (
        "zones: [{id: a, name: ''}]",
        ['2: zones[0].name: must have 1 or more characters; given: ""'],
    ),
    "a name that is too long": (
        f"zones: [{{id: a, name: {'长' * 81}}}]",
        [f'2: zones[0].name: must have at most 80 characters; given: "{"长" * 79}'],
    ),
    "an id that is missing": ("zones:\n\n  - name: A", ["4: zones[0].id: is missing"]),
    "a zone twice": (
        "zones:\n  - {id: a, name: A}\n  - {id: b, name: B}\n  - {id: a, name: C}",
        ["5: zones[2].id: 'a' is already used by zones[0]"],
    ),
    "a section that is no list": ("zones: a", ['2: zones: must be a list; given: "a"']),
    "a section without a value": (
        "http:\nzones:",
        ["2: http: must be a mapping with the keys console, field", "3: zones: must be a list; given: null"],
    ),
    "an entry that is no mapping": ("zones: [a]", ["2: zones[0]: must be a mapping with the keys id, name"]),
    "an unknown section": (
        "zone: []",
        [
            "2: zone: unknown key 'zone' (did you mean 'zones'?); "
            "allowed: alarms, calls, devices, doors, hours, http, include, journal, lines, mqtt, people, roster, "
            "screens, site, store, voice, windows, zones"
        ],
    ),
    "a roster that is no calendar": (
        "roster: [{id: leaders, file: leaders.xls}, {id: leaders, file: leaders.ics, days: 0}]",
        [
            '2: roster[0].file: must be a file that ends in .ics or .csv; given: "leaders.xls"',
            "2: roster[1].days: must be at least 1; given: 0",
            "2: roster[1].id: 'leaders' is already used by roster[0]",
        ],
    ),
    "an unknown key": (
        "http:\n  consol: 127.0.0.1:80",
        ["3: http.consol: unknown key 'consol' (did you mean 'console'?); allowed: console, field"],
    ),
    "a listener without a port": ("http: {console: localhost}", [f'2: http.console: {LISTENER}; given: "localhost"']),
    "a listener with a port out of range": (
        "http:\n  console: 127.0.0.1:8080\n  field: 10.8.1.2:65536",
        [f'4: http.field: {LISTENER}; given: "10.8.1.2:65536"'],
    ),
    "two listeners on one port": (
        "http: {console: '10.8.1.2:80', field: '10.8.1.2:80'}",
        ["2: http: console and field must be two listeners, both are 10.8.1.2:80"],
    ),
    "a broker by http": ("mqtt: {url: 'http://10.8.1.2'}", [f'2: mqtt.url: {BROKER}; given: "http://10.8.1.2"']),
    "a broker with a port out of range": (
        "mqtt: {url: 'mqtt://10.8.1.2:99999'}",
        [f'2: mqtt.url: {BROKER}; given: "mqtt://10.8.1.2:99999"'],
    ),
    "a password inside an address is not repeated": (
        "mqtt: {url: 'mqtt://hall:hunter2@10.8.1.2'}",
        [f'2: mqtt.url: {BROKER}; given: "mqtt://…@10.8.1.2"'],
    ),
    "a password that is no reference is not repeated": (
        "mqtt: {url: mqtt://a, password: hunter2}",
        ["2: mqtt.password: must be {file: NAME} or {env: NAME}: a secret never stands in the site file itself"],
    ),
    "a password as the name of a variable is not repeated": (
        "mqtt: {url: mqtt://a, password: {env: hunter-2}}",
        ["2: mqtt.password.env: must be the name of an environment variable: letters, digits and _"],
    ),
    "a protocol that is none": (
        "mqtt: {url: mqtt://a, protocol: 4}",
        [
            "2: mqtt.protocol: must be 'auto', '5' or '3.1.1'; given: 4, "
            "which YAML reads as a number: put what was meant in quotes"
        ],
    ),
    "a store of another kind": (
        "store: {url: 'mysql://a/b', key: {env: HALL_TEST_KEY}}",
        [f'2: store.url: {STORE}; given: "mysql://a/b"'],
    ),
    "a store with options": (
        "store: {url: 'sqlite:///a.db?mode=ro', key: {env: HALL_TEST_KEY}}",
        [f'2: store.url: {STORE}; given: "sqlite:///a.db?mode=ro"'],
    ),
    "a store with its password inside": (
        POSTGRESQL % "hall:s3cret@h/d",
        [f'2: store.url: {INSIDE}; given: "postgresql+psycopg://…@h/d"'],
    ),
    "a store with its password behind": (
        POSTGRESQL % "hall@h/d?password=s3cret&sslmode=require",
        [f'2: store.url: {INSIDE}; given: "postgresql+psycopg://…@h/d?password=…&sslmode=require"'],
    ),
    "a file with a password": (
        "store: {url: 'sqlite:///a.db', key: {env: HALL_TEST_KEY}, password: {env: HALL_TEST_KEY}}",
        ["2: store: password: a SQLite file has none; it goes with postgresql+psycopg://…"],
    ),
    "a store whose password is missing": (
        "store: {url: 'postgresql+psycopg://h/d', key: {env: HALL_TEST_KEY}, password: {env: HALL_TEST_NONE}}",
        ["2: store.password: secret: environment variable HALL_TEST_NONE is not set"],
    ),
    "a store without its key": ("store:\n  url: sqlite:///a.db", ["2: store.key: is missing"]),
    "a secret whose file is missing": (
        "store:\n  url: sqlite:///a.db\n  key:\n    file: lost.key",
        ["4: store.key: secret: lost.key cannot be read: No such file or directory"],
    ),
    "a secret whose variable is missing": (
        "mqtt: {url: mqtt://a, password: {env: HALL_TEST_LOST}}",
        ["2: mqtt.password: secret: environment variable HALL_TEST_LOST is not set"],
    ),
    "a secret by file and by variable": (
        "mqtt: {url: mqtt://a, password: {file: a, env: HALL_TEST_KEY}}",
        ["2: mqtt.password: must be exactly one of {file: NAME} or {env: NAME}"],
    ),
    "a secret by neither": (
        "mqtt: {url: mqtt://a, password: {}}",
        ["2: mqtt.password: must be exactly one of {file: NAME} or {env: NAME}"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_says_where_the_mistake_is_and_what_is_allowed(
    text: str, expected: list[str], complaints: Callable[..., list[str]]
) -> None:
    assert complaints("site: {id: hall, name: 大厅}\n" + text) == [f"site:{line}" for line in expected]
