"""What is owed to each target: outbox rows, delivery numbers, cursor, dead letters.

The filter is evaluated when an event is appended, so a later change of it rewrites nothing.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from edge.journal.rows import id_text
from edge.journal.schema import open_reader
from edge.settings.model import TargetSettings

# A glob reaches these families only by naming them: else a dying target feeds itself.
QUIET_FAMILIES: Final = frozenset(("sync", "device", "station", "scan"))
DROP_MAX: Final = 2000  # acknowledged outbox rows deleted in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event a target refused for good; kept, shown, replayable."""

    seq: int
    n: int
    code: str
    reason: str
    attempts: int
    first_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureJob:
    """Work at the target that was asked for and has not ended: all up to `to_seq` is part of it."""

    url: str
    to_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """All up to `cursor_seq` is stored at the target or stands in `dead`; `job` runs there now."""

    target: str
    cursor_seq: int
    dead: tuple[DeadLetter, ...] = ()
    job: CaptureJob | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One event on its way: its bytes, its digest, its delivery number at this target."""

    seq: int
    n: int
    id: str
    body: bytes
    digest: bytes
    recorded_ms: int


@dataclass(slots=True, kw_only=True)
class TargetBook:
    """The account of one target; written by the journal's thread alone."""

    id: int
    name: str
    globs: tuple[str, ...]
    next_n: int
    cursor_seq: int
    dead: int = 0


def is_wanted(kind: str, globs: Iterable[str]) -> bool:
    """Return whether one of the globs takes an event of this kind."""
    family = kind.partition(".")[0]
    named = (glob for glob in globs if glob.partition(".")[0] == family)
    chosen = named if family in QUIET_FAMILIES else globs
    return any(fnmatchcase(kind, glob) for glob in chosen)


def open_books(
    connection: sqlite3.Connection, targets: tuple[TargetSettings, ...], last_seq: int
) -> tuple[TargetBook, ...]:
    """Return the targets' accounts; a new target starts at now. Runs inside a transaction."""
    for target in targets:
        connection.execute(
            "INSERT INTO target (name, durable, state, next_n, cursor_seq) VALUES (?, ?, 'idle', 1,"
            " ?) ON CONFLICT (name) DO UPDATE SET durable = excluded.durable",
            (target.name, int(target.durable), last_seq),
        )
    return tuple(_open_book(connection, target) for target in targets)


def apply_ack(connection: sqlite3.Connection, book: TargetBook, ack: Ack) -> None:
    """Move the cursor and keep the dead letters, in the caller's transaction."""
    for letter in ack.dead:
        connection.execute(
            "INSERT INTO dead (target, seq, n, code, reason, attempts, first_ms, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'dead') ON CONFLICT DO NOTHING",
            (
                book.id,
                letter.seq,
                letter.n,
                letter.code,
                letter.reason,
                letter.attempts,
                letter.first_ms,
            ),
        )
    job = (ack.job.url, ack.job.to_seq) if ack.job is not None else (None, None)
    connection.execute(
        "UPDATE target SET cursor_seq = max(cursor_seq, ?), job_url = ?, job_to = ? WHERE id = ?",
        (ack.cursor_seq, *job, book.id),
    )


def drop_delivered(connection: sqlite3.Connection) -> None:
    """Delete outbox rows that no target waits for, a bounded range at a time."""
    connection.execute(
        "DELETE FROM outbox WHERE seq <= (SELECT min(cursor_seq) FROM target"
        " WHERE retired_ms IS NULL) AND seq < (SELECT min(seq) FROM outbox) + ?",
        (DROP_MAX,),
    )


class Outbox:
    """Reads what one target has not got yet; short snapshots, never a write."""

    def __init__(self, path: Path, target: str) -> None:
        self._connection = open_reader(path)
        row = self._connection.execute(
            "SELECT id, cursor_seq, job_url, job_to FROM target WHERE name = ?", (target,)
        ).fetchone()
        self._target: int = row[0]
        self.cursor_seq: int = row[1]
        self.job = CaptureJob(url=row[2], to_seq=row[3]) if row[2] is not None else None

    def close(self) -> None:
        """Close the connection; harmless twice."""
        self._connection.close()

    def read(self, after_seq: int, limit: int) -> tuple[OutboxRow, ...]:
        """Return at most `limit` events behind `after_seq`, in order."""
        rows = self._connection.execute(
            "SELECT o.seq, o.n, e.id, e.body, e.digest, e.recorded_ms FROM outbox o"
            " JOIN event e ON e.seq = o.seq WHERE o.seq > ? AND o.target = ?"
            " ORDER BY o.seq LIMIT ?",
            (after_seq, self._target, limit),
        ).fetchall()
        return tuple(
            OutboxRow(seq=seq, n=n, id=id_text(key), body=body, digest=digest, recorded_ms=at)
            for seq, n, key, body, digest, at in rows
        )


def _open_book(connection: sqlite3.Connection, target: TargetSettings) -> TargetBook:
    key, next_n, cursor = connection.execute(
        "SELECT id, next_n, cursor_seq FROM target WHERE name = ?", (target.name,)
    ).fetchone()
    (dead,) = connection.execute(
        "SELECT count(*) FROM dead WHERE target = ? AND state = 'dead'", (key,)
    ).fetchone()
    return TargetBook(
        id=key,
        name=target.name,
        globs=target.events,
        next_n=next_n,
        cursor_seq=cursor,
        dead=dead,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAccount:
    """What a target has not got, as the file says; `oldest_ms` = recorded time of the oldest."""

    name: str
    cursor_seq: int
    pending: int
    oldest_ms: int | None
    dead: int


def accounts(path: Path) -> tuple[TargetAccount, ...]:
    """Return the account of every target that ever was configured, by name. Never writes."""
    with closing(open_reader(path)) as connection:
        rows = connection.execute(
            "SELECT t.name, t.cursor_seq, t.next_n,"
            " (SELECT min(seq) FROM outbox o WHERE o.target = t.id AND o.seq > t.cursor_seq),"
            " (SELECT count(*) FROM dead d WHERE d.target = t.id AND d.state = 'dead'), t.id"
            " FROM target t ORDER BY t.name"
        ).fetchall()
        return tuple(_account(connection, row) for row in rows)


def dead_letters(path: Path) -> tuple[tuple[str, DeadLetter], ...]:
    """Return the open dead letters with their targets, in order of sequence. Never writes."""
    with closing(open_reader(path)) as connection:
        rows = connection.execute(
            "SELECT t.name, d.seq, d.n, d.code, d.reason, d.attempts, d.first_ms FROM dead d"
            " JOIN target t ON t.id = d.target WHERE d.state = 'dead' ORDER BY d.seq, t.name"
        ).fetchall()
    return tuple(
        (
            name,
            DeadLetter(seq=seq, n=n, code=code, reason=reason, attempts=tries, first_ms=first_ms),
        )
        for name, seq, n, code, reason, tries, first_ms in rows
    )


def _account(connection: sqlite3.Connection, row: tuple[Any, ...]) -> TargetAccount:
    name, cursor_seq, next_n, oldest, dead, key = row
    pending, oldest_ms = 0, None
    if oldest is not None:
        n, oldest_ms = connection.execute(
            "SELECT o.n, e.recorded_ms FROM outbox o JOIN event e ON e.seq = o.seq"
            " WHERE o.seq = ? AND o.target = ?",
            (oldest, key),
        ).fetchone()
        pending = next_n - n
    return TargetAccount(
        name=name, cursor_seq=cursor_seq, pending=pending, oldest_ms=oldest_ms, dead=dead
    )
