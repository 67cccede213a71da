"""The socket to the service: greets, reads, keeps alive, connects again; keeps no view but one.

Nothing is queued for a service that is away: what cannot be sent now is dropped.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.views import (
    LINE_BYTES_MAX,
    PROTOCOL_VERSION,
    Ack,
    Bye,
    Hello,
    Key,
    Painted,
    Ping,
    Pong,
    StationView,
    ToService,
    TypedScan,
    Welcome,
    read_to_terminal,
    to_line,
)

PING_S: Final = 1.0
SILENCE_S: Final = 3.0
CONNECT_S: Final = 2.0
RETRY_S: Final = 0.1
RETRIES_QUICK: Final = 30  # a service that is started again is there within them
RETRY_SLOW_S: Final = 1.0
UNSENT_BYTES_MAX: Final = 16 * 1024  # full: keys are dropped, the service does not read
FINAL: Final = frozenset({"replaced", "version", "refused", "hello"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """The service has welcomed this terminal."""

    welcome: Welcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """The service is away; the link keeps trying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A view waits to be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A key or scan was answered."""

    ack: Ack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The service does not want this terminal any more; nothing is tried again."""

    why: str


News = Up | Down | Arrived | Answered | Ended


class Link:
    """One terminal's connection. `tell` is called on the loop and must not block."""

    def __init__(self, path: Path, hello: Hello, tell: Callable[[News], None]) -> None:
        self._path = path
        self._hello = hello
        self._tell = tell
        self._boot = secrets.token_hex(3)
        self._sent = 0
        self._newest: StationView | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._is_up = False

    def take(self) -> StationView | None:
        """Return the newest view, once; older ones that were not taken are gone."""
        newest, self._newest = self._newest, None
        return newest

    def key(self, k: str, view: StationView) -> bool:
        """Send a key with the view the person saw; False = dropped."""
        return self._send(Key(id=self._next_id(), k=k, rev=view.rev, epoch=view.epoch))

    def scan(self, text: str) -> bool:
        """Send a code that was typed into the screen; False = dropped."""
        return self._send(TypedScan(id=self._next_id(), src="wedge", text=text))

    def painted(self, rev: int, ms: int) -> bool:
        """Tell how long the newest view took to paint."""
        return self._send(Painted(rev=rev, ms=ms))

    async def run(self) -> None:
        """Stay connected until the service ends it for good."""
        tries = 0
        while True:
            try:
                why = await self._session()
            except (OSError, TimeoutError, ValueError) as error:
                _log.info("link: away: %s", type(error).__name__)
                why = None
            if why in FINAL:
                self._tell(Ended(why=why))
                return
            tries = 1 if self._is_up else tries + 1
            self._is_up = False
            if tries == 1:
                self._tell(Down())
            await asyncio.sleep(RETRY_S if tries <= RETRIES_QUICK else RETRY_SLOW_S)

    async def _session(self) -> str | None:
        """Talk until the connection ends; return why the service ended it, if it said so."""
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(
                self._path, limit=LINE_BYTES_MAX + 1
            )
        try:
            writer.write(to_line(self._hello))
            self._writer = writer
            return await self._read(reader)
        finally:
            self._writer = None
            self._newest = None
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> str | None:
        loop = asyncio.get_running_loop()
        heard = pinged = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(pinged + PING_S):
                    line = await reader.readline()
            except TimeoutError:
                line = None
            now = loop.time()
            if line is None:
                if now - heard >= SILENCE_S:
                    raise TimeoutError("the service is silent")
                pinged = now
                self._write(Ping())
                continue
            heard = now
            if not line.endswith(b"\n"):
                return None
            ended = self._take_line(line)
            if ended is not None:
                return ended

    def _take_line(self, line: bytes) -> str | None:
        """Take one message; return the reason when it ends the connection."""
        try:
            message = read_to_terminal(line)
        except ValueError as error:
            _log.info("link: unreadable line of %d bytes: %s", len(line), error)
            return None
        match message:
            case Welcome():
                if message.v != PROTOCOL_VERSION:
                    return "version"
                self._is_up = True
                self._tell(Up(welcome=message))
            case StationView():
                self._newest = message
                self._tell(Arrived())
            case Ack():
                self._tell(Answered(ack=message))
            case Ping():
                self._write(Pong())
            case Pong():
                return None
            case Bye():
                return message.why
        return None

    def _next_id(self) -> str:
        self._sent += 1
        return f"{self._boot}-{self._sent}"

    def _send(self, message: ToService) -> bool:
        return self._is_up and self._write(message)

    def _write(self, message: ToService) -> bool:
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            return False
        writer.write(to_line(message))
        return True
