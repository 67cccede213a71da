"""Hands the drawn pictures out as MJPEG over HTTP. A picture is encoded once, when it changes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from sim.camera.picture import Scene, jpeg
from sim.web import Request, Response

FRAMES_PER_S: Final = 5
BOUNDARY: Final = "frame"


class Camera:
    """The newest picture and everybody who looks at it."""

    def __init__(self) -> None:
        self._scene = Scene()
        self._jpeg = jpeg(self._scene)
        self.is_dark = False

    def show(self, scene: Scene) -> None:
        """Lay something else on the mat. Raises ValueError when its code has no symbol."""
        if scene != self._scene:
            self._jpeg = jpeg(scene)
            self._scene = scene

    async def answer(self, request: Request) -> Response:
        """Serve the stream, or one picture as /top.jpg."""
        if self.is_dark:
            return Response(status=503)
        if request.path.endswith(".jpg"):
            return Response(body=self._jpeg, headers={"Content-Type": "image/jpeg"})
        content = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        return Response(headers={"Content-Type": content}, stream=self._frames())

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        while not self.is_dark:
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self._jpeg)}"
            yield head.encode() + b"\r\n\r\n" + self._jpeg + b"\r\n"
            await asyncio.sleep(1 / FRAMES_PER_S)
