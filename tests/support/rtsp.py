"""A camera that speaks RTSP: RFC 2326 over one TCP connection, pictures as RTP/JPEG by RFC 2435."""

import asyncio
import base64
import contextlib
import itertools
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

FRAGMENT: Final = 1400  # bytes of a picture in one packet
TICKS: Final = 90_000  # of the RTP clock a second
JPEG: Final = 26  # RTP/AVP payload type, RFC 3551 table 5
TABLES_FOLLOW: Final = 255  # Q of RFC 2435 section 4.2: quantisation tables lie in the packet
SAMPLED_420: Final = 1
SESSION: Final = "4711"


class RtspServer:
    """Serves `picture` at `fps` to everybody who plays, every time with other noise.

    `frozen` = connected but sending nothing; `stuck` = one and the same picture for ever.
    `password` = what the user `eye` must say, empty: nobody is asked.
    """

    def __init__(self, picture: Image, fps: float = 20.0, password: str = "") -> None:
        self.picture = picture
        self.frozen = False
        self.stuck = False
        self.asked: list[str] = []  # methods, in their order
        self.port = 0
        self._fps = fps
        self._password = password
        self._noise = 0
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        """Return where the stream is."""
        return f"rtsp://127.0.0.1:{self.port}/top"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up on everybody."""
        assert self._server is not None
        self._server.close()
        for writer in self._links.values():
            writer.close()
        await asyncio.gather(*self._links)

    # ------------------------------------------------------------ requests

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links[link] = writer
        playing: asyncio.Task[None] | None = None
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (method := await self._answered(reader, writer)) != "TEARDOWN":
                    if method == "PLAY":
                        playing = asyncio.create_task(self._play(writer), name="rtp")
        finally:
            del self._links[link]
            if playing is not None:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Answer one request and return its method; reports on the stream are read over."""
        while (first := await reader.readexactly(1)) == b"$":
            _, size = struct.unpack(">BH", await reader.readexactly(3))
            await reader.readexactly(size)
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        request, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        method = request.split(" ", 1)[0]
        self.asked.append(method)
        status, more, body = self._answer(method, headers)
        answer = [f"RTSP/1.0 {status}", f"CSeq: {headers['CSeq']}", *more]
        answer += [f"Content-Length: {len(body)}"] if body else []
        writer.write("\r\n".join((*answer, "", body)).encode())
        return method if status == "200 OK" else "refused"

    def _answer(self, method: str, headers: dict[str, str]) -> tuple[str, list[str], str]:
        basic = base64.b64encode(f"eye:{self._password}".encode()).decode()
        if self._password and headers.get("Authorization") != f"Basic {basic}":
            return "401 Unauthorized", ['WWW-Authenticate: Basic realm="top"'], ""
        match method:
            case "OPTIONS":
                return "200 OK", ["Public: DESCRIBE, SETUP, PLAY, TEARDOWN"], ""
            case "DESCRIBE":
                return "200 OK", ["Content-Type: application/sdp"], self._description()
            case "SETUP" if "interleaved=0-1" in headers["Transport"]:
                transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
                return "200 OK", [transport, f"Session: {SESSION}"], ""
            case "SETUP":
                return "461 Unsupported Transport", [], ""
            case "PLAY" | "TEARDOWN":
                return "200 OK", [f"Session: {SESSION}"], ""
        return "501 Not Implemented", [], ""

    def _description(self) -> str:
        lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=top", "c=IN IP4 0.0.0.0", "t=0 0")
        media = (f"m=video 0 RTP/AVP {JPEG}", "a=control:track0")
        return "".join(f"{line}\r\n" for line in (*lines, *media))

    # ------------------------------------------------------------ pictures

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        numbers = itertools.count()
        for number in itertools.count():
            if not self.frozen:
                at = int(number * TICKS / self._fps)
                for packet in self._packets(at, numbers):
                    writer.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                await writer.drain()
            await asyncio.sleep(1 / self._fps)

    def _packets(self, at: int, numbers: Iterator[int]) -> Iterator[bytes]:
        tables, scan = _parts(self._jpeg())
        height, width = self.picture.shape[:2]
        for start in range(0, len(scan), FRAGMENT):
            part = scan[start : start + FRAGMENT]
            is_last = start + FRAGMENT >= len(scan)
            marked = JPEG | (0x80 if is_last else 0)
            stamp = at & 0xFFFFFFFF
            head = struct.pack(">BBHII", 0x80, marked, next(numbers) & 0xFFFF, stamp, 0x0E1E)
            head += struct.pack(">I", start)  # type-specific 0, then 24 bits of the offset
            head += bytes((SAMPLED_420, TABLES_FOLLOW, width // 8, height // 8))
            if start == 0:
                head += struct.pack(">BBH", 0, 0, len(tables)) + tables
            yield head + part

    def _jpeg(self) -> bytes:
        """The picture as it is now; a sensor never sees the same pixels twice."""
        self._noise += not self.stuck
        picture = self.picture.copy()
        picture[:8, : 8 + self._noise % 64] ^= 16
        return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _parts(jpeg: bytes) -> tuple[bytes, bytes]:
    """Return the two quantisation tables and what lies between the head and the end mark.

    The head is made anew by the receiver; its Huffman tables are those of ITU-T T.81 annex K.
    """
    tables, at = b"", 2
    while jpeg[at : at + 2] != b"\xff\xda":
        (size,) = struct.unpack(">H", jpeg[at + 2 : at + 4])
        if jpeg[at : at + 2] == b"\xff\xdb":
            body = jpeg[at + 4 : at + 2 + size]
            tables += b"".join(body[one + 1 : one + 65] for one in range(0, len(body), 65))
        at += 2 + size
    (size,) = struct.unpack(">H", jpeg[at + 2 : at + 4])
    return tables, jpeg[at + 2 + size : -2]
