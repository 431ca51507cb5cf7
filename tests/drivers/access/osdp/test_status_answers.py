"""What a reader answers that tells its state only when it is asked (SIA OSDP 2.2: LSTATR, ISTATR, OSTATR).

The reader is libosdp's. Its Python module cannot fill in such an answer, so that what it gives to these questions is
exchanged for one made here, in clear; the frames between them are libosdp's on both sides.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from readerhall import Readers, on_tcp

from drivers.access.osdp import codec
from drivers.access.osdp.codec import Frame
from gateway.core.model import Quality
from gateway.hub import Status
from simulators.access.osdp.server import OsdpTwin

R = "reader-1"
LSTAT, ISTAT, OSTAT = 0x64, 0x65, 0x66
LSTATR, ISTATR, OSTATR = 0x48, 0x49, 0x4A
DOOR = {"id": "door", "sensor_input": 1, "lock_output": 1}


class Answering(OsdpTwin):
    """A reader that says nothing by itself, and answers what it is asked for its state; None refuses."""

    local: bytes | None = bytes([0, 0])
    inputs: bytes | None = bytes([0, 0])
    outputs: bytes | None = bytes([0, 0])

    def _start(self) -> None:
        super()._start()
        self.asked: list[int] = []
        hear = self.device.hear

        def heard(data: bytes) -> bytes:
            found, answer = codec.read(data.removeprefix(b"\xff")), hear(data)
            replies = {LSTAT: (LSTATR, self.local), ISTAT: (ISTATR, self.inputs), OSTAT: (OSTATR, self.outputs)}
            if found is None or found.code not in replies:
                return answer
            self.asked.append(found.code)
            code, report = replies[found.code]
            return answer if report is None else framed(found, code, report)

        self.device.hear = heard  # type: ignore[method-assign]  # libosdp keeps the sequence, and its answer is left out

    def _tell_all(self) -> None:
        """Nothing of it is told unasked."""


def framed(question: Frame, code: int, report: bytes) -> bytes:
    """The answer to a question, with a CRC."""
    length = 5 + 1 + len(report) + 2
    control = codec.CRC | question.sequence
    head = bytes([codec.SOM, question.address | codec.ANSWER, *length.to_bytes(2, "little"), control, code])
    return head + report + codec.crc16(head + report).to_bytes(2, "little")


@asynccontextmanager
async def answering(folder: Path) -> AsyncGenerator[tuple[Readers, Answering]]:
    async with on_tcp(folder, Answering, key=None, enforce_secure=False, status_s=0.2, door=DOOR) as readers:
        twin = readers.twins[R]
        assert isinstance(twin, Answering)
        yield readers, twin


def known(readers: Readers) -> tuple[object, ...]:
    points = [("tamper", None), ("power_failed", None), ("open", "door"), ("unlocked", "door")]
    return tuple(readers.point(R, name, part) for name, part in points)


async def test_housing_supply_inputs_and_outputs_are_known_from_answers_alone(tmp_path: Path) -> None:
    async with answering(tmp_path) as (readers, twin):
        await readers.until(lambda: known(readers) == (False, False, False, False))
        twin.local, twin.inputs, twin.outputs = bytes([1, 1]), bytes([0, 1]), bytes([0, 1])
        await readers.until(lambda: known(readers) == (True, True, True, True))
        twin.local = bytes([0, 1])
        await readers.until(lambda: known(readers) == (False, True, True, True))
        assert [row.payload for row in await readers.rows("door.device_alarm")] == [{"reason": "tamper"}]
        assert {LSTAT, ISTAT, OSTAT} <= set(twin.asked)


@pytest.mark.parametrize("state", [2, 3])
async def test_a_supervised_input_that_is_cut_or_short_circuited_leaves_the_door_unknown(
    tmp_path: Path, state: int
) -> None:
    async with answering(tmp_path) as (readers, twin):
        await readers.until(lambda: readers.point(R, "open", "door") is False)
        twin.inputs = bytes([0, state])
        await readers.until(lambda: readers.point(R, "open", "door") is None)
        assert readers.lives[R].view.points["door"]["open"].now.quality is Quality.BAD


async def test_an_answer_with_fewer_inputs_than_the_sensor_needs_changes_nothing(tmp_path: Path) -> None:
    async with answering(tmp_path) as (readers, twin):
        await readers.until(lambda: known(readers) == (False, False, False, False))
        twin.inputs, twin.outputs, twin.local = bytes([0]), bytes([0]), bytes([1, 0])
        await readers.until(lambda: readers.point(R, "tamper") is True)
        assert known(readers) == (True, False, False, False)


async def test_what_it_refuses_to_answer_it_is_not_asked_again(tmp_path: Path) -> None:
    async with answering(tmp_path) as (readers, twin):
        await readers.until(lambda: known(readers) == (False, False, False, False))
        twin.inputs = None
        before = len(twin.asked)
        await readers.until(lambda: twin.asked[before:].count(LSTAT) >= 3)
        assert twin.asked[before:].count(ISTAT) == 1
        assert readers.lives[R].view.status is Status.ONLINE
