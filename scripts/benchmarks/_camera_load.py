"""A camera that keeps its reader at work all the time. Prints its address, then serves until ended.

At 60 pictures a second something is laid down, lies still for as long as the deepest reading takes
and is replaced: mostly print that is no code, so that every stage looks at it, and each fifth time
with a code of its own, which becomes an event.
"""

import contextlib
import itertools
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final

import cv2
import numpy as np
import zxingcpp

SCENES: Final = 60  # a code comes back after it was forgotten, and is told again
CODED: Final = 5  # every so many scenes
SCENE_FRAMES: Final = 15
FRAMES_A_SECOND: Final = 60
MARKS: Final = 600
NOISE: Final = 6  # grey steps


def scenes() -> Iterator[bytes]:
    """Yield the pictures as JPEG, 1920 x 1080."""
    rng = np.random.default_rng(20261128)
    for number in range(SCENES):
        picture = np.full((1080, 1920), 200, np.uint8)
        for _ in range(MARKS):
            x, y = int(rng.integers(0, 1890)), int(rng.integers(0, 1000))
            size = (int(rng.integers(2, 30)), int(rng.integers(2, 90)))
            shade = int(rng.integers(0, 120))
            cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), (shade,), -1)
        if number % CODED == 0:
            symbol = zxingcpp.create_barcode(f"LOAD-{number:04d}", zxingcpp.BarcodeFormat.QRCode)
            drawn = np.array(symbol.to_image(scale=5, add_quiet_zones=True), dtype=np.uint8)
            picture[200 : 200 + drawn.shape[0], 500 : 500 + drawn.shape[1]] = drawn
        noisy = np.clip(picture + rng.normal(0, NOISE, picture.shape), 0, 255).astype(np.uint8)
        yield cv2.imencode(".jpg", cv2.cvtColor(noisy, cv2.COLOR_GRAY2BGR))[1].tobytes()


class Stream(BaseHTTPRequestHandler):
    """Shows the scenes one after the other, for ever."""

    pictures: ClassVar[tuple[bytes, ...]] = ()

    def do_GET(self) -> None:
        """Send multipart JPEG at the camera's pace, until the reader goes."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        due_s = time.monotonic()
        with contextlib.suppress(OSError):
            for number in itertools.count():
                jpeg = self.pictures[number // SCENE_FRAMES % len(self.pictures)]
                head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                due_s += 1 / FRAMES_A_SECOND
                time.sleep(max(0.0, due_s - time.monotonic()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def main() -> None:
    """Serve for ever."""
    Stream.pictures = tuple(scenes())
    with ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_address[1]}/top.mjpg", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
