"""The unit under a real systemd: started, reloaded, killed, stopped, with all that is taken from it."""

import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from nspawn import boot

HOUSE = Path(__file__).parents[2]
PYTHON = Path(sys.base_prefix)
SITE = """\
site: {id: test, name: 测试中心}
store: {url: sqlite:////var/lib/hall-gateway/hall.db, key: {file: secrets/journal.key}}
people: {tokens: /var/lib/hall-gateway/tokens.json}
devices:
  - {id: led-1, driver: displays.onbon_k, address: 'tcp://127.0.0.1:5005', model: 6K2, width: 64, height: 16}
windows: [{id: w1, label: 1号窗口, function: 综合受理, screens: [led-1]}]
"""
DROP_IN = """\
[Service]
StandardError=append:/out/gateway.log
Environment=LD_LIBRARY_PATH=/opt/python/lib
"""
SCRIPT = r"""set -eu
export LD_LIBRARY_PATH=/opt/python/lib  # of a Python that is not Debian's own
hall() { /opt/hall-gateway/bin/hall-gateway "$@"; }
show() { systemctl show hall-gateway -p "$1" --value; }
ask() { exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /%s HTTP/1.0\r\n\r\n' "$1" >&3; tail -1 <&3; echo; }
trap 'systemctl status hall-gateway; cat /out/gateway.log' ERR
systemctl start hall-gateway.socket
systemctl start hall-gateway
echo "started: $(show ActiveState) $(show StatusText) $(ask readyz)"
pid=$(show MainPID)
echo "dynamic user: $(test $(stat -c %u /proc/$pid) -ge 61184 && echo yes)"
read -r -a row <<< "$(grep ' 00000000:00A2 ' /proc/net/udp)"
echo "port 162: $(test "$(readlink /proc/$pid/fd/3)" = "socket:[${row[9]}]" && echo given)"
echo "threads: $(test $(ls /proc/$pid/task | wc -l) -lt 64 && echo few)"
(umask 077; hall token new /etc/hall-gateway/site.yaml boss --role admin > /tmp/token)
hall call A012 w1 --token-file /tmp/token | sed 's/(.*//'
systemctl reload hall-gateway
sleep 1
echo "reloaded: $(show ActiveState), the same process: $(test $pid = $(show MainPID) && echo yes)"
systemctl kill -s KILL hall-gateway
for _ in $(seq 100); do sleep 0.1; test "$(show ActiveState) $(show NRestarts)" = "active 1" && break; done
echo "killed: $(show ActiveState) $(show NRestarts) $(ask readyz)"
systemctl stop hall-gateway.socket hall-gateway
echo "stopped: $(show ActiveState) $(show Result)"
cp -r /var/lib/private/hall-gateway /tmp/kept
sed 's|/var/lib/hall-gateway|/tmp/kept|' /etc/hall-gateway/site.yaml > /tmp/site.yaml
mkdir /tmp/secrets; cp /etc/hall-gateway/secrets/journal.key /tmp/secrets
hall journal verify /tmp/site.yaml
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, str]:
    """The wheel, in an environment of its own as the unit wants it; gives what is mounted where."""
    folder = tmp_path_factory.mktemp("opt")
    folder.chmod(0o755)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=HOUSE, check=True, capture_output=True, timeout=50)
    (wheel,) = folder.glob("*.whl")
    packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "libraries.pth").write_text("/opt/libraries\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(f"/opt/python/bin/python3.{sys.version_info.minor}")
    (folder / "pyvenv.cfg").write_text("home = /opt/python/bin\ninclude-system-site-packages = false\n")
    script = folder / "bin" / "hall-gateway"
    script.write_text("#!/opt/hall-gateway/bin/python\nfrom gateway.cli import main\nraise SystemExit(main())\n")
    script.chmod(0o755)
    return {folder: "/opt/hall-gateway", Path(sysconfig.get_path("purelib")): "/opt/libraries", PYTHON: "/opt/python"}


@pytest.mark.timeout(180)
def test_the_service_lives_under_systemd_as_its_unit_says(tmp_path: Path, installed: Mapping[Path, str]) -> None:
    units, out, conf = (tmp_path / name for name in ("units", "out", "conf"))
    for folder in (units, out, conf / "secrets"):
        folder.mkdir(parents=True)
    for unit in ("hall-gateway.service", "hall-gateway.socket"):
        (units / unit).write_text((HOUSE / "systemd" / unit).read_text())
    (units / "hall-gateway.service.d").mkdir()
    (units / "hall-gateway.service.d" / "test.conf").write_text(DROP_IN)
    (conf / "site.yaml").write_text(SITE)
    for secret in ("journal.key", "mqtt.password"):
        (conf / "secrets" / secret).write_text("5e" * 32)
    conf.chmod(0o755)
    (conf / "secrets").chmod(0o700)
    code, told = boot(units, out, SCRIPT, binds={**installed, conf: "/etc/hall-gateway"})
    assert code == 0, told
    assert re.sub(r"journal: |\d+ rows", "", told).splitlines() == [
        'started: active 测试中心: 1 device {"status":"ready"}',
        "dynamic user: yes",
        "port 162: given",
        "threads: few",
        "A012 is accepted for w1 ",
        "reloaded: active, the same process: yes",
        'killed: active 1 {"status":"ready"}',
        "stopped: inactive success",
        "site test:  are whole",
    ]
