"""The client's side of the control socket: one JSON line out, one JSON line back."""

import json
import socket
from pathlib import Path
from typing import Any, Final

REPLY_BYTES_MAX: Final = 32 * 1024 * 1024
TIMEOUT_S: Final = 15.0
SOCKET: Final = "sim.sock"


class SimRefusedError(Exception):
    """The simulated world said no; the message is its reason."""


def ask(run: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the world of a run directory. Raises SimRefusedError, OSError, ValueError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(str(run / SOCKET))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline(REPLY_BYTES_MAX)
    return unpacked(line)


def unpacked(line: bytes) -> dict[str, Any]:
    """Read one reply. Raises SimRefusedError, ValueError."""
    if not line.endswith(b"\n"):
        raise SimRefusedError("the simulated world hung up")
    reply: dict[str, Any] = json.loads(line)
    if not reply.get("ok", False):
        raise SimRefusedError(str(reply.get("error", "refused")))
    return reply
