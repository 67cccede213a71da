"""An HTTP/1.1 server on loopback whose answers the test writes; it keeps what it was sent."""

import asyncio
import gzip
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> bytes:
        """The body without its content encoding."""
        coded = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if coded else self.body

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a batch."""
        batch: list[dict[str, Any]] = json.loads(self.plain)
        return batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One answer. `cut`: the connection is closed without one; `wait_s`: it comes late.

    A wait ends when the other side hangs up.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    wait_s: float = 0.0

    @classmethod
    def as_json(
        cls, document: object, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> "Say":
        return cls(status=status, body=json.dumps(document).encode(), headers=headers or {})


class HttpSink:
    """`answer` is called for each request; what it returns is sent."""

    def __init__(
        self, answer: Callable[[Got], Say] | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self.answer = answer or (lambda _: Say())
        self.got: list[Got] = []
        self.connections = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._came = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/in"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in tuple(self._open):
            writer.close()
        await self._server.wait_closed()
        await _end_handshakes()
        while self._open:  # noqa: ASYNC110 - a look with a short wait is all a test needs
            await asyncio.sleep(0.005)

    async def until(self, is_met: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until a condition over what came holds, looked at after each request."""
        async with asyncio.timeout(seconds):
            while not is_met():
                self._came.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), 0.02)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while (got := await _read(reader)) is not None:
                self.got.append(got)
                say = self.answer(got)
                self._came.set()
                if say.wait_s and await _hung_up(reader, say.wait_s):
                    break
                if say.cut:
                    break
                writer.write(_raw(say))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._open.discard(writer)


async def _hung_up(reader: asyncio.StreamReader, wait_s: float) -> bool:
    with suppress(TimeoutError):
        return await asyncio.wait_for(reader.read(1), wait_s) == b""
    return False


async def _read(reader: asyncio.StreamReader) -> Got | None:
    first = await reader.readline()
    if not first:
        return None
    method, target, _ = first.decode("ascii").split(" ")
    headers: dict[str, str] = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Got(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers=headers,
        body=body,
    )


def _raw(say: Say) -> bytes:
    head = [f"HTTP/1.1 {say.status} x", f"Content-Length: {len(say.body)}"]
    if say.status in (204, 304):
        head.pop()
    head += [f"{name}: {value}" for name, value in say.headers.items()]
    return "\r\n".join((*head, "", "")).encode("latin-1") + say.body


async def _end_handshakes() -> None:
    """Python 3.11.2 leaves a TLS handshake that the client broke off waiting for ever."""
    left = [one for one in asyncio.all_tasks() if "_accept_connection2" in repr(one.get_coro())]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
