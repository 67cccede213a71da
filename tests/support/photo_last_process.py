"""A control: commits the event first and writes the photograph which it names second.

Arguments: folder, number of events. Each line: the sequence that was acknowledged.
"""

import asyncio
import hashlib
import secrets
import sys
from pathlib import Path

from edge.events import PhotoTaken
from edge.journal.photos import PhotoStore
from edge.journal.writer import Submission
from journal_kit import event, opened


async def main(folder: Path, count: int) -> None:
    async with opened(folder) as journal, PhotoStore(folder / "photos") as photos:
        for _ in range(count):
            jpeg = secrets.token_bytes(20_000)
            receipt = await journal.commit(Submission(events=(event(_taken(jpeg)),)))
            await photos.put(jpeg)
            sys.stdout.write(f"{receipt.first_seq}\n")
            sys.stdout.flush()


def _taken(jpeg: bytes) -> PhotoTaken:
    return PhotoTaken(
        sha256=hashlib.sha256(jpeg).hexdigest(),
        bytes=len(jpeg),
        mime="image/jpeg",
        width=1,
        height=1,
        slot="item",
        camera="control",
        sharpness=0,
        mean=0,
        clipped=0,
        bound_by="open_window",
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
