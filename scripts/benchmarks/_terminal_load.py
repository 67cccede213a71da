"""What keeps a station busy from outside: a camera's stream and a receiver that takes all events.

Prints the ports of both as one line, then serves until it is ended.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from http_sink import HttpSink, Say
from mjpeg import MjpegServer, drawn

FRAMES_A_SECOND = 60.0


async def main() -> None:
    """Serve for ever."""
    picture = drawn(("EAN13", "4601234567893"), ("QRCode", "not a parcel of this place"))
    async with MjpegServer(picture, FRAMES_A_SECOND) as camera, HttpSink(lambda _: Say()) as sink:
        print(camera.url, sink.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
