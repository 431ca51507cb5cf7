"""What the site file may say of a reader."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from readerhall import config

BLOCKED = """
import sys
sys.modules["osdp_sys"] = None
from drivers.access.osdp.driver import Osdp
assert Osdp.config_type.model_json_schema()
try:
    Osdp.config_type(id="r", driver="access.osdp", address="tcp://127.0.0.1:1", enforce_secure=False)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"key": None}, "key is missing"),
        ({"enforce_secure": False}, "exclude each other"),
        ({"key": None, "enforce_secure": False, "install": True}, "install needs a key"),
        ({"reader": 127}, "less than or equal to 126"),
        ({"address": "udp://10.0.0.1:1"}, "must be tcp://"),
        ({"door": {"sensor_input": 0}}, "lock_output"),
        ({"door": {"sensor_input": 0, "lock_output": 0, "open_s": 26}}, "less than or equal to 25.5"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, keys: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        config(tmp_path, **keys)


def test_warns_of_readers_in_the_clear_and_of_an_installation_that_goes_on(tmp_path: Path) -> None:
    assert [*config(tmp_path).weaknesses()] == []
    clear = config(tmp_path, key=None, enforce_secure=False)
    assert [key for key, _ in clear.weaknesses()] == ["enforce_secure"]
    assert [key for key, _ in config(tmp_path, install=True).weaknesses()] == ["install"]


def test_shares_a_line_by_the_address_of_the_reader(tmp_path: Path) -> None:
    assert config(tmp_path, reader=7).unit == ("reader", 7)


def test_without_the_extra_the_driver_is_there_and_the_site_file_is_told_what_to_install() -> None:
    ran = subprocess.run([sys.executable, "-c", BLOCKED], check=True, capture_output=True, text=True, timeout=30)
    assert "libosdp is not installed: pip install 'hall-gateway[osdp]'" in ran.stdout
