"""One line of the program is made wrong, and the tests that watch over that line must fail: tests/mutants."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).parents[2]
MUTANTS: list[dict[str, Any]] = tomllib.loads((HOUSE / "tests/mutants/mutants.toml").read_text())["mutant"]
FAILED = 1  # pytest's exit code for tests that ran and failed; 2 to 5 are other ways not to pass


def mutated(folder: Path, mutant: dict[str, Any]) -> Path:
    """A copy of the tree with the one line changed."""
    for part in ("gateway", "drivers", "simulators", "tests", "config"):
        shutil.copytree(HOUSE / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", folder)
    wrong = folder / mutant["file"]
    text = wrong.read_text()
    assert text.count(mutant["old"] + "\n") == 1, f"{mutant['file']} has not exactly one line: {mutant['old'].strip()}"
    wrong.write_text(text.replace(mutant["old"] + "\n", mutant["new"] + "\n"))
    return folder


def run(folder: Path, tests: list[str]) -> "subprocess.CompletedProcess[str]":
    """The tests, on the packages of a folder, until the first failure."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=20", *tests],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant["name"] for mutant in MUTANTS])
def test_is_noticed_when(mutant: dict[str, Any], tmp_path: Path) -> None:
    done = run(mutated(tmp_path, mutant), mutant["tests"])
    assert done.returncode == FAILED, done.stdout[-2000:]


def test_there_are_twenty_of_them() -> None:
    assert len({mutant["name"] for mutant in MUTANTS}) == len(MUTANTS) >= 20
