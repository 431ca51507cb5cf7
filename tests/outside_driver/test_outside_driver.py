"""The package beside this file, installed as its author's users do: nothing of this repository is edited or seen."""

import json
import os
import re
import shutil
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


def run(installed: Path, *arguments: str, before: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command: Sequence[str] = [sys.executable, "-P", "-m", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [before or installed, installed]))}
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


CONFIRM = """        await self._ask(f"COLOUR {light.colour}", "OK", partial(self.context.stage, command, Stage.SENT))
"""
PUBLISH = """        self.context.publish(Reading(None, "colour", light.colour.value))
"""
WORD = 'raise ProtocolError(f"{self.config.id} answered {word} instead of {expected}")'
WHO = """            model, _, firmware = (await self._ask("ID?", "ID")).partition(" ")
            yield Identity(model=model, firmware=firmware)
"""


@pytest.mark.parametrize(
    ("file", "right", "wrong", "tried", "told"),
    [
        ("driver", CONFIRM + PUBLISH, PUBLISH + CONFIRM, "refused_is_not_told", "published before the device"),
        ("driver", WORD, "raise ValueError(word)", "garbage", "a bug of the driver: ValueError: "),
        ("driver", WHO, "            yield Identity()\n", "not_online_before", "connect() asked nothing"),
        (
            "driver",
            '[Reading(None, "colour", colour)]',
            '[Reading(None, "clour", colour)]',
            "reads_every",
            "bug of the driver: ValueError: point 'clour' of part None is not declared by surface(); declared: colour",
        ),
        (
            "driver",
            '(PollGroup("colour"',
            '(PollGroup("clour"',
            "reads_every",
            "bug of the driver: NotSupported: surface() declares the poll group 'clour', and poll() does not serve it",
        ),
        ("case", '"red"', '"off"', "first_wish", "wishes[0] is what the box does already when it has just started"),
        ("case", "def pytest_hall_cases", "def pytest_hall_case", "reads_every", "unknown hook 'pytest_hall_case'"),
        ("case", "    notices_s = 0.5\n", "", "reads_every", "Lamp.notices_s is missing"),
    ],
)
def test_the_suite_says_what_is_wrong(
    installed: Path, tmp_path: Path, file: str, right: str, wrong: str, tried: str, told: str
) -> None:
    shutil.copytree(HERE / "hall_lamp", tmp_path / "hall_lamp")
    module = tmp_path / "hall_lamp" / f"{file}.py"
    assert module.read_text().count(right) == 1
    module.write_text(module.read_text().replace(right, wrong))
    only = f"lights.lamp and {tried}"
    done = run(installed, "hall_contract", "-q", "-p", "hall_lamp.case", "-k", only, before=tmp_path)
    assert done.returncode in (1, 4), done.stdout + done.stderr  # a test failed, or nothing was begun
    assert told in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr


def test_without_a_case_the_suite_names_it(installed: Path) -> None:
    done = run(installed, "hall_contract", "-q", "-k", "left_out")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "lights.lamp" in done.stdout


def test_the_contributing_page_shows_its_files_word_by_word() -> None:
    page = (HOUSE / "CONTRIBUTING.md").read_text()
    shown = dict(re.findall(r"(?s)`([a-z_./]+)`[^`]*?:\n```(?:toml|yaml|python)\n(.*?)```", page))
    files = {path for path in HERE.rglob("*") if path.suffix in (".py", ".toml", ".yaml") and path != Path(__file__)}
    assert shown == {str(path.relative_to(HERE)): path.read_text() for path in files}
