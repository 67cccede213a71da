"""Passed self-tests of scanners as files: `DATA/inbox/devices/<device>.json`, renamed into place.

Kept as `DATA/devices/<device>.json`, then journalled as `device.proven`. What names no configured
scanner is refused.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from edge.events import DeviceProven
from edge.inbox import Drop, DropRefusedError, Inbox, hand_in, object_of, read_bounded
from edge.records import from_json, to_json

POLL_S: Final = 2.0
PROOF_BYTES_MAX: Final = 4096
INBOX: Final = Path("inbox", "devices")
KEPT: Final = "devices"

log = logging.getLogger("proofs")

Commit = Callable[[DeviceProven, str], Awaitable[bool]]


def drop_proof(data: Path, proof: DeviceProven) -> Path:
    """Lay a proof into the inbox, whole or not at all; return its path. Raises OSError."""
    return _kept(data / INBOX, proof)


def read_proof(path: Path) -> DeviceProven:
    """Return the proof in a file. Raises OSError, ValueError for anything else."""
    return _proof(read_bounded(path, PROOF_BYTES_MAX))


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
        self.inbox = Inbox(
            data / INBOX,
            self._follow,
            what="proofs",
            bytes_max=PROOF_BYTES_MAX,
            poll_s=POLL_S,
            keeps_done=False,
        )
        self._data = data
        self._devices = devices
        self._commit = commit

    async def _follow(self, drop: Drop) -> bool:
        proof = _proof(drop.body)
        if proof.device not in self._devices or drop.name != _file_of(proof):
            raise DropRefusedError(f"no scanner {proof.device!r} is configured under this name")
        # Kept before it is journalled: after a crash between the two the state has it all the same.
        _kept(self._data / KEPT, proof)
        return await self._commit(proof, f"{INBOX}/{drop.name}/{drop.inode}/{drop.changed_ns}")


def _proof(body: bytes) -> DeviceProven:
    try:
        return from_json(DeviceProven, object_of(body))
    except (ValueError, TypeError) as error:
        raise DropRefusedError(f"no proof: {error}") from error


def _file_of(proof: DeviceProven) -> str:
    return f"{proof.device}.json"


def _kept(folder: Path, proof: DeviceProven) -> Path:
    return hand_in(folder, _file_of(proof), json.dumps(to_json(proof)).encode())
