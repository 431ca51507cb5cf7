"""The unit that runs the gateway: systemd finds nothing wrong, and almost everything is taken from the process."""

import re
import subprocess
from pathlib import Path

import pytest
from child import program

from gateway.web.gate import FAREWELLS, MOST

UNIT = Path(__file__).parents[2] / "systemd/hall-gateway.service"
EXPOSURE = 2.0  # of 10; systemd's own word for this is "OK"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists: `verify` asks for it."""
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/usr/bin/true", UNIT.read_text()))
    return copy


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program("systemd-analyze"), *arguments], capture_output=True, text=True, timeout=30)


def test_systemd_finds_nothing_wrong(unit: Path) -> None:
    assert analyze("verify", str(unit)).stderr == ""  # its exit code is 0 even for unknown keys


def test_systemd_finds_nothing_wrong_with_the_port_of_the_traps(unit: Path) -> None:
    port = unit.with_suffix(".socket")
    port.write_text(UNIT.with_suffix(".socket").read_text())
    assert analyze("verify", str(port), str(unit)).stderr == ""
    assert "ListenDatagram=0.0.0.0:162" in port.read_text()


def test_systemd_finds_a_planted_mistake(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in analyze("verify", str(unit)).stderr


def test_hardly_anything_is_left_open(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE * 10:.0f}", str(unit))
    assert done.returncode == 0, done.stdout


def test_the_unit_has_a_descriptor_for_every_connection_that_the_listeners_take() -> None:
    [limit] = re.findall(r"(?m)^LimitNOFILE=(\d+)$", UNIT.read_text())
    devices_and_files = 1500
    assert int(limit) >= 2 * (MOST + FAREWELLS) + devices_and_files


def test_the_unit_is_fed_and_restarted_and_holds_its_secrets() -> None:
    lines = UNIT.read_text().splitlines()
    assert "ExecStart=/opt/hall-gateway/bin/hall-gateway run /etc/hall-gateway/site.yaml" in lines
    assert {"Type=notify", "WatchdogSec=30", "Restart=on-failure", "DynamicUser=yes"} <= set(lines)
    credentials = {line.split("=")[1].split(":")[0] for line in lines if line.startswith("LoadCredential=")}
    assert credentials == {"journal.key", "mqtt.password"}
