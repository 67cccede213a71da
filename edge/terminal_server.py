"""The terminal's door: a Unix socket that sends whole views and takes keys. It knows no screen.

One operator, the newest wins; any number of read-only mirrors. A dead terminal costs a picture,
never a scan. Protocol: docs/terminal-protocol.md.
"""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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
    Role,
    StationView,
    ToTerminal,
    TypedScan,
    Welcome,
    read_to_service,
    to_line,
)

KEYS_MAX: Final = 32  # waiting keys of one terminal; full: refused with E00
REPLIES_MAX: Final = 64  # unsent acks of one terminal; full: the terminal is dead
IDS_REMEMBERED: Final = 256
PING_S: Final = 1.0
DEAD_S: Final = 3.0
HELLO_S: Final = 3.0
PEERS_MAX: Final = 16

log = logging.getLogger("terminal-server")

OnAct = Callable[[str, Key | TypedScan], Awaitable[Ack]]


@dataclass(slots=True, eq=False)
class _Peer:
    """One connected terminal."""

    writer: asyncio.StreamWriter
    role: Role
    boot: str
    alive_at: float
    view: StationView | None = None
    sent_rev: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    acks: asyncio.Queue[ToTerminal] = field(
        default_factory=lambda: asyncio.Queue(maxsize=REPLIES_MAX)
    )
    acts: asyncio.Queue[Key | TypedScan] = field(
        default_factory=lambda: asyncio.Queue(maxsize=KEYS_MAX)
    )
    done: OrderedDict[str, Ack] = field(default_factory=OrderedDict)
    bye: str = ""


class TerminalServer:
    """Serves terminals on one socket; `on_act` gets (connection id, act) and returns the ack."""

    def __init__(self, path: Path, on_act: OnAct, *, station: str, boot: str, version: str) -> None:
        self._path = path
        self._on_act = on_act
        self._welcome = {"station": station, "boot": boot, "svc": version}
        self._peers: set[_Peer] = set()
        self._view: StationView | None = None

    def publish(self, view: StationView) -> None:
        """Give every terminal this view; one that is slow gets only the newest."""
        self._view = view
        for peer in self._peers:
            peer.view = view
            peer.wake.set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen; on leaving every connection is closed and awaited."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        async with asyncio.TaskGroup() as group:
            server = await asyncio.start_unix_server(
                lambda reader, writer: self._accept(group, reader, writer),
                path=self._path,
                limit=LINE_BYTES_MAX,
            )
            self._path.chmod(0o660)
            try:
                yield
            finally:
                server.close()
                for peer in tuple(self._peers):
                    self._dismiss(peer, "stopping")
        self._path.unlink(missing_ok=True)

    def _accept(
        self,
        group: asyncio.TaskGroup,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        name = f"terminal[{len(self._peers)}]"
        group.create_task(self._serve(reader, writer), name=name)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not _is_allowed(writer) or len(self._peers) >= PEERS_MAX:
                writer.write(to_line(Bye(why="refused")))
                return
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.info("terminal gone: %s", type(error).__name__)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await self._greeted(reader, writer)
        if hello is None:
            return
        now = asyncio.get_running_loop().time()
        peer = _Peer(writer=writer, role=hello.role, boot=os.urandom(4).hex(), alive_at=now)
        if hello.role is Role.OPERATOR:
            for other in [p for p in self._peers if p.role is Role.OPERATOR]:
                self._dismiss(other, "replaced")
        self._peers.add(peer)
        welcome = Welcome(v=PROTOCOL_VERSION, role=hello.role, **self._welcome)
        writer.write(to_line(welcome))
        peer.view = self._view
        peer.wake.set()
        tasks = [
            asyncio.create_task(self._read(reader, peer), name="terminal-read"),
            asyncio.create_task(self._write(peer), name="terminal-write"),
            asyncio.create_task(self._act(peer), name="terminal-act"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._peers.discard(peer)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        _raise_bug(results)

    async def _greeted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Hello | None:
        async with asyncio.timeout(HELLO_S):
            line = await reader.readline()
        try:
            hello = read_to_service(line)
        except ValueError as error:
            log.warning("terminal refused: %s", error)
            hello = None
        if isinstance(hello, Hello) and hello.v == PROTOCOL_VERSION:
            return hello
        writer.write(to_line(Bye(why="version" if isinstance(hello, Hello) else "hello")))
        return None

    async def _read(self, reader: asyncio.StreamReader, peer: _Peer) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # longer than a line may be
                peer.bye = "protocol"
                return
            if not line:
                return
            peer.alive_at = loop.time()
            try:
                message = read_to_service(line)
            except ValueError as error:
                log.warning("terminal sent nonsense: %s", error)
                continue
            match message:
                case Key() | TypedScan():
                    self._queue(peer, message)
                case Ping():
                    _reply(peer, Pong())
                case Hello() | Pong() | Painted():
                    continue

    def _queue(self, peer: _Peer, act: Key | TypedScan) -> None:
        if peer.role is not Role.OPERATOR:
            _reply(peer, Ack(id=act.id, no="mirror"))
        elif act.id in peer.done:
            _reply(peer, peer.done[act.id])
        else:
            try:
                peer.acts.put_nowait(act)
            except asyncio.QueueFull:
                _reply(peer, Ack(id=act.id, no="E00", p={"want": "want.wait"}))

    async def _act(self, peer: _Peer) -> None:
        while True:
            act = await peer.acts.get()
            ack = await self._on_act(peer.boot, act)
            peer.done[act.id] = ack
            while len(peer.done) > IDS_REMEMBERED:
                peer.done.popitem(last=False)
            _reply(peer, ack)

    async def _write(self, peer: _Peer) -> None:
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + PING_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, ping_at - loop.time())):
                    await peer.wake.wait()
            peer.wake.clear()
            self._write_pending(peer)
            if peer.bye:
                peer.writer.write(to_line(Bye(why=peer.bye)))
                return
            if loop.time() >= ping_at:
                peer.writer.write(to_line(Ping()))
                ping_at = loop.time() + PING_S
            if loop.time() - peer.alive_at > DEAD_S:
                return
            async with asyncio.timeout(DEAD_S):
                await peer.writer.drain()

    def _write_pending(self, peer: _Peer) -> None:
        """Views before acks: who waits for an ack may rely on having seen its picture."""
        if peer.view is not None and peer.view.rev > peer.sent_rev:
            peer.sent_rev = peer.view.rev
            peer.writer.write(to_line(peer.view))
        while not peer.acks.empty():
            peer.writer.write(to_line(peer.acks.get_nowait()))

    def _dismiss(self, peer: _Peer, why: str) -> None:
        peer.bye = why
        peer.wake.set()


def _reply(peer: _Peer, message: ToTerminal) -> None:
    try:
        peer.acks.put_nowait(message)
    except asyncio.QueueFull:
        peer.bye = "slow"
    peer.wake.set()


def _raise_bug(results: Sequence[object]) -> None:
    """A connection that broke is ordinary; anything else is a bug and must be seen."""
    for result in results:
        if isinstance(result, BaseException) and not isinstance(
            result, ConnectionError | TimeoutError | asyncio.CancelledError
        ):
            raise result


def _is_allowed(writer: asyncio.StreamWriter) -> bool:
    """Root, the service's own user, or a member of the socket's group by its file mode."""
    peer: socket.socket = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, gid = struct.unpack("3i", raw)
    return uid in (0, os.geteuid()) or gid in (os.getegid(), *os.getgroups())
