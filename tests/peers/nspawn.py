"""A real systemd of its own: the host's /usr under an empty root, no network but loopback, gone when it ends."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from child import program

LIMIT_S = 60.0
PREPARED = "ip link set lo up; umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "
PROBE = """\
[Unit]
After=basic.target
[Service]
Type=oneshot
TimeoutStartSec=50
StandardOutput=file:/out/probe.log
StandardError=file:/out/probe.log
ExecStart=/bin/bash -c '/run/systemd/system/probe.sh; systemctl exit $?'
"""
TARGET = "[Unit]\nRequires=basic.target\nWants=probe.service\nAfter=probe.service\nAllowIsolate=yes\n"


def boot(units: Path, out: Path, script: str, *, binds: Mapping[Path, str]) -> tuple[int, str]:
    """Boot with the units of a folder and run a bash script as root; gives its exit code and what it printed.

    `binds` are folders that are mounted read-only. `out` is writable as /out. Needs root.
    """
    assert os.geteuid() == 0, "only root can boot a systemd of its own: run this test as root"
    (units / "systemd-firstboot.service").symlink_to("/dev/null")  # else it waits for a key
    (units / "probe.service").write_text(PROBE)
    (units / "probe.target").write_text(TARGET)
    (units / "probe.sh").write_text(f"#!/bin/bash\n{script}")
    (units / "probe.sh").chmod(0o755)
    command = [
        program("systemd-nspawn"),
        "-q",
        "--register=no",
        "--keep-unit",
        "-D",
        "/",
        "--volatile=yes",
        "-M",
        "hall",
    ]
    command += [f"--bind-ro={units}:/run/systemd/system", f"--bind={out}:/out"]
    command += [f"--bind-ro={folder}:{place}" for folder, place in binds.items()]
    command += ["/lib/systemd/systemd", "--unit=probe.target", "--show-status=no"]
    done = subprocess.run(
        [program("unshare"), "-m", "-n", "-C", "sh", "-c", PREPARED + shlex.join(command)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    log = out / "probe.log"
    return done.returncode, log.read_text() if log.exists() else done.stdout + done.stderr
