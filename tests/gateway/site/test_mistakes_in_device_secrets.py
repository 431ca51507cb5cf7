"""Mistakes in the secrets of devices: each is read before anything runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sections import load_site

READER = """site: {id: a, name: a}
devices:
  - {id: r, driver: access.osdp, address: 'tcp://h:1', key: {file: r.key}}
"""
TERMINAL = """site: {id: a, name: a}
devices:
  - {id: t, driver: access.hikvision, address: 'https://h', username: u, password: {file: t.password},
     doors: [{number: 1, id: d1}]}
"""


@pytest.mark.parametrize(
    ("site", "held", "said"),
    [
        (READER, None, "3: devices[0].key: secret: r.key cannot be read: No such file or directory"),
        (READER, "\n", "3: devices[0].key: secret: r.key is empty"),
        (READER, "zz\n", "3: devices[0].key: secret: file r.key must be 32 hexadecimal digits"),
        (READER, "00" * 16, "3: devices[0].key: secret: file r.key is one that everybody tries: make one of your own"),
        (TERMINAL, None, "3: devices[0].password: secret: t.password cannot be read: No such file or directory"),
    ],
)
def test_a_secret_that_cannot_be_used_is_told_with_its_place(
    complaints: Callable[..., list[str]], tmp_path: Path, site: str, held: str | None, said: str
) -> None:
    if held is not None:
        (tmp_path / "r.key").write_text(held)
    assert complaints(site) == [f"site:{said}"]


def test_a_key_of_ones_own_is_taken_and_simulators_need_none(tmp_path: Path) -> None:
    path = tmp_path / "site"
    path.write_text(READER)
    assert load_site(path, simulated=True).devices[0].id == "r"
    (tmp_path / "r.key").write_text("5e" * 15 + "01\n")
    assert load_site(path).devices[0].id == "r"
