"""Hands the drawn pictures out as MJPEG over HTTP. A picture is encoded once, when it changes."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from typing import Final

from sim.camera.picture import Scene, jpeg
from sim.web import Request, Response

FRAMES_PER_S: Final = 5
SLOW_S: Final = 0.8  # between two pictures of a camera on a bad line
NOISE: Final = (0, 8)
BOUNDARY: Final = "frame"
FAULTS: Final = frozenset({"dark", "frozen", "dead", "slow", "garbage"})
"""dark: refuses everybody · frozen: shows for ever what it showed last · dead: connected, silent ·
slow: few pictures · garbage: bytes that are no picture."""


class Camera:
    """The newest picture and everybody who looks at it. `faults` = what is wrong with it now."""

    def __init__(self) -> None:
        self._scene = Scene()
        self._jpegs = _encoded(self._scene)
        self._turn = itertools.count()
        self._last = self._jpegs[0]
        self.faults: set[str] = set()

    def show(self, scene: Scene) -> None:
        """Lay something else on the mat. Raises ValueError when its code has no symbol."""
        if scene != self._scene:
            self._jpegs = _encoded(scene)
            self._scene = scene

    async def answer(self, request: Request) -> Response:
        """Serve the stream, or one picture as /top.jpg."""
        if "dark" in self.faults:
            return Response(status=503)
        if request.path.endswith(".jpg"):
            return Response(body=self._frame(), headers={"Content-Type": "image/jpeg"})
        content = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        return Response(headers={"Content-Type": content}, stream=self._frames())

    def _frame(self) -> bytes:
        if "garbage" in self.faults:
            return self._last[: len(self._last) // 3][::-1]
        if "frozen" not in self.faults:
            self._last = self._jpegs[next(self._turn) % len(self._jpegs)]
        return self._last

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        while "dark" not in self.faults:
            if "dead" not in self.faults:
                frame = self._frame()
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}"
                yield head.encode() + b"\r\n\r\n" + frame + b"\r\n"
            await asyncio.sleep(SLOW_S if "slow" in self.faults else 1 / FRAMES_PER_S)


def _encoded(scene: Scene) -> tuple[bytes, ...]:
    return tuple(jpeg(scene, noise=noise) for noise in NOISE)
