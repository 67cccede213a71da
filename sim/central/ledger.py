"""What the platform stored: each event once, its chain proved from the bytes that arrived."""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GENESIS: Final = "0" * 64
NEWEST_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is kept of one event for the chain."""

    id: str
    digest: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of the platform's page."""

    sequence: int
    kind: str
    subject: str
    time: str
    text: str


@dataclass(slots=True, kw_only=True)
class UnitSeen:
    """What the events said about one unit."""

    unit: str
    parcel: str = ""
    gtin: str = ""
    line: str = ""
    match: str = ""
    verdict: str = ""
    zone: str = ""
    how: str = ""
    row: str = ""
    puts: int = 0


@dataclass(slots=True, kw_only=True)
class MoveSeen:
    """A planned move and where it stands, by the station's own words."""

    move: str
    tray: str
    legs: int
    tokens: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Ledger:
    """Everything received, by source and sequence."""

    sources: dict[str, dict[int, Stored]] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    units: dict[str, UnitSeen] = field(default_factory=dict)
    parcels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    moves: dict[str, MoveSeen] = field(default_factory=dict)
    newest: deque[Shown] = field(default_factory=lambda: deque(maxlen=NEWEST_MAX))
    repeats: int = 0
    duplicates: int = 0

    def take(self, raw: bytes) -> tuple[str, str]:
        """Store one event body; returns (id, `stored` or `duplicate`). Raises ValueError.

        A repeat is the same event again, harmless; a duplicate is one fact stored twice.
        """
        body = json.loads(raw)
        event_id, source = str(_member(body, "id")), str(_member(body, "source"))
        digest = hashlib.sha256(raw).hexdigest()
        known = self.ids.get((source, event_id))
        if known is not None:
            self.repeats += 1
            self.duplicates += known != digest
            return event_id, "duplicate"
        sequence = int(_member(body, "sequence"))
        chain = self.sources.setdefault(source, {})
        self.duplicates += sequence in chain
        chain.setdefault(
            sequence, Stored(id=event_id, digest=digest, previous=body.get("prevhash", ""))
        )
        self.ids[source, event_id] = digest
        self._learn(sequence, body)
        return event_id, "stored"

    def has(self, raw: bytes) -> bool:
        """Return whether an event is stored already."""
        body = json.loads(raw)
        return isinstance(body, dict) and (body.get("source"), body.get("id")) in self.ids

    def have(self, source: str) -> int:
        """Return the highest sequence stored of a source, 0 if none."""
        return max(self.sources.get(source, {}), default=0)

    @property
    def count(self) -> int:
        """Return the number of different events."""
        return len(self.ids)

    def gaps(self) -> list[tuple[str, int]]:
        """Return the first missing sequences (at most 20) below the highest of each source."""
        missing = [
            (source, sequence)
            for source, chain in self.sources.items()
            for sequence in range(min(chain), max(chain))
            if sequence not in chain
        ]
        return missing[:20]

    def is_chain_ok(self) -> bool:
        """Return whether every event names the digest of the one before it."""
        return self.duplicates == 0 and all(_is_linked(chain) for chain in self.sources.values())

    def _learn(self, sequence: int, body: Mapping[str, Any]) -> None:
        kind = _kind(str(body.get("type", "")))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        subject, data = str(body.get("subject", "")), body.get("data", {})
        self.newest.append(
            Shown(
                sequence=sequence,
                kind=kind,
                subject=subject,
                time=str(body.get("time", "")),
                text=_words(kind, data),
            )
        )
        self._follow(kind, subject, str(body.get("correlationid", "")), data)

    def _follow(self, kind: str, subject: str, parcel: str, data: Mapping[str, Any]) -> None:
        if kind == "parcel.arrived":
            self.parcels[parcel] = tuple(data.get("codes", ())) + tuple(data.get("rmas", ()))
        elif kind == "move.planned":
            move = MoveSeen(
                move=data["move"], tray=data.get("tray") or "", legs=len(data.get("legs", ()))
            )
            self.moves[move.move] = move
        elif data.get("move") in self.moves:
            _follow_move(self.moves[data["move"]], kind, data)
        if subject.startswith("unit/"):
            unit = self.units.setdefault(subject, UnitSeen(unit=subject, parcel=parcel))
            _follow_unit(unit, kind, data)


def split_batch(body: bytes) -> Iterator[bytes]:
    """Yield the exact bytes of every member of a JSON array. Raises ValueError."""
    text = body.decode("utf-8")
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise ValueError("an array is expected")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        _, end = decoder.raw_decode(text, at)
        yield text[at:end].encode("utf-8")
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise ValueError(f"a comma is expected at {at}")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _member(body: Any, name: str) -> Any:
    if not isinstance(body, dict) or name not in body:
        raise ValueError(f"{name} is missing")
    return body[name]


def _is_linked(chain: Mapping[int, Stored]) -> bool:
    return all(_follows(chain, sequence, stored) for sequence, stored in chain.items())


def _follows(chain: Mapping[int, Stored], sequence: int, stored: Stored) -> bool:
    if sequence == 1:
        return stored.previous == GENESIS
    before = chain.get(sequence - 1)
    return before is None or before.digest == stored.previous


def _kind(type_name: str) -> str:
    return type_name.removeprefix("receiving-edge.").rsplit(".v", 1)[0]


def _words(kind: str, data: Mapping[str, Any]) -> str:
    """The few fields a person looks for first."""
    names = ("zone", "disposition", "grade", "row", "tray", "robot", "lane", "step", "answer")
    found = [f"{name} {data[name]}" for name in names if data.get(name) not in (None, "")]
    return ", ".join(found) or kind


def _follow_unit(unit: UnitSeen, kind: str, data: Mapping[str, Any]) -> None:
    if kind == "unit.identified":
        unit.gtin, unit.match = data.get("gtin") or "", data.get("match") or ""
        unit.line = data.get("line") or ""
    elif kind == "verdict.made":
        unit.verdict, unit.row = data.get("zone") or "", data.get("row") or ""
    elif kind == "put.confirmed":
        unit.zone, unit.how = data.get("zone") or "", data.get("how") or ""
        unit.puts += 1


def _follow_move(move: MoveSeen, kind: str, data: Mapping[str, Any]) -> None:
    family, _, state = kind.partition(".")
    if "token" in data:
        move.tokens.add(int(data["token"]))
    is_over = state == "done" or (state == "resolved" and data.get("resolved_as") != "on_robot")
    if family in ("move", "diverter") and is_over:
        move.done.add(int(data.get("leg", 0)))
