"""A process that appends as fast as it can and prints what was acknowledged; it waits to be killed.

Arguments: folder, number of producers. Each line: `<first_seq> <id>`.
"""

import asyncio
import secrets
import sys
from pathlib import Path

from edge.journal.writer import Submission
from journal_kit import event, opened, target


async def main(folder: Path, producers: int) -> None:
    boot = secrets.token_hex(6)
    async with opened(folder, target()) as journal:
        _say("ready")

        async def produce(which: int) -> None:
            count = 0
            while True:
                count += 1
                name = f"{boot}/{which}/{count}"
                one = event(given=name, key=name)
                receipt = await journal.commit(Submission(events=(one,)))
                _say(f"{receipt.first_seq} {name}")

        async with asyncio.TaskGroup() as group:
            for which in range(producers):
                group.create_task(produce(which), name=f"producer[{which}]")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
