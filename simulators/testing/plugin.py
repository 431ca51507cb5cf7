"""A pytest plugin: the fixture `hall` is a whole hall on simulators."""

from collections.abc import Generator
from pathlib import Path

import pytest

from simulators.testing.hall import Hall, open_hall

INI = "hall_site"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the site file be named once for all tests."""
    parser.addini(INI, "the site file of the fixture `hall`, relative to the folder of the configuration")


def pytest_configure(config: pytest.Config) -> None:
    """Let the site file be named for one test."""
    config.addinivalue_line("markers", f"{INI}(path): the site file of the fixture `hall`, relative to the test's file")


@pytest.fixture
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Hall]:
    """The hall of the site file that the marker or the option `hall_site` names, with every device online."""
    folder = tmp_path / "hall"
    folder.mkdir()
    with open_hall(_site(request), folder) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell beside a failure what happened in the hall."""
    report = yield
    found = getattr(item, "funcargs", {}).get("hall")
    if report.when == "call" and report.failed and isinstance(found, Hall):
        report.sections += [(f"hall: {title}", text) for title, text in found.story()]
    return report


def _site(request: pytest.FixtureRequest) -> Path:
    marker = request.node.get_closest_marker(INI)
    named: object = request.config.getini(INI)
    if marker is not None and len(marker.args) == 1:
        site = request.path.parent / str(marker.args[0])
    elif marker is None and isinstance(named, str) and named:
        site = (request.config.inipath or request.config.rootpath / "_").parent / named
    else:
        pytest.fail(f"the fixture hall needs a site file: @pytest.mark.{INI}('site.yaml') or the option {INI}")
    if not site.is_file():
        pytest.fail(f"{INI}: there is no file {site}")
    return site
