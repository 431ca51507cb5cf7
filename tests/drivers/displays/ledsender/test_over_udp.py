"""Cards on a network that loses, doubles and reorders: what is wanted is on the screen within seconds."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hall_contract.case import Ask
from hall_contract.cases.ledsender import LedSender
from hall_contract.hall import ID, Hall, open_hall

from gateway.core.model import Result, Stage
from gateway.hub import Status

SECONDS = 5.0  # a call must be seen while people still look


class Windows(LedSender):
    """A card with two regions, and the time-outs that it has by default."""

    def section(self, address: str, *, often_s: float) -> Mapping[str, Any]:
        regions = [{"id": f"w{place}", "x": 64 * place, "y": 0, "width": 64, "height": 16} for place in range(2)]
        return {"address": address, "width": 128, "height": 16, "regions": regions, "ping_s": max(0.2, often_s)}


@asynccontextmanager
async def windows(folder: Path) -> AsyncGenerator[Hall]:
    async with open_hall(Windows(), folder) as hall:
        await hall.online(often_s=0.2)
        yield hall
        hall.no_bug()


def want(hall: Hall, text: str, place: int) -> list[Result]:
    return hall.wish(Ask("show", f"w{place}", {"text": text}))


def shows(hall: Hall, texts: list[str]) -> bool:
    return shown(hall) == texts


def shown(hall: Hall) -> list[str]:
    found: list[str] = hall.box.seen()["regions"]
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_of_datagrams_one_of_five_is_lost_and_every_text_comes_all_the_same(tmp_path: Path, seed: int) -> None:
    async with windows(tmp_path) as hall:
        hall.pull("loss", percent=20, seed=seed)
        for number in range(8):
            texts = [f"A{seed}{number}0", f"A{seed}{number}1"]
            asked = [want(hall, text, place) for place, text in enumerate(texts)]
            await hall.until(partial(shows, hall, texts), within_s=SECONDS)
            for reports in asked:
                assert (await hall.ended(reports)).status is Stage.ACKED
        assert hall.metric("hall_device_errors_total", device=ID, kind="DeviceOffline") == 0


async def test_what_comes_twice_or_late_never_counts_for_another_text(tmp_path: Path) -> None:
    async with windows(tmp_path) as hall:
        for number in range(12):
            hall.pull("duplicate", count=100)
            hall.pull("reorder", seconds=0.03 * (number % 5), count=number % 3)
            hall.pull("loss", percent=10, seed=number)
            asked = [want(hall, f"B{newer}", number % 2) for newer in range(number, number + 3)]
            assert (await hall.ended(asked[-1])).status is Stage.ACKED
            assert shown(hall)[number % 2] == f"B{number + 2}"
        assert hall.metric("hall_device_errors_total", device=ID, kind="DeviceOffline") == 0


async def test_a_card_that_is_slower_than_it_is_asked_again_shows_the_newest_text(tmp_path: Path) -> None:
    """Every question is asked three times, and every answer comes three times, late."""
    async with windows(tmp_path) as hall:
        hall.pull("slow", seconds=0.25)
        for number in range(3):
            asked = want(hall, f"C{number}", 0)
            assert (await hall.ended(asked)).status is Stage.ACKED
            assert shown(hall)[0] == f"C{number}"
        assert hall.is_(Status.ONLINE)


async def test_an_acknowledgement_of_the_text_before_never_acknowledges_this_one(tmp_path: Path) -> None:
    """The serials of every program are the same: only the port tells a late answer from a new one."""
    async with windows(tmp_path) as hall:
        hall.pull("slow", seconds=0.15)
        first = await hall.ended(want(hall, "D1", 0))
        hall.pull("mute")
        asked = want(hall, "D2", 0)
        await hall.until(lambda: hall.is_(Status.OFFLINE), within_s=SECONDS)
        assert first.status is Stage.ACKED
        assert asked[-1].status in (Stage.QUEUED, Stage.SENT)
        hall.pull("heal")
        assert (await hall.ended(asked)).status is Stage.ACKED
        assert shown(hall)[0] == "D2"


async def test_the_first_bytes_of_a_text_are_told_apart_from_the_last(tmp_path: Path) -> None:
    async with windows(tmp_path) as hall:
        hall.pull("slow", seconds=0.05)
        asked = want(hall, "G1", 0)
        await hall.ended(asked)
        first, last = [result.at for result in asked if result.status is Stage.SENT]
        assert (last - first).total_seconds() >= 0.05
        assert last <= asked[-1].at


async def test_a_card_that_was_restarted_without_a_word_is_right_again_with_the_next_text(tmp_path: Path) -> None:
    async with windows(tmp_path) as hall:
        for place in range(2):
            await hall.ended(want(hall, f"E{place}", place))
        hall.pull("silent_reboot")
        assert shown(hall) == []
        want(hall, "F1", 1)
        await hall.until(lambda: shown(hall) == ["E0", "F1"], within_s=SECONDS)
