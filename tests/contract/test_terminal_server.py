"""The terminal's door over a real Unix socket: roles, acknowledgements, slow and rude clients."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.terminal_server import KEYS_MAX, TerminalServer
from edge.views import Ack, Head, IdleWork, Key, Net, Stage, StationView, TypedScan

WAIT_S = 5.0


def _view(rev: int) -> StationView:
    return StationView(
        state="IDLE",
        stage=Stage(t="stage.parcel"),
        head=Head(station="ST-01", net=Net(s="up"), at="2026-11-24T10:00:00+00:00"),
        work=IdleWork(),
        rev=rev,
    )


class Desk:
    """The station's side: remembers acts, answers after being let."""

    def __init__(self) -> None:
        self.acts: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def act(self, connection: str, act: Key | TypedScan) -> Ack:
        await self.open.wait()
        self.acts.append(act.k if isinstance(act, Key) else act.text)
        return Ack(id=act.id, did="inspection.answered", seq=len(self.acts))


class Client:
    """A program that speaks JSON lines and nothing of the product's code."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, **message: Any) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def raw(self, line: bytes) -> None:
        self._writer.write(line)
        await self._writer.drain()

    async def receive(self, kind: str) -> dict[str, Any]:
        """Return the next message of a kind; an end of the stream is an empty object."""
        async with asyncio.timeout(WAIT_S):
            while line := await self._reader.readline():
                message: dict[str, Any] = json.loads(line)
                if message["m"] == kind:
                    return message
        return {}

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def _served(path: Path) -> AsyncIterator[tuple[TerminalServer, Desk]]:
    desk = Desk()
    server = TerminalServer(path, desk.act, station="ST-01", boot="b", version="0")
    async with server.serving():
        yield server, desk


@contextlib.asynccontextmanager
async def _client(path: Path, role: str = "operator", v: int = 1) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_unix_connection(str(path)))
    try:
        await client.send(m="hello", v=v, role=role)
        yield client
    finally:
        await client.close()


async def test_a_new_terminal_is_welcomed_and_shown_the_whole_screen(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, _):
        server.publish(_view(7))
        async with _client(path) as client:
            assert (await client.receive("welcome"))["station"] == "ST-01"
            assert (await client.receive("view"))["rev"] == 7
    assert not path.exists()


async def test_the_newest_operator_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path), _client(path) as first:
        await first.receive("welcome")
        async with _client(path) as second:
            await second.receive("welcome")
            assert (await first.receive("bye"))["why"] == "replaced"


async def test_a_mirror_looks_and_its_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, desk), _client(path, "mirror") as mirror:
        await mirror.receive("welcome")
        server.publish(_view(1))
        assert (await mirror.receive("view"))["rev"] == 1
        await mirror.send(m="key", id="a-1", k="3")
        assert (await mirror.receive("ack"))["no"] == "mirror"
        assert desk.acts == []


async def test_a_key_sent_twice_acts_once_and_gets_the_same_answer(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (_, desk), _client(path) as client:
        await client.send(m="key", id="a-1", k="3")
        first = await client.receive("ack")
        await client.send(m="key", id="a-1", k="3")
        assert await client.receive("ack") == first
        assert desk.acts == ["3"]


async def test_keys_beyond_the_bound_are_refused_not_queued(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (_, desk), _client(path) as client:
        await client.receive("welcome")
        desk.open.clear()
        for n in range(KEYS_MAX + 2):
            await client.send(m="key", id=f"a-{n}", k="1")
        assert (await client.receive("ack"))["no"] == "E00"
        desk.open.set()
        answers = [await client.receive("ack") for _ in range(KEYS_MAX)]
        assert "inspection.answered" in [answer.get("did") for answer in answers]
        assert len(desk.acts) <= KEYS_MAX + 1


async def test_nonsense_is_survived_and_a_wrong_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (_, desk), _client(path) as client:
        await client.receive("welcome")
        for line in (b"\xff\xfe\n", b"[]\n", b'{"m":"what"}\n', b'{"m":"key"}\n', b"{\n"):
            await client.raw(line)
        await client.send(m="scan", id="a-2", src="wedge", text="4601")
        assert (await client.receive("ack"))["id"] == "a-2"
        assert desk.acts == ["4601"]
        async with _client(path, v=99) as old:
            assert (await old.receive("bye"))["why"] == "version"


async def test_a_line_without_end_closes_only_that_terminal(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, _), _client(path) as rude:
        await rude.receive("welcome")
        with contextlib.suppress(ConnectionError):
            await rude.raw(b"x" * 300_000)
        await rude.receive("bye")
        async with _client(path) as client:
            server.publish(_view(3))
            assert (await client.receive("view"))["rev"] == 3


async def test_a_slow_terminal_gets_only_the_newest_view(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, _), _client(path, "mirror") as client:
        await client.receive("welcome")
        for rev in range(1, 200):
            server.publish(_view(rev))
        assert (await client.receive("view"))["rev"] == 199


async def test_a_terminal_is_asked_for_life_and_answers_are_given(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path), _client(path) as client:
        await client.send(m="ping")
        assert (await client.receive("pong"))["m"] == "pong"
        assert (await client.receive("ping"))["m"] == "ping"


def _heavy(rev: int) -> StationView:
    """A view of about 50 kB: some of them fill every buffer between the two ends."""
    parked = tuple(f"{rev}-{n:030d}" for n in range(1400))
    return replace(_view(rev), work=IdleWork(parked=parked))


async def test_a_terminal_that_hangs_costs_the_others_nothing_and_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, desk), _client(path, "mirror") as hung:
        await hung.receive("welcome")
        async with _client(path) as client:
            await client.receive("welcome")
            for rev in range(1, 40):
                server.publish(_heavy(rev))
                assert (await client.receive("view"))["rev"] == rev
            await client.send(m="key", id="a-1", k="3")
            assert (await client.receive("ack"))["did"] == "inspection.answered"
            assert desk.acts == ["3"]
        seen = 0
        while view := await hung.receive("view"):  # until the service has hung up
            seen = view["rev"]
        assert seen > 0


async def test_mirrors_come_and_go_beside_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, desk), _client(path) as operator:
        await operator.receive("welcome")
        async with _client(path, "mirror") as one, _client(path, "mirror") as two:
            for mirror in (one, two):
                await mirror.receive("welcome")
            server.publish(_view(1))
            for peer in (one, two, operator):
                assert (await peer.receive("view"))["rev"] == 1
        await operator.send(m="key", id="a-1", k="1")
        assert (await operator.receive("ack"))["did"] == "inspection.answered"
        server.publish(_view(2))
        assert (await operator.receive("view"))["rev"] == 2
        assert desk.acts == ["1"]


async def test_a_terminal_that_comes_back_is_shown_the_newest_view_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    async with _served(path) as (server, _):
        async with _client(path) as first:
            await first.receive("welcome")
            server.publish(_view(1))
        server.publish(_view(2))
        async with _client(path) as second:
            assert (await second.receive("view"))["rev"] == 2
