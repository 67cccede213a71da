"""The client's side of the control socket: one JSON line out, one JSON line back."""

import asyncio
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LINE_BYTES_MAX: Final = 32 * 1024 * 1024
TIMEOUT_S: Final = 15.0
SOCKET: Final = "sim.sock"


class SimRefusedError(Exception):
    """The simulated world said no; the message is its reason."""


def ask(run: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the world of a run directory. Raises SimRefusedError, OSError, ValueError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(str(run / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise SimRefusedError(f"no simulated world runs in {run}") from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline(LINE_BYTES_MAX)
    return unpacked(line)


def unpacked(line: bytes) -> dict[str, Any]:
    """Read one reply. Raises SimRefusedError, ValueError."""
    if not line.endswith(b"\n"):
        raise SimRefusedError("the simulated world hung up")
    reply: dict[str, Any] = json.loads(line)
    if not reply.get("ok", False):
        raise SimRefusedError(str(reply.get("error", "refused")))
    return reply


@dataclass(frozen=True, slots=True)
class World:
    """The world of a run directory, asked from a running event loop."""

    run: Path

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask one thing. Raises SimRefusedError, OSError, ValueError, TimeoutError."""
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(
                str(self.run / SOCKET), limit=LINE_BYTES_MAX
            )
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                return unpacked(await reader.readline())
            finally:
                writer.close()
                await writer.wait_closed()
