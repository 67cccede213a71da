"""The world's control socket: JSON lines in, JSON lines out. It moves hands, never the product."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

LINE_BYTES_MAX: Final = 1 << 20

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@contextlib.asynccontextmanager
async def serving(path: Path, answer: Answer) -> AsyncIterator[None]:
    """Serve requests on a Unix socket; on leaving, every connection is closed."""
    open_now: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_converse(reader, writer, answer), name="control")
        open_now.add(task)
        task.add_done_callback(open_now.discard)

    _remove(path)
    server = await asyncio.start_unix_server(accept, path=path, limit=LINE_BYTES_MAX)
    try:
        yield
    finally:
        server.close()
        for task in tuple(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    try:
        while line := await reader.readline():
            reply = await _reply(line, answer)
            writer.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, ValueError):
        return  # gone, or a line longer than a line may be
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _reply(line: bytes, answer: Answer) -> dict[str, Any]:
    """Every request gets an answer, a wrong one too."""
    try:
        request = json.loads(line)
        return {"ok": True, **await answer(request)}
    except (KeyError, TypeError, ValueError, TimeoutError) as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}
