"""The header of every outgoing message (VDA 5050 2.1 §6.4); the body's bytes stay as they are."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

HEADER_ID_EPOCH_S: Final = 1_600_000_000
HEADER_IDS: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What stays the same in all headers to one robot."""

    version: str
    manufacturer: str
    serial: str


def first_header_id(wall_ms: int) -> int:
    """Return where counting starts, so that ids never go back over a restart."""
    return max(0, wall_ms // 1000 - HEADER_ID_EPOCH_S) % HEADER_IDS


def timestamp(wall_ms: int) -> str:
    """Return UTC with milliseconds, `2026-11-24T10:03:00.124Z`."""
    moment = datetime.fromtimestamp(wall_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{wall_ms % 1000:03d}Z"


def stamped(body: bytes, sender: Sender, header_id: int, wall_ms: int) -> bytes:
    """Return the message: header keys, then the body's own bytes unchanged.

    `body` is a JSON object with at least one key, as build_order and instant_action make it.
    """
    header = json.dumps(
        {
            "headerId": header_id % HEADER_IDS,
            "timestamp": timestamp(wall_ms),
            "version": sender.version,
            "manufacturer": sender.manufacturer,
            "serialNumber": sender.serial,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return header[:-1].encode() + b"," + body[1:]
