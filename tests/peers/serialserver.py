"""Serial servers: a pseudo-terminal behind a TCP port, in raw mode, or as pyserial's own RFC 2217 server has it."""

import os
import select
import selectors
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import serial
from serial import rfc2217


class Bridge:
    """Passes bytes between `path` and the first who connects to `port`, one after the other. A thread."""

    def __init__(self, path: str, *, speaks_2217: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._serial = serial.Serial(path, 9600, timeout=0)
        self._fd: int = self._serial.fileno()
        self._2217 = speaks_2217
        self._peer: socket.socket | None = None
        self._hung = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """For the port manager: bytes for the peer."""
        if self._peer is not None:
            self._peer.sendall(data)

    def hang_up(self) -> None:
        with suppress(OSError):  # it has gone already
            if self._peer is not None:
                self._peer.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """Take and give nothing more until this peer has gone; the kernel goes on confirming what it gets."""
        self._hung.set()

    def _run(self) -> None:
        while True:
            try:
                self._peer, _ = self._server.accept()
            except OSError:  # closed: the test has ended
                return
            with self._peer:
                self._serve(self._peer, _manager(self._serial, self) if self._2217 else None)

    def _serve(self, peer: socket.socket, manager: Any) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(peer, selectors.EVENT_READ)
            selector.register(self._fd, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if self._hung.is_set():
                        _until_gone(peer)
                        self._hung.clear()
                        return
                    if key.fileobj is peer:
                        if not (data := _received(peer)):
                            return
                        os.write(self._fd, b"".join(manager.filter(data)) if manager else data)
                    else:
                        data = os.read(self._fd, 1000)
                        self.write(b"".join(manager.escape(data)) if manager else data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        self._thread.join(5)
        self._serial.close()


def _until_gone(peer: socket.socket) -> None:
    poll = select.poll()
    poll.register(peer, select.POLLRDHUP)
    poll.poll()


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(1000)
    except OSError:
        return b""


def _manager(port: serial.Serial, peer: Bridge) -> Any:
    """pyserial's server; a pseudo-terminal has no modem lines, which it reads and sets."""

    class Modemless:
        cts = dsr = ri = cd = dtr = rts = False

        def __getattr__(self, name: str) -> Any:
            return getattr(port, name)

    made: Any = rfc2217.PortManager
    return made(Modemless(), peer)
