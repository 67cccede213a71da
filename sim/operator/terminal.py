"""The operator's terminal without a screen: newest view, keys, acknowledgements, reconnects."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LINE_BYTES_MAX: Final = 512 * 1024
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(slots=True)
class Terminal:
    """One connection at a time; `changed` is set by everything that arrives.

    `resumes` = last view of one service start and first view of the next, for every restart.
    `trouble` = why there is no view, as far as this end can tell.
    """

    path: Path
    lang: str
    view: dict[str, Any] | None = None
    view_ns: int = 0
    boot: str = ""
    acks: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    losses: int = 0
    resumes: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    connected_at: float = 0.0
    trouble: str = "not connected yet"
    _writer: asyncio.StreamWriter | None = None
    _shown: tuple[str, dict[str, Any]] | None = None

    @property
    def is_up(self) -> bool:
        """Return whether a view of this connection is there."""
        return self._writer is not None and self.view is not None

    async def run(self) -> None:
        """Stay connected, for ever."""
        tries = 0
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    str(self.path), limit=LINE_BYTES_MAX
                )
            except OSError as error:
                self.trouble = f"{type(error).__name__} at try {tries + 1}"
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
                continue
            tries = 0
            await self._converse(reader, writer)
            await asyncio.sleep(RETRY_S[0])

    async def send(self, message: dict[str, Any]) -> None:
        """Send one line. Raises ConnectionError when there is no connection."""
        if self._writer is None:
            raise ConnectionError("no connection")
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            with contextlib.suppress(ConnectionError, ValueError):
                await self._listen(reader)
        finally:
            self._lost()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        self.trouble = "connected, no word came"
        hello = {"m": "hello", "v": 1, "app": "sim", "role": "operator", "lang": self.lang}
        await self.send({**hello, "size": [80, 24]})
        while line := await reader.readline():
            await self._take(line, time.monotonic_ns())

    async def _take(self, line: bytes, at_ns: int) -> None:
        message = json.loads(line)
        match message["m"]:
            case "view":
                self.view, self.view_ns = message, at_ns
                self._note_resume(message)
            case "ack":
                self.acks[message["id"]] = message
                while len(self.acks) > 16:
                    self.acks.pop(next(iter(self.acks)))
            case "bye":
                self.trouble = f"dismissed: {message['why']}"
            case "welcome":
                self.trouble = "welcomed, no view came"
                self.boot, self.connected_at = message["boot"], time.monotonic()
            case "ping":
                await self.send({"m": "pong"})
        self.changed.set()

    def _note_resume(self, view: dict[str, Any]) -> None:
        if self._shown is not None and self._shown[0] != self.boot:
            self.resumes.append((self._shown[1], view))
        self._shown = (self.boot, view)

    def _lost(self) -> None:
        if self.view is not None:
            self.trouble = "connection lost"
        self._writer, self.view = None, None
        self.losses += 1
        self.changed.set()
