"""What may be purged: events that everybody who must have them has, and that nobody here needs.

Runs on the writer's connection when nobody waits; a step is one short transaction. What came in
force (`config.activated`) is kept beyond the purge: every start asks for it. So are the names of
pieces, much longer: one that comes back a second time is an alarm, no number is given twice.
"""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.journal.rows import id_text
from edge.settings.model import JournalSettings

STEP_EVENTS: Final = 1000
NEWEST_KEPT: Final = 1000  # what a start proves is always there
DAY_MS: Final = 86_400_000
_NO_PHOTO_DUE: Final = "('uploaded', 'purged', 'lost', 'erased')"
STEP_PHOTOS: Final = 50
SEGMENTS: Final = "segments"
_SEGMENT: Final = re.compile(r"[0-9]+-([0-9]+)-[0-9a-f]{8}\.parquet")

# Each gives the highest sequence that it lets go, or nothing if it holds nothing back.
_HOLDS: Final = (
    "SELECT min(cursor_seq) FROM target WHERE durable = 1 AND retired_ms IS NULL",
    "SELECT min(seq) - 1 FROM dead WHERE state = 'dead'",
    "SELECT min(next_seq) - 1 FROM replay",
    "SELECT min(first_seq) - 1 FROM live",
    "SELECT min(seq) - 1 FROM intent WHERE state <> 'closed'",
)
_DURABLE: Final = "SELECT count(*) FROM target WHERE durable = 1"
_PHOTOS: Final = f"SELECT min(seq) - 1 FROM photo WHERE state NOT IN {_NO_PHOTO_DUE}"  # noqa: S608
_UNITS: Final = (
    "SELECT seq - 1 FROM event WHERE kind = 'verdict.made' ORDER BY seq DESC LIMIT 1 OFFSET ?"
)
_OLD_PHOTOS: Final = (
    "SELECT p.sha256, p.bytes, e.unit, e.parcel FROM photo p LEFT JOIN event e ON e.seq = p.seq"
    " WHERE p.state = 'uploaded' AND p.seq <= ? ORDER BY p.seq LIMIT ?"
)
_DROPS: Final = (
    "DELETE FROM event WHERE seq BETWEEN ? AND ? AND kind <> 'config.activated'",
    "DELETE FROM outbox WHERE seq BETWEEN ? AND ?",
    "DELETE FROM dead WHERE seq BETWEEN ? AND ?",
    "DELETE FROM code WHERE seq BETWEEN ? AND ? AND subject NOT GLOB 'unit/*'",
    "DELETE FROM intent WHERE state = 'closed' AND seq BETWEEN ? AND ?",
    "DELETE FROM parked WHERE seq BETWEEN ? AND ?",
)
_OLD_PIECES: Final = (
    "DELETE FROM code WHERE subject < ? AND (code, subject) IN"
    " (SELECT code, subject FROM code WHERE seq <= ? ORDER BY seq LIMIT ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long events stay: days, units (by their verdicts), photographs until they are sent.

    `photo_days` = how long the file of an uploaded photograph stays, `piece_days` = how long a
    piece is known by its serial number, mark or label. `segments` = the folder of sealed segments,
    where they are made: what is in none stays.
    """

    days: int
    units: int
    has_photo_target: bool
    photo_days: int = 14
    piece_days: int = 730
    segments: Path | None = None

    @classmethod
    def of(cls, budget: JournalSettings, folder: Path, *, has_photo_target: bool) -> "Keep":
        """Return what the configuration says; `folder` = where the journal lies."""
        return cls(
            days=budget.keep_days,
            units=budget.keep_units,
            has_photo_target=has_photo_target,
            photo_days=budget.photo_keep_days,
            piece_days=budget.piece_keep_days,
            segments=folder / SEGMENTS if budget.segments else None,
        )


def purgeable(connection: sqlite3.Connection, keep: Keep, now_ms: int) -> int:
    """Return the highest sequence that may go. `now_ms` = the later of wall clock and newest event.

    Where no durable target was ever configured the journal is the only copy: nothing may go.
    """
    if not _number(connection, _DURABLE):
        return 0
    (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    limits = [newest - NEWEST_KEPT, _older_than(connection, now_ms - keep.days * DAY_MS)]
    limits.append(_number(connection, _UNITS, keep.units) or 0)
    holds = (*_HOLDS, _PHOTOS) if keep.has_photo_target else _HOLDS
    if keep.segments is not None:
        limits.append(sealed_seq(keep.segments))
    limits += [held for query in holds if (held := _number(connection, query)) is not None]
    return int(max(0, min(limits)))


def purge_step(connection: sqlite3.Connection, purged_seq: int, upto: int) -> int:
    """Delete at most a step of events behind `purged_seq`; return the sequence that is newly it.

    Its digest is kept: the chain of what stays is proven from there.
    """
    row = connection.execute(
        "SELECT seq, digest FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT 1",
        (min(upto, purged_seq + STEP_EVENTS), upto),
    ).fetchone()
    if row is None:  # a gap that a salvage has left: it goes with the event behind it
        return purged_seq
    last, digest = int(row[0]), row[1].hex()
    connection.execute("BEGIN IMMEDIATE")
    for query in _DROPS:
        connection.execute(query, (purged_seq + 1, last))
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [("purged_seq", last), ("purged_digest", digest)],
    )
    connection.execute("COMMIT")
    return last


def purge_pieces(connection: sqlite3.Connection, keep: Keep, upto: int, now_ms: int) -> bool:
    """Forget a step of the oldest pieces without events; return whether any was forgotten.

    `upto` = the sequence up to which events are purged. A unit's id tells when it was opened.
    """
    head = f"{max(0, now_ms - keep.piece_days * DAY_MS):012x}"
    oldest = f"unit/{head[:8]}-{head[8:]}"
    return connection.execute(_OLD_PIECES, (oldest, upto, STEP_EVENTS)).rowcount > 0


def sealed_seq(folder: Path) -> int:
    """Return the highest sequence that a sealed segment holds, by the names of their files."""
    names = (_SEGMENT.fullmatch(path.name) for path in folder.glob("station=*/day=*/*.parquet"))
    return max((int(name[1]) for name in names if name is not None), default=0)


def purge_photos(
    connection: sqlite3.Connection, keep: Keep, now_ms: int
) -> tuple[tuple[str, int], ...]:
    """Note a step of uploaded photographs as purged; return digests and sizes of their files.

    One of a unit or parcel that is still open stays. A crash before the files are deleted leaves
    them to the next start. Runs as one transaction.
    """
    if not keep.has_photo_target:
        return ()
    newest = _older_than(connection, now_ms - keep.photo_days * DAY_MS)
    rows = connection.execute(_OLD_PHOTOS, (newest, STEP_PHOTOS)).fetchall()
    done = [(key, size) for key, size, *ids in rows if not _is_open(connection, *ids)]
    if done:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE photo SET state = 'purged' WHERE sha256 = ?", [(key,) for key, _ in done]
        )
        connection.execute("COMMIT")
    return tuple((key.hex(), size) for key, size in done)


def _is_open(connection: sqlite3.Connection, unit: bytes | None, parcel: bytes | None) -> bool:
    named = (("unit", unit), ("parcel", parcel))
    subjects = [f"{word}/{id_text(key)}" for word, key in named if key is not None]
    return any(
        connection.execute("SELECT 1 FROM live WHERE subject = ?", (subject,)).fetchone()
        for subject in subjects
    )


def _older_than(connection: sqlite3.Connection, time_ms: int) -> int:
    """Return the newest sequence recorded before a time; recorded times never fall."""
    low, high = connection.execute("SELECT min(seq), max(seq) FROM event").fetchone()
    if low is None:
        return 0
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        (recorded,) = connection.execute(
            "SELECT recorded_ms FROM event WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        low, high = (middle, high) if recorded < time_ms else (low, middle - 1)
    return int(low)


def _number(connection: sqlite3.Connection, query: str, *values: int) -> int | None:
    row = connection.execute(query, values).fetchone()
    return None if row is None or row[0] is None else int(row[0])
