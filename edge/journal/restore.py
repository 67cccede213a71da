"""Events that are damaged or gone here, put back byte for byte from where they were sent or sealed.

A body is taken only where the chain proves it: the digest that is stored for it, or the event
behind it, or, for a lost end, the event before it names its digest. Nothing else is believed.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.events import GENESIS
from edge.journal.carve import whole
from edge.journal.proof import Row, envelope_of, is_genuine
from edge.journal.rows import JournalError
from edge.journal.schema import broken, open_writer

PAGES_MAX: Final = 2**30
_COLUMNS: Final = (
    "seq, id, CAST(kind AS BLOB), parcel, unit, CAST(input AS BLOB), recorded_ms, body, digest"
)


class RestoreError(JournalError):
    """What was given to restore from cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"journal: restore: {path}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Sequences that are whole again, and how many bodies were offered."""

    seqs: tuple[int, ...]
    offered: int


def restore(path: Path, bodies: Iterable[bytes]) -> Restored:
    """Put back what the chain proves; the lock is held. Raises JournalBrokenError.

    The chain is followed from behind first, so that a whole run of lost events comes back.
    """
    try:
        with closing(open_writer(path, pages_max=PAGES_MAX)) as connection:
            return _restored(connection, bodies)
    except sqlite3.Error as error:
        raise broken("restore", error) from error


def bodies_in(path: Path) -> Iterable[bytes]:
    """Yield the events of a file: a batch as JSON list, or one event a line. Raises RestoreError.

    The canonical form is made anew: an event has one.
    """
    try:
        text = path.read_text(encoding="utf-8")
        is_list = text.lstrip().startswith("[")
        found = json.loads(text) if is_list else [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError) as error:
        raise RestoreError(str(path), str(error)) from error
    for event in found:
        yield json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _restored(connection: sqlite3.Connection, bodies: Iterable[bytes]) -> Restored:
    wanted: dict[int, Row] = {}
    offered = 0
    for body in bodies:
        offered += 1
        row = whole(body, hashlib.sha256(body).digest())
        if row is not None and not _is_here(connection, row.seq):
            wanted[row.seq] = row
    done: set[int] = set()
    connection.execute("BEGIN IMMEDIATE")
    for seq in sorted(wanted, reverse=True):
        if _is_proven(connection, wanted[seq]):
            _put(connection, wanted[seq])
            done.add(seq)
    for seq in sorted(wanted.keys() - done):
        if _follows(connection, wanted[seq]):
            _put(connection, wanted[seq])
            done.add(seq)
    connection.execute("COMMIT")
    return Restored(seqs=tuple(sorted(done)), offered=offered)


def _is_here(connection: sqlite3.Connection, seq: int) -> bool:
    row = _row(connection, seq)
    return row is not None and is_genuine(row)


def _is_proven(connection: sqlite3.Connection, row: Row) -> bool:
    """Return whether what is stored here, or the event behind it, names this body's digest."""
    stored, behind = _row(connection, row.seq), _row(connection, row.seq + 1)
    if stored is not None and stored.digest == row.digest:
        return True
    named = _envelope(behind).get("prevhash") if behind is not None and is_genuine(behind) else ""
    return bool(named == row.digest.hex())


def _follows(connection: sqlite3.Connection, row: Row) -> bool:
    """Return whether it goes on where the same source ended here, with nothing of it behind."""
    before, behind = _row(connection, row.seq - 1), _row(connection, row.seq + 1)
    if before is None or not is_genuine(before) or _row(connection, row.seq) is not None:
        return False
    if behind is not None and _envelope(behind).get("prevhash") != GENESIS:
        return False
    told = _envelope(row)
    is_next = told.get("prevhash") == before.digest.hex()
    return is_next and told.get("source") == _envelope(before).get("source")


def _put(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute("DELETE FROM event WHERE seq = ? OR id = ?", (row.seq, row.id))
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.seq,
            row.id,
            row.kind.decode("utf-8"),
            row.parcel,
            row.unit,
            None if row.input is None else row.input.decode("utf-8"),
            row.recorded_ms,
            row.body,
            row.digest,
        ),
    )
    connection.execute("DELETE FROM parked WHERE seq = ?", (row.seq,))


def _row(connection: sqlite3.Connection, seq: int) -> Row | None:
    """Return a row; what cannot be read stays as it is."""
    query = f"SELECT {_COLUMNS} FROM event WHERE seq = ?"  # noqa: S608 - own names
    found = connection.execute(query, (seq,)).fetchone()
    return None if found is None else Row(*found)


def _envelope(row: Row) -> dict[str, Any]:
    return envelope_of(row.body) or {}
