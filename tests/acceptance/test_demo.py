"""The demo as a newcomer starts it."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from hall import PROGRAM

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]  # it makes its own
CONSOLE = r"console   http://127\.0\.0\.1:\d+/#token=hall_\S+"


@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"])
def test_the_demo_ends_with_a_summary_of_a_hall_that_worked(broker: str) -> None:
    command = [*PROGRAM, "demo", "--for", "20s", "--port", "0", "--broker", broker]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(CONSOLE, done.stdout)
    assert re.search(
        r"(?m)^CLI       export HALL_TOKEN=hall_\S+; \S+/hall-gateway devices --url http://\S+$", done.stdout
    )
    who = r"user gateway, password in /\S+" if broker == "mosquitto" else "without a password"
    assert re.search(rf"(?m)^MQTT      mqtt://127\.0\.0\.1:\d+   {who}$", done.stdout)
    assert re.search(r"(?m)^levers    http://127\.0\.0\.1:\d+/devices$", done.stdout)
    assert "18 of 19 devices online" in done.stdout
    assert len(re.findall(r"(?m)^waiting   http://127\.0\.0\.1:\d+/screens/[a-z-]+\?key=hall_\S+$", done.stdout)) == 2
    assert re.search(r"(?m)^alarms    .*device-offline\.led-13", done.stdout)
    assert re.search(r"(?m)^doors     东侧职工入口, 西侧职工入口, 机房, 联动指挥室, 法律服务区后门: ", done.stdout)
    happened = r"(?m)^doors     [1-9]\d* passages; forced: 机房; held open: 联动指挥室; still so: none$"
    assert re.search(happened, done.stdout), done.stdout
    assert "door-forced.doors-1.server-room" in done.stdout  # until somebody acknowledges it
    assert not re.search(r"door-held|log-epoch", done.stdout)
    assert "rows are whole" in done.stdout
    assert ("DEMO BROKER" in done.stderr) == (broker == "amqtt")
    assert "Traceback" not in done.stderr


def test_the_demo_told_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    command, own = [*PROGRAM, "demo", "--port", "0"], {**os.environ, "TMPDIR": str(tmp_path)}
    demo = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout
    assert demo.stderr
    with demo:
        assert "console" in demo.stdout.readline()
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == 0
        assert "Traceback" not in demo.stderr.read()
    end = time.monotonic() + 5
    while subprocess.run(["pgrep", "-f", f"{tmp_path}/hall-demo-"], capture_output=True, check=False).returncode == 0:
        assert time.monotonic() < end, "a child of the demo still runs"
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
