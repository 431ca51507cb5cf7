"""The limit program: the least that can be done in asyncio, without journal, checks, state or reconnect.

python limit.py SCREENS COUNT BASE PORT: connects to COUNT cards, pings each once a second, says `online` when all have
answered, and for every request on PORT writes one ready-made frame to the first SCREENS of them.
"""

import asyncio
import sys
import time
from ipaddress import IPv4Address

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.codec import ANY_SCREEN

PING = codec.Request(command=codec.PING).wire(ANY_SCREEN)
ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


class Card(asyncio.Protocol):
    """A connection to a card that throws away what comes."""

    def __init__(self) -> None:
        self.answered = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if not self.answered.done():
            self.answered.set_result(None)


async def run(screens: int, count: int, base: str, port: int) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    hosts = [str(IPv4Address(base) + number) for number in range(count)]
    cards = await asyncio.gather(*(loop.create_connection(Card, host, 5005) for host in hosts))
    for transport, _ in cards:
        transport.write(PING)
    await asyncio.gather(*(card.answered for _, card in cards))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            ticket = (await reader.readexactly(size)).split(b'"ticket": "')[1].split(b'"')[0]
            area = areas.Area(width=64, height=16, text=areas.COLOURS["red"] + ticket)
            frame = areas.show(area).wire(ANY_SCREEN)
            for transport, _ in cards[:screens]:
                transport.write(frame)
            writer.write(ANSWER)

    await asyncio.start_server(serve, "127.0.0.1", port)
    print(f"online {time.monotonic()}", flush=True)
    while True:
        for transport, _ in cards:
            await asyncio.sleep(1 / count)
            transport.write(PING)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
