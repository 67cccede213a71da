"""A small HTTP/1.1 server for simulated far ends: one handler, keep-alive, optional streaming."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

HEAD_BYTES_MAX: Final = 32 * 1024
BODY_BYTES_MAX: Final = 32 * 1024 * 1024
IDLE_S: Final = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. `stream` = parts while the client stays; `cut` = hang up without a word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncGenerator[bytes, None] | None = None
    cut: bool = False


Handler = Callable[[Request], Awaitable[Response]]


@contextlib.asynccontextmanager
async def serving(host: str, port: int, handler: Handler, *, name: str) -> AsyncIterator[int]:
    """Serve on a TCP port and yield it (port 0 = any); on leaving, every connection is closed."""
    open_now: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_converse(reader, writer, handler), name=f"http[{name}]")
        open_now.add(task)
        task.add_done_callback(open_now.discard)

    server = await asyncio.start_server(accept, host, port, limit=HEAD_BYTES_MAX)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    try:
        while await _exchange(reader, writer, handler):
            continue
    except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return  # the client is gone or talks nonsense: a server drops it
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> bool:
    """Answer one request; True while the connection stays open."""
    async with asyncio.timeout(IDLE_S):
        request = await _read(reader)
    if request is None:
        return False
    response = await handler(request)
    if response.cut:
        writer.transport.abort()
        return False
    if response.stream is not None:
        await _stream(writer, response)
        return False
    stays = request.headers.get("connection", "").lower() != "close"
    writer.write(_head(response, stays=stays, length=len(response.body)) + response.body)
    await writer.drain()
    return stays


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = _headers(lines)
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= BODY_BYTES_MAX:
        raise ValueError(f"body of {length} bytes refused")
    body = await reader.readexactly(length)
    parts = urlsplit(target)
    return Request(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers=headers,
        body=body,
    )


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


def _head(response: Response, *, stays: bool, length: int | None) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines.append(f"Connection: {'keep-alive' if stays else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _stream(writer: asyncio.StreamWriter, response: Response) -> None:
    assert response.stream is not None, "the caller has looked"
    writer.write(_head(response, stays=False, length=None))
    async with contextlib.aclosing(response.stream) as parts:
        async for part in parts:
            writer.write(part)
            await writer.drain()
