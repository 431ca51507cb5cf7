"""Who may import whom: every contract of pyproject.toml holds, and is shown to break on a planted violation."""

import shutil
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

HOUSE = Path(__file__).parents[2]
PACKAGES = ("gateway", "drivers", "simulators")
LINT = Path(sys.executable).with_name("lint-imports")
CONTRACTS = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
KNOWN = {contract["id"]: contract for contract in CONTRACTS}

# contract, file, what it imports
VIOLATIONS = [
    ("layers", "gateway/hub.py", "gateway.supervisor"),
    ("layers", "gateway/hub.py", "gateway.journal"),
    ("layers", "gateway/web/planted.py", "gateway.mqtt"),
    ("layers", "gateway/core/planted.py", "gateway.meters"),
    ("layers", "gateway/module_without_a_floor.py", "json"),
    ("drivers", "drivers/displays/onbon_k/planted.py", "gateway.hub"),
    ("drivers", "drivers/displays/onbon_k/planted.py", "simulators"),
    ("drivers", "drivers/shared/planted.py", "gateway.wire"),
    ("independence", "drivers/displays/planted/driver.py", "drivers.displays.onbon_k.codec"),
    ("shared", "drivers/shared/planted.py", "drivers.displays.onbon_k.codec"),
    ("gateway", "gateway/registry.py", "drivers.displays.onbon_k.driver"),
    ("gateway", "gateway/app.py", "simulators.displays"),
    ("codecs", "drivers/displays/onbon_k/codec.py", "asyncio"),
    ("codecs", "drivers/displays/onbon_k/codec.py", "gateway.core.model"),
    ("codecs", "drivers/shared/planted.py", "socket"),
    ("simulators", "simulators/displays/onbon_k/planted.py", "drivers.displays.onbon_k.driver"),
    ("simulators", "simulators/displays/onbon_k/planted.py", "gateway.hub"),
    ("cycles", "drivers/shared/planted.py", "drivers.shared.returned"),
]


def copy_of_the_house(folder: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(HOUSE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", folder)


def plant(folder: Path, path: str, imports: str) -> None:
    file = folder / path
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    with file.open("a") as text:
        text.write(f"\nimport {imports}\n")


def lint(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [str(LINT), "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50)


def test_the_contracts_hold(tmp_path: Path) -> None:
    copy_of_the_house(tmp_path)
    done = lint(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


@pytest.mark.parametrize(("contract", "path", "imports"), VIOLATIONS)
def test_a_planted_violation_breaks_its_contract(tmp_path: Path, contract: str, path: str, imports: str) -> None:
    copy_of_the_house(tmp_path)
    plant(tmp_path, path, imports)
    plant(tmp_path, "drivers/shared/returned.py", "drivers.shared.planted" if contract == "cycles" else "struct")
    done = lint(tmp_path, "--contract", contract)
    assert done.returncode == 1
    assert f"{KNOWN[contract]['name']} BROKEN" in done.stdout, done.stdout + done.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(KNOWN)


def test_no_system_of_drivers_is_left_out_of_the_contracts() -> None:
    systems = {f"drivers.{folder.parent.name}" for folder in HOUSE.glob("drivers/*/__init__.py")} - {"drivers.shared"}
    assert set(KNOWN["independence"]["modules"]) == {f"{system}.*" for system in systems}
    assert set(KNOWN["shared"]["forbidden_modules"]) == systems


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
