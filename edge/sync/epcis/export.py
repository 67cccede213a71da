"""The journal as EPCIS documents in files, for whoever has no capture interface; hashes beside.

A hash is never inside its event: it would change it.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.events import parse_utc
from edge.journal.outbox import LIVE_MARK, OutboxRow
from edge.journal.proof import envelope_of
from edge.journal.reader import Reader
from edge.journal.rows import JournalDamagedError
from edge.sync.epcis.document import framed
from edge.sync.epcis.event_hash import event_hash
from edge.sync.epcis.history import History, Load
from edge.sync.epcis.mapping import PREFIX
from edge.sync.epcis.names import Names

EVENTS_MAX: Final = 2000  # of the journal, a document
EVERYTHING: Final = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Sequences from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote; `problems` = sequences that cannot be mapped, with the reason."""

    documents: tuple[Path, ...]
    events: int
    problems: tuple[tuple[int, str], ...]


def export(journal: Path, out: Path, names: Names, wanted: Range, *, with_hashes: bool) -> Exported:
    """Write the documents of a range. Raises JournalDamagedError for an altered event, OSError."""
    out.mkdir(parents=True, exist_ok=True)
    documents: list[Path] = []
    problems: list[tuple[int, str]] = []
    count = 0
    for loads in _parts(journal, names, wanted):
        problems += [(one.row.seq, one.problem) for one in loads if one.problem]
        told = [one for one in loads if one.bodies]
        if not told:
            continue
        path = out / f"epcis-{told[0].row.seq}-{told[-1].row.seq}.json"
        bodies = [body for one in told for body in one.bodies]
        _write(path, framed(bodies, names, told[-1].row.recorded_ms))
        if with_hashes:
            _write_hashes(path.with_suffix(".hashes.csv"), told, names)
        documents.append(path)
        count += len(bodies)
    return Exported(documents=tuple(documents), events=count, problems=tuple(problems))


def _parts(journal: Path, names: Names, wanted: Range) -> Iterator[list[Load]]:
    history = History(journal, names, EVERYTHING)
    try:
        with Reader(journal) as reader:
            part: list[Load] = []
            for row in _proven(reader, wanted):
                part.append(history.load(row))
                if len(part) == EVENTS_MAX:
                    yield part
                    part = []
            yield part
    finally:
        history.close()


def _proven(reader: Reader, wanted: Range) -> Iterator[OutboxRow]:
    """Yield the live events of a range; training goes nowhere."""
    for seq, body, digest in reader.bodies(wanted.first):
        if seq > wanted.last:
            return
        if hashlib.sha256(body).digest() != digest:
            raise JournalDamagedError("export", f"event {seq} is altered")
        if LIVE_MARK in body:
            yield _row(seq, body, digest)


def _row(seq: int, body: bytes, digest: bytes) -> OutboxRow:
    envelope = envelope_of(body) or {}
    return OutboxRow(
        seq=seq,
        n=0,
        id=str(envelope["id"]),
        body=body,
        digest=digest,
        recorded_ms=parse_utc(envelope["recordedtime"]),
    )


def _write_hashes(path: Path, loads: list[Load], names: Names) -> None:
    prefixes = {PREFIX: names.vocabulary}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("sequence", "eventID", "hash"))
    for load in loads:
        for step in load.steps:
            table.writerow((load.row.seq, step["eventID"], event_hash(step, prefixes)))
    _write(path, text.getvalue().encode("utf-8"))


def _write(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
