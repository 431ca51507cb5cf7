"""The package beside this file, installed as its author's users do: nothing of this repository is edited or seen."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOUSE = HERE.parents[1]
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of hall-gateway and the driver's package, as in an environment of their own."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=HOUSE, check=True, capture_output=True, timeout=60)
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--offline", "--python", sys.executable]
    options = ["--no-deps", "--no-build-isolation", "--target", str(folder)]
    done = subprocess.run([*uv, *options, *map(str, wheels.iterdir()), str(HERE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def run(installed: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command: Sequence[str] = [sys.executable, "-P", "-m", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        command, cwd=installed, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


def test_it_is_found_by_its_entry_point(installed: Path) -> None:
    done = run(installed, "gateway.cli", "drivers", "--json")
    assert json.loads(done.stdout)["lights.lamp"] == "Drives a signal lamp: one colour, or off."


def test_its_site_file_is_checked(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "gateway.cli", "check", str(HERE / "sample.yaml")).returncode == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((HERE / "sample.yaml").read_text().replace("poll_s: 2", "poll_s: 0"))
    done = run(installed, "gateway.cli", "check", str(wrong))
    assert (done.returncode, done.stderr) == (2, f"{wrong}:3: devices[0].poll_s: must be at least 0.05; given: 0\n")


def test_it_passes_the_contract_suite(installed: Path) -> None:
    done = run(installed, "hall_contract", "-q", "-p", "hall_lamp.case", "-k", "lights.lamp or left_out")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 30


def test_without_a_case_the_suite_names_it(installed: Path) -> None:
    done = run(installed, "hall_contract", "-q", "-k", "left_out")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "lights.lamp" in done.stdout


def test_the_contributing_page_shows_its_files_word_by_word() -> None:
    page = (HOUSE / "CONTRIBUTING.md").read_text()
    shown = dict(re.findall(r"(?s)`([a-z_./]+)`[^`]*?:\n```(?:toml|yaml|python)\n(.*?)```", page))
    files = {path for path in HERE.rglob("*") if path.suffix in (".py", ".toml", ".yaml") and path != Path(__file__)}
    assert shown == {str(path.relative_to(HERE)): path.read_text() for path in files}
