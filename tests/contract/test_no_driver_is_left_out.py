"""A driver without a case fails the build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hall_contract.case import Case

from gateway import registry

HOUSE = Path(__file__).parents[2]


def test_every_driver_has_a_case(cases: list[Case]) -> None:
    assert sorted(case.driver for case in cases) == registry.driver_names()


@pytest.mark.parametrize("has_a_case", [False, True])
def test_a_driver_outside_this_repository_fails_without_a_case(tmp_path: Path, has_a_case: bool) -> None:
    info = tmp_path / "lamp-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lamp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hall_gateway.drivers]\nlamp.x = hall_testdriver.controller:Controller\n")
    case = "from hall_contract.cases.invented import Controller\nclass Lamp(Controller): driver = 'lamp.x'\n"
    (tmp_path / "lamp_case.py").write_text(f"{case}def pytest_hall_cases(): return [Lamp()]\n")
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *["-p", "lamp_case"] * has_a_case]
    done = subprocess.run(
        [*command, str(Path(__file__).parent), "-k", "test_every_driver_has_a_case"],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(HOUSE / "tests" / "fixtures")])},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.returncode == 0) == has_a_case, done.stdout + done.stderr
    assert ("lamp.x" in done.stdout) == (not has_a_case)
