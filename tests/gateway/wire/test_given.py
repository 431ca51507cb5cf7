"""Ports that systemd opened: taken from where sd_listen_fds(3) says, and bound by ourselves where it gave none."""

import socket
import subprocess
import sys

CHILD = """
import asyncio, os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = sys.argv[2] or str(os.getpid()), "1"
from gateway.wire.inlet import Inlets

async def main():
    inlets = Inlets()
    for _ in range(2):  # the port stays ours between two lives of a device
        with inlets.open(f"udp:127.0.0.1:{sys.argv[3]}/127.0.0.1", lambda body, source: source) as inlet:
            print("waiting", flush=True)
            contact = await asyncio.wait_for(inlet.contact(), 5)
            print(contact.body.decode(), flush=True)
            contact.answer(200, b"heard " + contact.body)

asyncio.run(main())
"""


def test_a_port_that_was_given_is_used_and_kept() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as given, socket.socket(type=socket.SOCK_DGRAM) as sender:
        given.bind(("127.0.0.1", 0))
        sender.settimeout(5)
        where = given.getsockname()
        with start(given, pid="") as child:
            assert child.stdout
            for word in (b"one", b"two"):
                assert child.stdout.readline() == "waiting\n"
                sender.sendto(word, where)
                assert child.stdout.readline() == f"{word.decode()}\n"
                assert sender.recv(100) == b"heard " + word
            assert child.wait(5) == 0


def test_what_was_given_to_another_process_is_not_ours() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as given:
        given.bind(("127.0.0.1", 0))
        with start(given, pid="1") as child:
            _, error = child.communicate(timeout=10)
            assert "Address already in use" in error


def start(given: socket.socket, *, pid: str) -> "subprocess.Popen[str]":
    arguments = [str(given.fileno()), pid, str(given.getsockname()[1])]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        pass_fds=[given.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
