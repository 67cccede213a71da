"""Payload of a read code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a scan turned out to be: parcel, unit, item, tray, place, badge, command or none."""

    what: str
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRead:
    """A code was read, and believed or refused.

    `repeats` = readings of the code before this one that became no events of their own.
    """

    KIND: ClassVar[str] = "scan.read"
    SCHEMA: ClassVar[int] = 1
    device: str
    via: str
    raw_b64: str
    symbology: str
    text: str
    match: Match
    gs: str = "na"
    aim: str | None = None
    ai: Mapping[str, str] = field(default_factory=dict)
    reject: str | None = None
    fault: str | None = None
    length: int | None = None
    sha256: str | None = None
    votes: int | None = None
    repeats: int | None = None
