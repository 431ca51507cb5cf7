"""A tapped TCP wire: passes everything on, keeps what the client says, and can be cut."""

import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self


class Tap:
    """Connects who comes to `port` of 127.0.0.1 to a server. `said`: what clients have said since it was emptied."""

    def __init__(self, host: str, port: int) -> None:
        self._there = host, port
        self._ends: set[socket.socket] = set()
        self.said = bytearray()
        self.port = 0
        self.plug()

    def plug(self) -> None:
        """Take connections, after `cut` on the same port as before."""
        self._near = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._near.getsockname()[1])
        Thread(target=self._accept, args=[self._near], daemon=True).start()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        for end in (self._near, *tuple(self._ends)):
            with suppress(OSError):  # it has ended by itself
                end.shutdown(socket.SHUT_RDWR)
        self._near.close()

    def _accept(self, near: socket.socket) -> None:
        while True:
            try:
                client, _ = near.accept()
            except OSError:  # cut
                return
            try:
                server = socket.create_connection(self._there)
            except OSError:  # nobody is there
                client.close()
                continue
            self._ends |= {client, server}
            Thread(target=self._pass, args=[client, server, self.said], daemon=True).start()
            Thread(target=self._pass, args=[server, client, bytearray()], daemon=True).start()

    def _pass(self, here: socket.socket, there: socket.socket, kept: bytearray) -> None:
        with here, suppress(OSError):
            while data := here.recv(4096):
                kept += data
                there.sendall(data)
        with suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut()
