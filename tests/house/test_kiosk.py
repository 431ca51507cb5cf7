"""What runs on the box behind a waiting-area screen: its unit, and the script that is its watchdog."""

import subprocess
import time
from pathlib import Path

import pytest
from child import program

HOUSE = Path(__file__).parents[2]
UNIT, SCRIPT = HOUSE / "systemd/hall-kiosk.service", HOUSE / "systemd/hall-kiosk"
SHELL = HOUSE / "config/kiosk/shell.html"
KEY = "hall_KIOSK"


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/local/lib/hall-kiosk/hall-kiosk", "/usr/bin/true"))
    done = subprocess.run([program("systemd-analyze"), "verify", str(copy)], capture_output=True, text=True, timeout=30)
    assert done.stderr == ""


def test_the_unit_never_gives_up_and_has_a_watchdog() -> None:
    lines = set(UNIT.read_text().splitlines())
    assert {"Type=notify", "Restart=always", "WatchdogSec=90", "StartLimitIntervalSec=0"} <= lines


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Stand-ins for what the script starts: each writes down how, curl says what the file `code` says."""
    for name, text in {
        "cage": 'echo "$@" > cage.args; exec sleep "$(cat lives_s)"',
        "curl": 'cat > curl.config; echo "$@" > curl.args; [ "$(cat code)" != away ] && cat code',
        "systemd-notify": 'echo "$@" >> notified',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(box: Path, code: str, *, lives_s: float = 0.4) -> list[str]:
    """Run the script until its browser ends; gives what systemd was told."""
    (box / "code").write_text(code)
    (box / "lives_s").write_text(str(lives_s))
    environment = {"RUNTIME_DIRECTORY": str(box), "STATE_DIRECTORY": str(box), "KIOSK_SHELL": str(SHELL)}
    environment |= {"SCREEN_URL": "http://h:8081/screens/hall", "SCREEN_KEY": KEY, "KIOSK_EVERY_S": "0.05"}
    subprocess.run([str(SCRIPT)], env={**environment, "PATH": f"{box}:/usr/bin:/bin"}, timeout=20, check=False)
    return (box / "notified").read_text().splitlines()


@pytest.mark.parametrize("code", ["200", "away", "401"])
def test_the_watchdog_is_fed_while_the_page_is_heard_or_the_gateway_is_away(box: Path, code: str) -> None:
    told = run(box, code)
    assert (told[0], set(told[1:])) == ("--ready", {"WATCHDOG=1"})


def test_a_page_that_is_not_heard_starves_the_watchdog(box: Path) -> None:
    assert run(box, "503") == ["--ready"]


def test_it_ends_with_its_browser_and_systemd_starts_it_anew(box: Path) -> None:
    began = time.monotonic()
    run(box, "200", lives_s=0.1)
    assert time.monotonic() - began < 10


def test_the_key_is_in_no_command_line_but_in_the_shell_page_and_the_cookie(box: Path) -> None:
    run(box, "200")
    arguments = (box / "cage.args").read_text() + (box / "curl.args").read_text()
    assert KEY not in arguments
    assert f"file://{box}/shell.html" in arguments
    assert "--autoplay-policy=no-user-gesture-required" in arguments
    assert f"http://h:8081/screens/hall?key={KEY}" in (box / "shell.html").read_text()
    assert (box / "shell.html").stat().st_mode & 0o077 == 0
    assert f"hall_screen={KEY}" in (box / "curl.config").read_text()
