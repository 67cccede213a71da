"""Has packs judged by a process of its own, so that no pack can hold up or end the service."""

import asyncio
import hashlib
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.feeds.judgement import GateAnswer, GateRequest
from edge.records import from_json, to_json
from zoning.model import GATE

STDERR_SHOWN: Final = 300


async def ask_gate(request: GateRequest) -> GateAnswer:
    """Return the answer; a process that was killed, crashed or took too long refuses."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "edge.feeds.gate_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    asked = json.dumps(to_json(request)).encode("utf-8")
    try:
        async with asyncio.timeout(request.limits.wall_s):
            answered, said = await process.communicate(asked)
    except TimeoutError:
        return _failed(f"took longer than {request.limits.wall_s:g} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return _failed(_ending(process.returncode or 0, said))
    try:
        return from_json(GateAnswer, json.loads(answered))
    except ValueError:
        return _failed("gave no answer")


def _failed(why: str) -> GateAnswer:
    return GateAnswer(ok=False, error=f"gate: {why}")


def _ending(code: int, said: bytes) -> str:
    if code == -signal.SIGXCPU:
        return "used up its CPU time"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    last = said.decode("utf-8", errors="replace").strip().rpartition("\n")[2]
    return f"ended with {code}: {last[:STDERR_SHOWN]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Which packs this station's gate has passed: so that a start need not prove again."""

    folder: Path
    cameras: tuple[str, ...] | None

    def has(self, sha256: str) -> bool:
        """Return whether this content passed this gate with these cameras."""
        return self._path(sha256).is_file()

    def add(self, sha256: str) -> None:
        """Note that it passed. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path(sha256).write_text(json.dumps({"gate": GATE, "cameras": self.cameras}))

    def _path(self, sha256: str) -> Path:
        told = json.dumps([GATE, self.cameras]).encode("utf-8")
        return self.folder / f"{sha256}.{hashlib.sha256(told).hexdigest()[:16]}.json"
