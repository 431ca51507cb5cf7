"""One suite for all drivers: every test that asks for `case` or `hall` runs once for each of them."""

from collections.abc import AsyncGenerator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hall_contract.case import Case
from hall_contract.cases.caller_pad import CallerPad
from hall_contract.cases.escpos_printer import EscposPrinter
from hall_contract.cases.hikvision import Hikvision
from hall_contract.cases.huidu import Huidu
from hall_contract.cases.invented import Beacon, Controller
from hall_contract.cases.ledsender import LedSender, LedSenderOnALine
from hall_contract.cases.onbon_dynamic import OnbonDynamic
from hall_contract.cases.onbon_k import OnbonK, OnbonKOnALine
from hall_contract.cases.osdp import Osdp, OsdpOnALine
from hall_contract.cases.uhppote import Uhppote, UhppoteByTcp
from hall_contract.cases.web_screen import WebScreen
from hall_contract.cases.zkteco_push import ZktecoPush
from hall_contract.hall import Hall, hurry, open_hall
from hall_contract.sound import mistakes
from hall_contract.steady import pytest_asyncio_loop_factories
from pluggy import PluginValidationError

__all__ = ["pytest_asyncio_loop_factories"]  # a hook


class Hooks:
    """What a driver outside this repository brings along: see README.md."""

    @pytest.hookspec
    def pytest_hall_cases(self) -> Sequence[Case]:
        """The cases of its drivers."""
        raise NotImplementedError


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Say in one sentence what is wrong with a plugin, before pytest does in forty lines."""
    try:
        session.config.pluginmanager.check_pending()
    except PluginValidationError as error:
        raise pytest.UsageError(f"{error}; the hook of a driver's cases is pytest_hall_cases") from error
    wrong_cases(session.config)


def wrong_cases(config: pytest.Config) -> None:
    """Raise what is wrong with the cases, if anything: then nothing that the suite finds would mean anything."""
    try:
        wrong = [sentence for case in all_cases(config) for sentence in mistakes(case)]
    except (TypeError, AttributeError) as error:  # an abstract method is missing, or the plugin gives no list
        wrong = [str(error)]
    if wrong:
        raise pytest.UsageError("\n".join(wrong))


def pytest_hall_cases() -> Sequence[Case]:
    """Those of hall-gateway; its invented devices are not published."""
    invented = (Controller(), Beacon()) if find_spec("hall_testdriver") else ()
    cards = Huidu(), LedSender(), LedSenderOnALine(), OnbonDynamic(), OnbonK(), OnbonKOnALine()
    access = Hikvision(), Osdp(), OsdpOnALine(), Uhppote(), UhppoteByTcp(), ZktecoPush()
    return CallerPad(), EscposPrinter(), *cards, WebScreen(), *access, *invented


def all_cases(config: pytest.Config) -> list[Case]:
    return [case for found in config.hook.pytest_hall_cases() for case in found]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = all_cases(metafunc.config)
        if "obeys" in metafunc.fixturenames:
            cases = [case for case in cases if case.command is not None]
        metafunc.parametrize("case", cases, ids=lambda case: case.name)


@pytest.fixture
def obeys() -> None:
    """For a test that is about commands: it runs for the drivers that have any."""


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> list[Case]:
    return all_cases(request.config)


@pytest.fixture
async def hall(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hall]:
    """A hall with one device of this driver; it comes back from an outage within milliseconds."""
    hurry(monkeypatch)
    async with open_hall(case, tmp_path) as opened:
        yield opened
        opened.no_bug()
