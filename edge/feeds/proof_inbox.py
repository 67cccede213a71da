"""Passed self-tests of scanners as files: `DATA/inbox/devices/<device>.json`, renamed into place.

Kept as `DATA/devices/<device>.json`, then journalled as `device.proven`. What cannot be read or
names no configured scanner is laid aside in `bad/` beside its reason.
"""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from edge.events import DeviceProven
from edge.records import from_json, to_json

POLL_S: Final = 2.0
PROOF_BYTES_MAX: Final = 4096
INBOX: Final = Path("inbox", "devices")
KEPT: Final = "devices"

log = logging.getLogger("proofs")

Commit = Callable[[DeviceProven, str], Awaitable[bool]]


def drop_proof(data: Path, proof: DeviceProven) -> Path:
    """Lay a proof into the inbox, whole or not at all; return its path. Raises OSError."""
    return _written(data / INBOX / f"{proof.device}.json", proof)


def read_proof(path: Path) -> DeviceProven:
    """Return the proof in a file. Raises OSError, ValueError for anything else."""
    with path.open("rb") as file:
        text = file.read(PROOF_BYTES_MAX + 1)
    if len(text) > PROOF_BYTES_MAX:
        raise ValueError(f"longer than {PROOF_BYTES_MAX} bytes")
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("no JSON object")
    return from_json(DeviceProven, fields)


def kept_proofs(data: Path, devices: Iterable[str]) -> Mapping[str, DeviceProven]:
    """Return the newest proof of each device that has one; an unreadable one is none."""
    found = {}
    for name in devices:
        try:
            found[name] = read_proof(data / KEPT / f"{name}.json")
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            log.warning("proofs: %s: %s", name, error)
    return found


class ProofInbox:
    """Takes proofs from the inbox and has them journalled."""

    def __init__(self, data: Path, *, devices: frozenset[str], commit: Commit) -> None:
        self._data = data
        self._inbox = data / INBOX
        self._devices = devices
        self._commit = commit

    async def run(self) -> None:
        """Take what is dropped, for ever."""
        while True:
            try:
                await self.take_all()
            except OSError as error:
                log.warning("proofs: folder: %s", error)
            await asyncio.sleep(POLL_S)

    async def take_all(self) -> None:
        """Take what lies there. Raises OSError."""
        self._inbox.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._inbox.glob("*.json")):
            await self._take(path)

    async def _take(self, path: Path) -> None:
        try:
            proof = self._checked(path)
        except ValueError as error:
            self._lay_aside(path, str(error))
            return
        # Kept before it is journalled: after a crash between the two the state has it all the same.
        _written(self._data / KEPT / path.name, proof)
        if await self._commit(proof, _drop_of(path)):
            path.unlink()  # noqa: ASYNC240 - as every file of an inbox: short, and on this disk

    def _checked(self, path: Path) -> DeviceProven:
        proof = read_proof(path)
        if proof.device not in self._devices or path.stem != proof.device:
            raise ValueError(f"no scanner {proof.device!r} is configured under this name")
        return proof

    def _lay_aside(self, path: Path, reason: str) -> None:
        log.error("proofs: %s refused: %s", path.name, reason)
        bad = self._inbox / "bad"
        bad.mkdir(exist_ok=True)
        (bad / f"{path.name}.err").write_text(f"{reason}\n", encoding="utf-8")
        path.replace(bad / path.name)


def _drop_of(path: Path) -> str:
    """Return what tells this drop from every other of the same name."""
    found = path.stat()
    return f"{INBOX}/{path.name}/{found.st_ino}/{found.st_mtime_ns}"


def _written(path: Path, proof: DeviceProven) -> Path:
    """Write a file that is there whole after any crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    with half.open("w", encoding="utf-8") as file:
        json.dump(to_json(proof), file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return path
