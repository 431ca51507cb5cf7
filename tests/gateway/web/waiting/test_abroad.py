"""The page from another network: not from loopback, where browsers allow what they forbid elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

from child import program

TESTS = Path(__file__).parents[3]
PATHS = [TESTS / "peers", TESTS / "fixtures", TESTS.parent]


def test_a_screen_in_another_network_namespace_shows_a_call() -> None:
    unshare = [program("unshare"), "-rn"] if os.geteuid() else [program("unshare"), "-n"]
    can = subprocess.run([*unshare, "true"], capture_output=True, text=True, timeout=10)
    assert can.returncode == 0, f"this machine lets nobody make a network namespace ({can.stderr.strip()}): run as root"
    done = subprocess.run(
        [*unshare, sys.executable, "-P", str(TESTS / "peers/screen_abroad.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "address": "http://198.51.100.1:8081/screens/free",
        "tickets": ["A012"],
        "secure_context": False,  # so what needs HTTPS, a service worker for one, was not there
        "status": "confirmed",
        "stale": False,
        "plain": True,
        "kept": False,
        "polled": False,
        "foreign": [],
        "console": False,
    }
