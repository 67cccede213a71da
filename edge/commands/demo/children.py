"""Child processes of the demo: started in order, stopped in reverse, never left behind."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

READY_S: Final = 120.0  # a busy machine proves a policy slowly
STOP_S: Final = 5.0
TAIL_LINES: Final = 12


class ChildError(Exception):
    """A child could not be started or ended by itself; the message holds its last lines."""


def program(name: str) -> str:
    """Return the path of a program that stands beside this interpreter."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise ChildError(f"{name} is not installed beside {sys.executable}; run scripts/demo")
    return str(path)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that were free a moment ago, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Child:
    """One process in a session of its own, so that a Ctrl-C reaches only the demo."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._command = tuple(command)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait for the line `ready`. Raises ChildError with what it said last."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONSAFEPATH": "1"},
            )
        try:
            async with asyncio.timeout(READY_S):
                await self._until_ready()
        except TimeoutError:
            raise ChildError(f"{self.name} was not ready in {READY_S:.0f} s{self.tail()}") from None

    async def start_listening(self, port: int) -> None:
        """Start a program of others, which is ready when its port answers."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                while self._process.returncode is None:
                    if await _answers(port):
                        return
                    await asyncio.sleep(0.05)
        raise ChildError(f"{self.name} did not start{self.tail()}")

    async def wait(self) -> int:
        """Wait for its end, for ever."""
        assert self._process is not None, "started first"
        return await self._process.wait()

    async def kill(self) -> None:
        """Pull its plug: SIGKILL to it and to what it started."""
        assert self._process is not None, "started first"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """End it in order, by force after a while; harmless twice."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            # not Process.terminate(): it polls first and may take the exit code from its watcher
            os.kill(self._process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield what it writes to stdout after `ready`, to its end."""
        assert self._process is not None, "started first"
        assert self._process.stdout is not None, "piped"
        async for line in self._process.stdout:
            yield line

    def tail(self) -> str:
        """Return the last lines of its log, for a person who must mend it."""
        text = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "".join(f"\n  {line[:300]}" for line in text[-TAIL_LINES:])

    async def _until_ready(self) -> None:
        assert self._process is not None, "started first"
        assert self._process.stdout is not None, "piped"
        while line := await self._process.stdout.readline():
            if line.strip() == b"ready":
                return
        code = await self._process.wait()
        raise ChildError(f"{self.name} ended with {code} at its start{self.tail()}")


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return True
