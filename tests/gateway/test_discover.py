"""Devices that are in no site file yet: asked by broadcast, told with their section of a site file."""

import argparse
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from child import Child, free_network, free_port
from ruamel.yaml import YAML

from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.search import SEARCH, read
from gateway import arguments, discover
from gateway.cli import main
from gateway.wire.broadcast import broadcasts

VECTOR = Path(__file__).parents[1] / "drivers/access/uhppote/vectors/controller.hex"
BOARD = bytes.fromhex("".join(line for line in VECTOR.read_text().splitlines() if not line.startswith("#")))[-64:]
SERIAL = 423187757
FAST = ("--timeout", "0.3s", "--json")
SITE = """\
site: {id: hall, name: 大厅}
devices:
  - {id: a, driver: access.uhppote, address: 'udp://10.0.0.1:60000', serial: 405419896, doors: 4}
  - {id: b, driver: access.uhppote, address: 'udp://10.0.0.2:60000', serial: 201020304, doors: 2}
"""


@contextmanager
def answering(answer: Callable[[bytes], list[bytes]], host: str = "127.0.0.1") -> Generator[str]:
    """Something that answers datagrams; gives its ADDRESS:PORT."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(0.05)
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                try:
                    question, peer = sock.recvfrom(100)
                except TimeoutError:
                    continue
                for each in answer(question):
                    sock.sendto(each, peer)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"{host}:{sock.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def yaml(text: str) -> Any:
    reader: Any = YAML(typ="safe")  # untyped
    return reader.load(text)


def numbered(serial: int) -> bytes:
    return BOARD[:4] + serial.to_bytes(4, "little") + BOARD[8:]


def searched(capfd: pytest.CaptureFixture[str], *places: str) -> tuple[int, Any, str]:
    code = main(["discover", "access", *FAST, *(word for place in places for word in ("--broadcast", place))])
    output, error = capfd.readouterr()
    return code, json.loads(output), error


def test_every_simulated_controller_is_found_with_a_section_that_the_site_file_takes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    program = [sys.executable, "-P", "-m", "gateway.cli", "simulate", str(tmp_path / "site.yaml"), "--control", "0"]
    simulators = Child([*program, "--base", free_network(60000)], tmp_path / "log")
    try:
        simulators.until(lambda: b"run the gateway with" in simulators.log.read_bytes())
        overlay = yaml((tmp_path / "site.sim.yaml").read_text())
        places = [device["address"].removeprefix("udp://") for device in overlay["devices"].values()]
        code, found, _ = searched(capfd, *places)
    finally:
        simulators.kill()
    assert code == 0
    assert {device["serial"] for device in found["found"]} == {405419896, 201020304}
    entries = yaml(found["snippet"])["devices"]
    assert {UhppoteConfig(**entry).address for entry in entries} == {f"udp://{place}" for place in places}


def test_tells_all_that_a_board_tells(capfd: pytest.CaptureFixture[str]) -> None:
    with answering(lambda question: [BOARD] if question == SEARCH.question else []) as place:
        code, found, error = searched(capfd, place)
    assert (code, error) == (0, "")
    entry = {"id": f"doors-{SERIAL}", "driver": "access.uhppote", "address": f"udp://{place}", "serial": SERIAL}
    assert found["found"] == [
        {
            "driver": "access.uhppote",
            "serial": SERIAL,
            "address": "192.168.0.0",
            "netmask": "255.255.255.0",
            "gateway": "0.0.0.0",
            "mac": "00:66:19:39:55:2d",
            "firmware": "v8.92",
            "date": "2018-08-16",
            "from": place,
            "entry": {**entry, "doors": 4},
        }
    ]


def test_a_broadcast_reaches_who_listens_for_it(capfd: pytest.CaptureFixture[str]) -> None:
    with answering(lambda _: [BOARD], "127.255.255.255") as place:
        _, found, _ = searched(capfd, place)
    assert [device["serial"] for device in found["found"]] == [SERIAL]


def test_people_read_a_line_and_then_the_section(capfd: pytest.CaptureFixture[str]) -> None:
    with answering(lambda _: [BOARD]) as place:
        assert main(["discover", "access", "--timeout", "0.3s", "--broadcast", place]) == 0
    first, _, rest = capfd.readouterr().out.partition("\n")
    assert "serial 423187757  address 192.168.0.0  netmask 255.255.255.0" in first
    assert '# 1 device for the site file\ndevices:\n  - id: "doors-423187757"\n' in rest


@pytest.mark.parametrize(
    "hostile",
    [b"", b"\x17", BOARD[:63], BOARD + b"\0", b"\x19" + BOARD[1:], numbered(0), numbered(0xFFFFFFFF), SEARCH.question],
)
def test_what_is_no_answer_of_a_board_is_left_out(hostile: bytes) -> None:
    assert read(hostile, "10.0.0.1", 60000) is None


def test_a_date_that_cannot_be_is_unknown() -> None:
    found = read(BOARD[:28] + b"\xff" * 4 + BOARD[32:], "10.0.0.1", 60000)
    assert found is not None
    assert found.told["date"] is None


def test_a_flood_of_serial_numbers_is_cut_off_and_said(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover, "MOST", 5)
    with answering(lambda _: [numbered(serial) for serial in range(1, 20)]) as place:
        code, found, error = searched(capfd, place)
    assert (code, len(found["found"])) == (0, 5)
    assert "more than 5 answers; the others are left off" in error


def test_a_number_that_answers_from_two_addresses_is_told_and_stands_once_in_the_section(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with answering(lambda _: [BOARD]) as first, answering(lambda _: [BOARD], "127.0.0.2") as second:
        _, found, error = searched(capfd, first, second)
    assert {device["from"] for device in found["found"]} == {first, second}
    assert f"{SERIAL} answers from 2 addresses" in error
    assert found["snippet"].count("- id:") == 1


def test_nobody_there_is_no_failure(capfd: pytest.CaptureFixture[str]) -> None:
    place = f"127.0.0.1:{free_port()}"
    assert searched(capfd, place)[:2] == (0, {"found": [], "snippet": "devices: []"})
    assert main(["discover", "access", "--timeout", "0.1s", "--broadcast", place]) == 0
    assert capfd.readouterr().out == "nobody has answered\n"


@pytest.mark.parametrize(
    ("system", "said"), [("acess", "did you mean 'access'?"), ("displays", "no driver of displays can search")]
)
def test_a_system_that_nobody_searches_is_wrong_input(
    capfd: pytest.CaptureFixture[str], system: str, said: str
) -> None:
    assert main(["discover", system]) == 2
    assert said in capfd.readouterr().err


@pytest.mark.parametrize("text", ["hall", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:99999", "10.0.0:60000", "::1"])
def test_a_place_that_cannot_be_asked_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be"):
        arguments.place(text)


@pytest.mark.parametrize("text", ["0s", "61s", "soon"])
def test_a_time_that_nobody_waits_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be"):
        arguments.patience(text)


def test_nobody_can_be_asked_where_no_way_leads(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover, "broadcasts", list[str])
    assert main(["discover", "access"]) == 1
    assert "no interface has a broadcast address: name one by --broadcast" in capfd.readouterr().err


def test_the_broadcast_addresses_are_those_that_the_system_tells() -> None:
    shown = subprocess.run(["ip", "-4", "-o", "addr"], capture_output=True, text=True, check=True, timeout=10).stdout
    words = [line.split() for line in shown.splitlines()]
    assert set(broadcasts()) <= {line[line.index("brd") + 1] for line in words if "brd" in line}
