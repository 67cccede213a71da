"""A running station meets marking codes in every way: their tail is in the journal alone."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands.demo.children import program
from edge.commands.demo.stage import Stage, staged
from edge.events import Event, ScanRead
from edge.journal.reader import Reader

WAIT_S = 30.0
TAIL = "Q2hlc3RueSBuYW1lIG9mIGEgbGl0dGxlIHNlY3JldDE="
KI = "0104607112010017215AbcXyz12345Z"
WHOLE = f"{KI}\x1d91EE06\x1d92{TAIL}"
TORN = WHOLE.replace("\x1d", "")
BRACKETS = f"(01)04607112010017(21)5AbcXyz12345Z(91)EE06(92){TAIL}"


def spellings() -> list[bytes]:
    """Return the tail as it is and as any base64 of something around it would hold it."""
    secret = TAIL.encode()[:24]
    found = [secret]
    for lead in range(3):
        coded = base64.b64encode(b"x" * lead + secret)
        found.append(coded[4 if lead else 0 : -4])
    return found


async def _floor(stage: Stage, **request: Any) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(stage.run / "sim.sock"))
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        reply: dict[str, Any] = json.loads(await reader.readline())
    finally:
        writer.close()
        await writer.wait_closed()
    assert reply.get("ok", True), reply
    return reply


def _events(stage: Stage) -> list[Event]:
    with Reader(stage.journal) as reader:
        return list(reader.events(1))


def _codes(stage: Stage) -> list[ScanRead]:
    reads = [e.payload for e in _events(stage) if isinstance(e.payload, ScanRead)]
    return [read for read in reads if read.match.what not in ("badge", "command")]


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.05)


def _is_up(stage: Stage) -> bool:
    states = [e.data for e in _events(stage) if e.kind == "device.state"]
    return any(s["device"] == "hand-1" and s["state"] == "ok" for s in states)


@contextlib.asynccontextmanager
async def _terminal(stage: Stage, seen: list[bytes]) -> AsyncIterator[asyncio.StreamWriter]:
    """A terminal that keeps every byte it is sent."""
    reader, writer = await asyncio.open_unix_connection(
        str(stage.run / "terminal.sock"), limit=1_000_000
    )
    hello = {"m": "hello", "v": 1, "app": "0", "role": "operator", "size": [80, 24], "lang": "ru"}
    writer.write(json.dumps(hello).encode() + b"\n")

    async def keep() -> None:
        while line := await reader.readline():
            seen.append(line)
            if json.loads(line).get("m") == "ping":
                writer.write(b'{"m":"pong"}\n')

    keeper = asyncio.create_task(keep(), name="terminal")
    try:
        yield writer
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        writer.close()
        await writer.wait_closed()


async def _said(*words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        program("receiving-edge"),
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said


def _files(folder: Path) -> dict[str, bytes]:
    """Return all that a run left behind but the journal itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("journal.db")
    }


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_the_tail_of_a_mark_is_in_the_journal_alone(tmp_path: Path) -> None:
    shown: list[bytes] = []
    async with staged(tmp_path, parcels=2, seed=5, speed=20.0) as stage:
        bench = await _floor(stage, do="bench")
        badge = bench["groups"][0]["items"][0]["code"]
        await _until(lambda: _is_up(stage))
        async with _terminal(stage, shown) as terminal:
            await _floor(stage, do="scan", text=badge, aim="]C0")
            await _until(lambda: any(e.kind == "operator.in" for e in _events(stage)))
            for n, (text, aim) in enumerate(
                [(WHOLE, "]d2"), (TORN, "]d2"), (WHOLE, "]d1"), (TORN, "]d1"), (BRACKETS, "]Q1")],
                start=1,
            ):
                await _floor(stage, do="scan", text=text, aim=aim)
                await _until(lambda n=n: len(_codes(stage)) >= n)  # type: ignore[misc]
            typed = {"m": "scan", "id": "t-1", "src": "wedge", "text": WHOLE}
            terminal.write(json.dumps(typed).encode() + b"\n")
            await _until(lambda: len(_codes(stage)) >= 6)
        data = str(stage.folder / "data")
        shown.append(await _said("journal", "show", "--data", data, "--json", "--limit", "1000"))
        shown.append(await _said("journal", "verify", "--data", data))
        shown.append(await _said("sync", "status", "--data", data))
    kept = b"".join(base64.b64decode(read.raw_b64) for read in _codes(stage))
    assert TAIL.encode() in kept
    assert len(shown) > 10
    told = {f"output {n}": said for n, said in enumerate(shown)} | _files(tmp_path)
    leaks = [where for where, said in told.items() if any(text in said for text in spellings())]
    assert leaks == []
