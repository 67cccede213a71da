"""The service's side of the terminal socket for tests: a Unix server that is told what to say.

It speaks the real protocol with the real codec, keeps what terminals sent, and decides nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.views import (
    LINE_BYTES_MAX,
    PROTOCOL_VERSION,
    Bye,
    Hello,
    Key,
    Painted,
    Ping,
    Pong,
    StationView,
    ToService,
    ToTerminal,
    TypedScan,
    Welcome,
    read_to_service,
    to_line,
)


class ScriptedService:
    """Listens on a path; `show` sends a view to every terminal and to those that come later."""

    def __init__(
        self, path: Path, *, answers_pings: bool = True, version: int = PROTOCOL_VERSION
    ) -> None:
        self.path = path
        self.heard: list[ToService] = []
        self.view: StationView | None = None
        self._answers_pings = answers_pings
        self._version = version
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._readers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=LINE_BYTES_MAX)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("terminal[scripted]")
        self._readers.add(task)
        self._writers.add(writer)
        try:
            async for message in self._messages(reader):
                self._answer(message, writer)
        finally:
            self._writers.discard(writer)
            self._readers.discard(task)
            writer.close()

    async def _messages(self, reader: asyncio.StreamReader) -> AsyncIterator[ToService]:
        while line := await reader.readline():
            yield read_to_service(line)

    def _answer(self, message: ToService, writer: asyncio.StreamWriter) -> None:
        self.heard.append(message)
        match message:
            case Hello(role=role):
                welcome = Welcome(
                    v=self._version, svc="test", boot="b1", station="ST-01", role=role
                )
                writer.write(to_line(welcome))
                if self.view is not None:
                    writer.write(to_line(self.view))
            case Ping() if self._answers_pings:
                writer.write(to_line(Pong()))

    def say(self, *messages: ToTerminal) -> None:
        """Send messages to every terminal, in one piece."""
        data = b"".join(to_line(message) for message in messages)
        for writer in self._writers:
            writer.write(data)

    def show(self, *views: StationView) -> None:
        """Send views at once; the last one also greets the terminals that come later."""
        self.view = views[-1]
        self.say(*views)

    def send_bytes(self, data: bytes) -> None:
        """Send anything."""
        for writer in self._writers:
            writer.write(data)

    def bye(self, why: str) -> None:
        """End every connection with a reason."""
        self.say(Bye(why=why))

    @property
    def terminals(self) -> int:
        """How many terminals are connected."""
        return len(self._writers)

    @property
    def keys(self) -> list[str]:
        """The keys that arrived, in order."""
        return [message.k for message in self.heard if isinstance(message, Key)]

    @property
    def scans(self) -> list[str]:
        """The typed scans that arrived, in order."""
        return [message.text for message in self.heard if isinstance(message, TypedScan)]

    @property
    def painted(self) -> list[int]:
        """The revisions that were reported as painted."""
        return [message.rev for message in self.heard if isinstance(message, Painted)]


@asynccontextmanager
async def scripted(path: Path, view: StationView | None = None) -> AsyncIterator[ScriptedService]:
    """Run a scripted service on a path."""
    service = ScriptedService(path)
    service.view = view
    async with service:
        yield service


async def until(is_true: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Wait until something holds; fails when it does not in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while True:
        if is_true():
            return
        assert loop.time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)
