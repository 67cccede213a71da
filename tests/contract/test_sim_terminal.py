"""The simulated operator's end of the door: it says why there is no view."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sim.operator.terminal import Terminal
from sim_peers import eventually

WELCOME = b'{"m":"welcome","boot":"b1"}\n'
VIEW = b'{"m":"view","rev":1}\n'
BYE = b'{"m":"bye","why":"refused"}\n'


@asynccontextmanager
async def door(path: Path, *said: bytes) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """A service that says this to whoever says hello, and then nothing."""
    writers: list[asyncio.StreamWriter] = []

    async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writers.append(writer)
        writer.write(b"".join(said))

    server = await asyncio.start_unix_server(greeted, path=path)
    try:
        yield writers
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Terminal]:
    terminal = Terminal(path, "en")
    task = asyncio.create_task(terminal.run(), name="terminal")
    try:
        yield terminal
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ((), "connected, no word came"),
        ((WELCOME,), "welcomed, no view came"),
        ((BYE,), "dismissed: refused"),
    ],
)
async def test_a_door_that_shows_nothing_is_told_by_how_far_it_came(
    tmp_path: Path, said: tuple[bytes, ...], trouble: str
) -> None:
    async with door(tmp_path / "door", *said), running(tmp_path / "door") as terminal:
        assert await eventually(lambda: terminal.trouble == trouble), terminal.trouble
        assert not terminal.is_up


async def test_no_door_and_a_lost_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "door"
    async with running(path) as terminal:
        assert await eventually(lambda: terminal.trouble == "FileNotFoundError at try 2")
        async with door(path, WELCOME, VIEW) as writers:
            assert await eventually(lambda: terminal.is_up)
            path.unlink()
            writers[0].close()
            assert await eventually(lambda: "FileNotFoundError" in terminal.trouble)
        assert terminal.view is None
