"""Two ends of a serial line: pseudo-terminals, bytes in between at the line's own speed."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

BITS_A_BYTE = 11  # start, eight, parity, stop


@dataclass(frozen=True, slots=True)
class SerialPair:
    """Paths of both ends."""

    host: str
    device: str


@asynccontextmanager
async def serial_pair(baudrate: int | None = None) -> AsyncIterator[SerialPair]:
    """Join two pseudo-terminals; with a speed, bytes take as long as on a wire."""
    ends = [os.openpty(), os.openpty()]
    loop = asyncio.get_running_loop()
    queues: list[asyncio.Queue[bytes]] = [asyncio.Queue(), asyncio.Queue()]
    for master, slave in ends:
        tty.setraw(slave)  # our own copy of the slave stays open: no hang-up when a driver closes
        os.set_blocking(master, False)
    for index, (master, _) in enumerate(ends):
        loop.add_reader(master, _read, master, queues[index])
    carriers = [
        asyncio.create_task(_carry(queues[index], ends[1 - index][0], baudrate), name="serial line")
        for index in (0, 1)
    ]
    try:
        yield SerialPair(os.ttyname(ends[0][1]), os.ttyname(ends[1][1]))
    finally:
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
        for master, slave in ends:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)


def _read(master: int, queue: asyncio.Queue[bytes]) -> None:
    try:
        queue.put_nowait(os.read(master, 4096))
    except BlockingIOError:
        return


async def _carry(queue: asyncio.Queue[bytes], master: int, baudrate: int | None) -> None:
    while True:
        data = await queue.get()
        if baudrate is not None:
            await asyncio.sleep(len(data) * BITS_A_BYTE / baudrate)
        os.write(master, data)
