"""What a site installs: one wheel with everything in it, and lock files that say what goes beside it."""

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).parents[2]
PACKAGES = ("gateway", "drivers", "simulators")
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=HOUSE, check=True, capture_output=True, timeout=50)
    (built,) = out.iterdir()
    with zipfile.ZipFile(built) as archive:
        yield archive


def text(wheel: zipfile.ZipFile, ending: str) -> str:
    (name,) = (name for name in wheel.namelist() if name.endswith(ending))
    return wheel.read(name).decode()


def files(folder: str) -> set[str]:
    found = (path for path in (HOUSE / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(HOUSE)) for path in found}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_has_every_file_of_its_packages(wheel: zipfile.ZipFile, package: str) -> None:
    wanted = files(package)
    assert f"{package}/py.typed" in wanted
    assert {name for name in wheel.namelist() if name.startswith(f"{package}/")} == wanted


def test_the_wheel_brings_the_demo_and_the_examples(wheel: zipfile.ZipFile) -> None:
    share = {name.partition("/share/hall-gateway/")[2] for name in wheel.namelist() if "/share/" in name}
    kiosk = {"kiosk/shell.html", "kiosk/hall-kiosk", "kiosk/hall-kiosk.service"}
    demo = {"demo.yaml", "demo-leaders.ics", "demo-map.png"}
    ours = files("config/examples") | files("config/worlds")
    assert share == demo | kiosk | {name.removeprefix("config/") for name in ours}


def test_the_wheel_brings_its_licences(wheel: zipfile.ZipFile) -> None:
    assert "Apache License" in text(wheel, ".dist-info/licenses/LICENSE")
    assert "SIL OPEN FONT LICENSE" in text(wheel, ".dist-info/licenses/LICENSE-OFL-1.1")


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    stem = f"hall_gateway-{PROJECT['project']['version']}"
    assert tops == {*PACKAGES, "hall_contract", f"{stem}.data", f"{stem}.dist-info"}


def test_every_entry_point_resolves(wheel: zipfile.ZipFile) -> None:
    parser = ConfigParser(delimiters=("=",))
    parser.read_string(text(wheel, ".dist-info/entry_points.txt"))
    targets = [target for section in parser.sections() for target in parser[section].values()]
    assert len(targets) >= 4
    for target in targets:
        module, _, name = target.partition(":")
        found = import_module(module)
        assert not name or callable(getattr(found, name)), target


def test_no_other_distribution_owns_our_package_names() -> None:
    owners = packages_distributions()  # an editable install of ours is not listed
    assert {owner for name in PACKAGES for owner in owners.get(name, [])} <= {"hall-gateway"}


def locked(name: str) -> dict[str, Requirement]:
    lines = (HOUSE / name).read_text().splitlines()
    pins = [Requirement(line.removesuffix(" \\")) for line in lines if line and line[0] not in "# "]
    return {canonicalize_name(pin.name): pin for pin in pins}


def test_the_locks_pin_everything_that_is_declared() -> None:
    everything, demo = locked("requirements.txt"), locked("requirements-demo.txt")
    needed = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["demo"]
    develop = [line for line in PROJECT["dependency-groups"]["dev"] if isinstance(line, str)]
    for lock, lines in ((demo, needed), (everything, needed + develop)):
        for wanted in map(Requirement, lines):
            (pin,) = lock[canonicalize_name(wanted.name)].specifier
            assert wanted.specifier.contains(pin.version), f"{wanted} against {pin}: run make lock"
    assert {name: str(pin) for name, pin in demo.items()}.items() <= {n: str(p) for n, p in everything.items()}.items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-demo.txt"])
def test_a_lock_names_hashes_and_no_address(name: str) -> None:
    lock = (HOUSE / name).read_text()
    assert "://" not in lock
    assert "--index" not in lock
    assert lock.count("--hash=sha256:") >= len(locked(name))
