from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from drivers.displays.escpos_printer.codec import Fault
from drivers.displays.escpos_printer.config import EscposPrinterConfig
from drivers.displays.escpos_printer.driver import POINTS, EscposPrinter
from gateway.core.errors import DeviceOffline, NotSupported
from gateway.core.model import Scalar
from simulators.displays.escpos_printer.server import EscposPrinterTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

WELL = {"online": True, "cover_open": False, "paper": "ok", "feed_button": False, "error": "none"}


def config(port: int = 9100, **keys: Any) -> EscposPrinterConfig:
    section = {"id": "tickets", "driver": "displays.escpos_printer", "address": f"tcp://127.0.0.1:{port}"}
    return EscposPrinterConfig.model_validate(section | {"timeout_s": 2.0} | keys)


@asynccontextmanager
async def printer(context: FakeContext, **keys: Any) -> AsyncGenerator[tuple[EscposPrinter, EscposPrinterTwin]]:
    """A driver and its simulated printer, which has printed nothing in the end."""
    twin = EscposPrinterTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = EscposPrinter(config(port, **keys), context)
        async with driver.connect():
            yield driver, twin
    assert twin.seen()["printed"] == 0


async def state(driver: EscposPrinter) -> dict[str, Scalar]:
    return {reading.point: reading.value for reading in await driver.poll("state")}


@pytest.mark.parametrize(
    ("lever", "params", "changed"),
    [
        ("heal", {}, {}),
        ("cover", {"open": True}, {"online": False, "cover_open": True}),
        ("paper", {"state": "low"}, {"paper": "low"}),
        ("paper", {"state": "out"}, {"online": False, "paper": "out"}),
        ("feed", {}, {"online": False, "feed_button": True}),
        *(("break", {"error": fault.value}, {"online": False, "error": fault.value}) for fault in list(Fault)[1:]),
    ],
)
async def test_what_a_person_sees_of_a_printer_is_in_its_points(
    context: FakeContext, lever: str, params: dict[str, Any], changed: dict[str, Any]
) -> None:
    async with printer(context) as (driver, twin):
        assert await state(driver) == WELL
        twin.levers()[lever](params)
        assert await state(driver) == WELL | changed
        assert {name: twin.seen()[name] for name in WELL} == WELL | changed
        assert [point.name for point in POINTS] == list(WELL)


async def test_its_port_is_given_back_after_every_question(context: FakeContext) -> None:
    async with printer(context) as (driver, twin):
        for _ in range(3):
            await state(driver)
            async with asyncio.timeout(1):
                while twin.seen()["connections"]:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("lever", "params"), [("mute", {}), ("busy", {}), ("unplug", {}), ("cut", {"after": 3}), ("corrupt", {"bits": 32})]
)
async def test_a_printer_that_does_not_answer_is_offline_and_then_well_again(
    context: FakeContext, lever: str, params: dict[str, Any]
) -> None:
    async with printer(context, timeout_s=0.1) as (driver, twin):
        twin.levers()[lever](params)
        with pytest.raises(DeviceOffline):
            await driver.poll("state")
        twin.levers()["heal"]({})
        twin.levers()["unplug"]({"on": False})
        twin.levers()["busy"]({"seconds": 0})
        assert await state(driver) == WELL


async def test_an_answer_in_pieces_is_one_answer(context: FakeContext) -> None:
    async with printer(context) as (driver, twin):
        twin.levers()["pieces"]({"size": 1})
        assert await state(driver) == WELL


async def test_what_passes_is_over_after_a_restart_and_what_is_broken_is_not(context: FakeContext) -> None:
    async with printer(context) as (driver, twin):
        for fault, after in (("passing", "none"), ("cutter", "cutter")):
            twin.levers()["break"]({"error": fault})
            twin.levers()["reboot"]({})
            assert (await state(driver))["error"] == after


async def test_a_group_that_it_does_not_have_is_not_supported(context: FakeContext) -> None:
    with pytest.raises(NotSupported):
        await EscposPrinter(config(), context).poll("ink")


def test_the_simulated_printer_prints_everything_that_is_no_question() -> None:
    twin = EscposPrinterTwin(config())
    heard = [b"A012\n", b"\x10\x04\x05", b"\x10\x05\x01", b"\x10", b"\x04", b"\x01", b"\x1b@"]
    assert [twin.printer.hear(data) for data in heard] == [b"", b"", b"", b"", b"", b"\x12", b""]
    assert bytes(twin.printer.printed) == b"A012\n\x10\x04\x05\x10\x05\x01\x1b@"


@pytest.mark.parametrize(
    ("key", "value"),
    [("address", "serial:///dev/ttyS0"), ("poll_s", 0), ("poll_s", 3601), ("timeout_s", 0), ("pol_s", 1)],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        EscposPrinterConfig.model_validate(config().model_dump() | {key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]
