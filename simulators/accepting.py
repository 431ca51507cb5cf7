"""Accepts TCP connections until it is closed, and leaves none half made.

asyncio's own server forgets a connection that it has accepted in the moment in which it is closed: its socket stays
open, unanswered, until the garbage collector finds it.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

WAITING = 100


@asynccontextmanager
async def accepting(factory: Callable[[], asyncio.Protocol], host: str, port: int) -> AsyncGenerator[int]:
    """Accept on an IPv4 address until left; gives the port. By then every accepted connection has its protocol.

    Raises OSError.
    """
    loop = asyncio.get_running_loop()
    made: set[asyncio.Task[object]] = set()

    def accept() -> None:
        with suppress(BlockingIOError, ConnectionError):  # who came has left already
            connection, _ = listening.accept()
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(factory, connection))
            made.add(task)
            task.add_done_callback(made.discard)

    with socket.create_server((host, port), backlog=WAITING) as listening:
        listening.setblocking(False)
        loop.add_reader(listening, accept)
        try:
            yield listening.getsockname()[1]
        finally:
            loop.remove_reader(listening)
            listening.close()
            if made:
                await asyncio.wait(made)
