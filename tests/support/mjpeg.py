"""A camera on the network: multipart JPEG over HTTP, as the cheap ones send it."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

Image = npt.NDArray[np.uint8]


def drawn(*codes: tuple[str, str], shade: int = 128) -> Image:
    """Return a 1280 x 720 BGR frame with a texture and one symbol per (format, content)."""
    noise = np.random.default_rng(7).normal(shade, 12, (720, 1280))
    frame = np.clip(noise, 40, 200).astype(np.uint8)
    for at, (kind, content) in enumerate(codes):
        barcode = zxingcpp.create_barcode(content, zxingcpp.barcode_format_from_str(kind))
        symbol = np.array(barcode.to_image(scale=3, add_quiet_zones=True), dtype=np.uint8)
        height, width = symbol.shape
        height = min(height, 250)
        top, left = 100 + 300 * (at % 2), 80 + 550 * (at // 2)
        inked = np.clip(symbol[:height], 25, 215)
        frame[top : top + height, left : left + width] = inked
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


class MjpegServer:
    """Serves `picture` at `fps` to everybody who asks, every time with other noise.

    `frozen` = connected but sending nothing; `stuck` = sending one and the same picture for ever;
    `garbage` = what it sends in place of pictures.
    """

    def __init__(self, picture: Image, fps: float = 20.0) -> None:
        self.picture = picture
        self.frozen = False
        self.stuck = False
        self.garbage = b""
        self._noise = 0
        self._is_open = False
        self._pause_s = 1 / fps
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Return where the stream is."""
        return f"http://127.0.0.1:{self.port}/top.mjpg"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one."""
        self._is_open = True
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        assert self._server is not None
        self._server.close()
        self._is_open = False  # each stream ends by itself with its next frame
        await asyncio.gather(*self._streams)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            # whoever reads the stream may go away at any moment
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(
                    b"HTTP/1.0 200 OK\r\n"
                    b"Content-Type: multipart/x-mixed-replace; boundary=f\r\n\r\n"
                )
                await self._stream(writer)
        finally:
            self._streams.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        while self._is_open:
            if not self.frozen:
                jpeg = self.garbage or self._jpeg()
                head = f"--f\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                writer.write(head.encode() + jpeg + b"\r\n")
                await writer.drain()
            await asyncio.sleep(self._pause_s)

    def _jpeg(self) -> bytes:
        """The picture as it is now; a sensor never sees the same pixels twice."""
        self._noise += not self.stuck
        picture = self.picture.copy()
        picture[:8, : 8 + self._noise % 64] ^= 16
        return cv2.imencode(".jpg", picture)[1].tobytes()
