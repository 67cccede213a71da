"""Starts writers that append and send, and kills each with SIGKILL at the moment it is told.

Arguments: folder, number of producers, URL of the sink. Each line on stdin is `start` or `work` and
a time in ms: a writer is made by a fork, which is quick, and killed so long after its start or
after its first acknowledgement; `killed` is the answer.
What is acknowledged goes into the file `acks`, a line each: `<seq> <id>`.
"""

import asyncio
import os
import random
import secrets
import signal
import sys
import time
from pathlib import Path

from edge.journal.writer import Journal, Submission
from edge.sync.pump import pump
from journal_kit import HandClock, event, opened, target


class Soon(random.Random):
    """Draws the shortest wait: a writer that lives for a moment must send in it."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


def main(folder: Path, producers: int, url: str) -> None:
    for line in sys.stdin:
        since, delay_ms = line.split()
        begun, begins = os.pipe()
        child = os.fork()
        if child == 0:
            asyncio.run(_work(folder, producers, url, begins))
        os.close(begins)
        if since == "work":
            os.read(begun, 1)
        time.sleep(float(delay_ms) / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(begun)
        sys.stdout.write("killed\n")
        sys.stdout.flush()


async def _work(folder: Path, producers: int, url: str, begins: int) -> None:
    boot = secrets.token_hex(6)
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sink = target("sink", url=url)
    async with opened(folder, sink) as journal, asyncio.TaskGroup() as group:
        clock, rng = HandClock(), Soon(boot)
        sending = pump(sink, journal, clock=clock, rng=rng, on_state=lambda _: None)
        group.create_task(sending, name="sync[sink]")
        for which in range(producers):
            work = _produce(journal, f"{boot}/{which}", acks, begins)
            group.create_task(work, name=f"producer[{which}]")


async def _produce(journal: Journal, name: str, acks: int, begins: int) -> None:
    count = 0
    while True:
        count += 1
        key = f"{name}/{count}"
        receipt = await journal.commit(Submission(events=(event(given=key, key=key),)))
        os.write(acks, f"{receipt.first_seq} {key}\n".encode())
        if count == 1:
            os.write(begins, b"1")
        await asyncio.sleep(0.002)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
