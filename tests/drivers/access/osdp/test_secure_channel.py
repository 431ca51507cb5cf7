"""A reader proves its key, or is not spoken to: by what crosses the wire."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from readerhall import KEY, Readers, at_home, config, living

from drivers.access.osdp.codec import CAP, CHLNG, ID, Frame, read
from gateway.core.errors import JournalError
from gateway.core.model import Stage
from gateway.hub import Status
from gateway.journal.journal import Journal
from simulators.access.osdp.server import OsdpTwin

R = "reader-1"
PROVEN = "it has another one, or none yet. It was proven here before: another reader needs another key"


class Tapped(OsdpTwin):
    """A reader whose wire is tapped: every question that it was asked."""

    asked: list[Frame]

    def _hear(self, data: bytes) -> Iterator[bytes]:
        found = read(data.removeprefix(b"\xff"))
        assert found is not None, "questions are small enough to come whole here"
        self.asked.append(found)
        yield from super()._hear(data)


@asynccontextmanager
async def tapped(folder: Path, *levers: str, **keys: Any) -> AsyncGenerator[tuple[Readers, Tapped]]:
    """A reader that lives, after these levers."""
    twin = Tapped(config(folder, 1, address="tcp://127.0.0.1:1", **keys))
    twin.asked = []
    for lever in levers:
        twin.levers()[lever]({})
    async with twin.serve("127.0.0.1", 0) as port:
        own = config(folder, 1, address=f"tcp://127.0.0.1:{port}", **keys)
        async with at_home(folder, own) as readers:
            readers.twins[R] = twin
            async with living(readers):
                yield readers, twin


async def test_all_that_is_said_of_cards_and_doors_is_encrypted(tmp_path: Path) -> None:
    async with tapped(tmp_path) as (readers, twin):
        await readers.are(Status.ONLINE, R)
        readers.pull(R, "swipe", number=1)
        await readers.until(lambda: bool(readers.persons(R)))
        assert readers.point(R, "secure") is True
        assert {frame.code for frame in twin.asked if not frame.secure} == {ID, CAP}


@pytest.mark.parametrize("lever", ["wrong_key", "install_mode"])
async def test_a_reader_without_its_key_is_an_alarm_for_people_and_is_told_nothing(tmp_path: Path, lever: str) -> None:
    async with tapped(tmp_path, lever) as (readers, twin):
        readers.pull(R, "swipe", number=1)
        await readers.are(Status.OFFLINE, R)
        assert readers.lives[R].view.why == "reader-1 does not prove its key: it has another one, or none yet"
        assert readers.house.meters.registry.get_sample_value(
            "hall_device_errors_total", {"device": R, "kind": "AuthFailed"}
        )
        assert [frame.code for frame in twin.asked] == [ID, CAP, CHLNG]
        assert readers.persons(R) == []
        assert not twin.seen()["has_key"] or lever == "wrong_key"


async def test_a_reader_that_is_exchanged_while_it_is_online_is_noticed(tmp_path: Path) -> None:
    async with tapped(tmp_path) as (readers, twin):
        await readers.are(Status.ONLINE, R)
        twin.asked.clear()
        readers.pull(R, "wrong_key")
        await readers.until(lambda: "does not prove its key" in (readers.lives[R].view.why or ""))
        readers.pull(R, "swipe", number=1)
        assert {frame.code for frame in twin.asked if not frame.secure} <= {ID, CAP}
        assert readers.persons(R) == []


async def test_a_reader_gets_its_key_once_a_person_asks_for_it_and_must_prove_it_from_then_on(tmp_path: Path) -> None:
    async with tapped(tmp_path, install=True) as (readers, twin):
        await readers.are(Status.ONLINE, R)
        await readers.until(lambda: readers.point(R, "secure") is False)
        assert not twin.seen()["has_key"]
        readers.pull(R, "swipe", number=1)
        assert (await readers.ask(R, "light", colour="red")).detail == {
            "reason": "reader-1 has no key yet: ask install_key first"
        }
        assert (await readers.ask(R, "install_key")).status is Stage.CONFIRMED
        assert twin.reader.key == bytes.fromhex(f"{int(KEY, 16) + 1:032x}")
        await readers.until(lambda: readers.persons(R) == ["card:1"])
        assert readers.point(R, "secure") is True
        again = await readers.ask(R, "install_key")
        assert again.detail == {"reason": "reader-1 has its key: take `install` out of the site file"}
        readers.pull(R, "wrong_key")
        await readers.until(lambda: PROVEN in (readers.lives[R].view.why or ""))
    assert not any(frame.code not in (ID, CAP) for frame in twin.asked if not frame.secure)


async def test_a_reader_that_has_proven_its_key_is_not_installed_again_with_it(tmp_path: Path) -> None:
    """With `install` left in, whoever puts another reader there would only see it wait for its key."""
    async with tapped(tmp_path, install=True) as (readers, _):
        await readers.are(Status.ONLINE, R)
        assert (await readers.ask(R, "install_key")).status is Stage.CONFIRMED
        await readers.until(lambda: readers.point(R, "secure") is True)
    async with tapped(tmp_path, install=True) as (readers, _):  # another one: the simulated one has no key here
        await readers.until(lambda: PROVEN in (readers.lives[R].view.why or ""))
        assert readers.lives[R].refused
    (tmp_path / "reader-1.key").write_text(f"{int(KEY, 16) + 77:032x}\n")
    async with tapped(tmp_path, install=True) as (readers, _):
        await readers.are(Status.ONLINE, R)
        assert (await readers.ask(R, "install_key")).status is Stage.CONFIRMED


async def test_a_reader_that_proves_its_key_is_heard_though_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tapped(tmp_path, install=True) as (readers, _):
        await readers.are(Status.ONLINE, R)

        async def full(*_: object, **__: object) -> None:
            raise JournalError("the disk is full")

        monkeypatch.setattr(Journal, "record", full)
        assert (await readers.ask(R, "install_key")).status is Stage.CONFIRMED
        readers.pull(R, "swipe", number=1)
        await readers.until(lambda: readers.persons(R) == ["card:1"])


async def test_a_reader_that_does_not_take_the_key_is_asked_nothing_else(tmp_path: Path) -> None:
    async with tapped(tmp_path, "wrong_key", install=True) as (readers, twin):
        await readers.are(Status.ONLINE, R)
        before = twin.reader.key
        result = await readers.ask(R, "install_key")
        assert result.status is Stage.REJECTED
        assert result.detail == {"reason": "reader-1 does not take the key: is it in install mode?"}
        assert twin.reader.key == before
        readers.pull(R, "swipe", number=1)
        assert (await readers.ask(R, "install_key")).status is Stage.REJECTED
        assert readers.persons(R) == []


async def test_a_reader_that_waits_for_its_key_is_seen_to_be_gone(tmp_path: Path) -> None:
    async with tapped(tmp_path, install=True, status_s=0.1) as (readers, _):
        await readers.are(Status.ONLINE, R)
        readers.pull(R, "mute")
        await readers.are(Status.OFFLINE, R)


async def test_a_reader_in_the_clear_is_spoken_to_only_where_the_site_file_says_so(tmp_path: Path) -> None:
    async with tapped(tmp_path, key=None, enforce_secure=False) as (readers, _):
        await readers.are(Status.ONLINE, R)
        readers.pull(R, "swipe", number=7)
        await readers.until(lambda: readers.persons(R) == ["card:7"])
        assert readers.point(R, "secure") is False


async def test_a_reader_with_a_key_that_the_site_file_does_not_name_is_an_alarm(tmp_path: Path) -> None:
    async with tapped(tmp_path, "wrong_key", key=None, enforce_secure=False) as (readers, _):
        await readers.until(lambda: "the site file must name the key" in (readers.lives[R].view.why or ""))


@pytest.mark.parametrize("secret", ["", "5d7c", "x" * 32, "303132333435363738393a3b3c3d3e3f", "00" * 16])
async def test_a_key_that_is_none_or_that_everybody_knows_is_refused_without_being_told(
    tmp_path: Path, secret: str
) -> None:
    async with tapped(tmp_path) as (readers, twin):
        await readers.are(Status.ONLINE, R)
        twin.asked.clear()
        (tmp_path / "reader-1.key").write_text(f"{secret}\n")
        twin.levers()["reboot"]({})
        await readers.are(Status.OFFLINE, R)
        await readers.until(lambda: "the key in file" in (why := readers.lives[R].view.why or "") or "is empty" in why)
        assert not secret or secret not in (readers.lives[R].view.why or "")
        assert twin.asked == []
