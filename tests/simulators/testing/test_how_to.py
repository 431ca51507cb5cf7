"""What docs/how-to/run-your-tests-on-simulators.md tells is done, word by word, by one who knows only that page."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from child import free_network, free_port
from ruamel.yaml import YAML

HOUSE = Path(__file__).parents[3]
PAGE = (HOUSE / "docs/how-to/run-your-tests-on-simulators.md").read_text()
pytestmark = pytest.mark.timeout(120)


def blocks(language: str) -> Sequence[str]:
    return re.findall(rf"(?s)```{language}\n(.*?)```", PAGE)


def run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run something where only the installed program is known: nothing of this repository's tests."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site, overlay, _ = blocks("yaml")
    (python,), (ini,) = blocks("python"), blocks("ini")
    files = {"site.yaml": site, "run.yaml": overlay, "test_calls.py": python, "pytest.ini": ini}
    for name, text in files.items():
        assert f"`{name}`" in PAGE
        (tmp_path / name).write_text(text)
    return tmp_path


def pytest_in(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return run(["pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", *more], folder)


def test_the_tests_of_the_page_pass(folder: Path) -> None:
    done = pytest_in(folder)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_failure_tells_what_happened_in_the_hall(folder: Path) -> None:
    failing = "def test_fails(hall):\n    hall.call('A012', 'w03')\n    hall.shows('led-03', 'A099', within_s=0.5)\n"
    (folder / "test_calls.py").write_text(failing)
    done = pytest_in(folder)
    assert "1 failed" in done.stdout
    assert re.search(r'led-03: not within 0\.5 s: text is "(A012)?.*", not A099', done.stdout)
    for title in ("the gateway's log", "what the simulated devices show", "the newest events"):
        assert f"- hall: {title} -" in done.stdout
    assert '"type": "call.accepted"' in done.stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pytest.ini", "[pytest]\n", "the fixture hall needs a site file: @pytest.mark.hall_site('site.yaml')"),
        ("pytest.ini", "[pytest]\nhall_site = sight.yaml\n", "hall_site: there is no file "),
        ("site.yaml", "site: {id: mine, name: x}\ndevices: [{driver: displays.onbon}]\n", "no driver 'displays.onbon'"),
    ],
)
def test_a_hall_that_cannot_be_opened_says_why(folder: Path, name: str, text: str, said: str) -> None:
    (folder / name).write_text(text)
    done = pytest_in(folder, "-k", "called")
    assert "1 error" in done.stdout
    assert said in done.stdout


def test_the_commands_of_the_page_work_in_a_shell(folder: Path) -> None:
    ports = {"8900": str(free_port()), "8080": str(free_port())}
    script = "\n".join(["set -eu", "trap 'kill $(jobs -p)' EXIT", *blocks("sh")])
    script = script.replace("--control 8900", f"--control 8900 --base {free_network(5005)}")
    for known, free in ports.items():  # other programs of this machine may use the ports that the page names
        script = script.replace(known, free)
        (folder / "run.yaml").write_text((folder / "run.yaml").read_text().replace(known, free))
    done = run(["bash", "-c", script], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "led-03.png").read_bytes().startswith(b"\x89PNG")
    assert '"text": "A012"' in done.stdout


def test_the_example_for_ci_runs_what_the_page_tells() -> None:
    yaml: Any = YAML(typ="safe")  # untyped
    workflow = yaml.load(blocks("yaml")[2])
    commands = [step["run"] for step in workflow["jobs"]["hall"]["steps"] if "run" in step]
    assert commands[-1] == ".venv/bin/pytest"
    assert "pip install hall-gateway pytest" in commands[-2]
