"""Tables, numbered migrations and connections of the journal.

A connection whose settings do not read back as set is refused: `synchronous` is kept nowhere.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from edge.journal.rows import JournalBrokenError, JournalDamagedError

PAGE_BYTES: Final = 4096
PREGROW_BYTES: Final = 4 * 1024 * 1024
READER_BUSY_MS: Final = 1000
_DAMAGED: Final = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT;
CREATE TABLE event (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,
  parcel BLOB, unit BLOB, input TEXT UNIQUE, recorded_ms INTEGER NOT NULL,
  body BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
CREATE INDEX event_unit ON event(unit, seq) WHERE unit IS NOT NULL;
CREATE INDEX event_parcel ON event(parcel, seq) WHERE parcel IS NOT NULL;
CREATE TABLE outbox (seq INTEGER, target INTEGER, n INTEGER NOT NULL,
  PRIMARY KEY (seq, target)) STRICT, WITHOUT ROWID;
CREATE TABLE target (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, durable INTEGER NOT NULL,
  state TEXT NOT NULL, next_n INTEGER NOT NULL, cursor_seq INTEGER NOT NULL, live_from INTEGER,
  live_seq INTEGER, job_url TEXT, job_to INTEGER, retired_ms INTEGER) STRICT;
CREATE TABLE dead (target INTEGER, seq INTEGER, n INTEGER NOT NULL, code TEXT NOT NULL,
  reason TEXT NOT NULL, attempts INTEGER NOT NULL, first_ms INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (target, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE intent (id BLOB PRIMARY KEY, kind TEXT NOT NULL, unit BLOB, resource TEXT,
  wire_key TEXT UNIQUE, state TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX intent_of_unit ON intent(unit) WHERE state <> 'closed' AND unit IS NOT NULL;
CREATE UNIQUE INDEX intent_of_resource ON intent(resource)
  WHERE state <> 'closed' AND resource IS NOT NULL;
CREATE TABLE live (subject TEXT PRIMARY KEY, first_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE photo (sha256 BLOB PRIMARY KEY, bytes INTEGER NOT NULL, state TEXT NOT NULL,
  seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE replay (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, next_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL, spec TEXT NOT NULL) STRICT;
CREATE TABLE code (code TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (code, subject)) STRICT, WITHOUT ROWID;
"""

_migrations: Final = Migrations("journal")


@_migrations(name="0001_journal")
def _journal(db: Database) -> None:
    for statement in _TABLES.split(";\n"):
        db.execute(statement)


@_migrations(name="0002_verdicts")
def _verdicts(db: Database) -> None:
    """Index the verdicts by sequence: rehearsals read them, one event in about ten, alone."""
    db.execute("CREATE INDEX event_verdict ON event(kind) WHERE kind = 'verdict.made'")


@_migrations(name="0003_activations")
def _activations(db: Database) -> None:
    """Index what came in force: every start asks for the policy pack that is."""
    db.execute("CREATE INDEX event_activated ON event(kind) WHERE kind = 'config.activated'")


@_migrations(name="0004_retention")
def _retention(db: Database) -> None:
    """Note damaged events; find by sequence what goes with purged ones."""
    db.execute(
        "CREATE TABLE parked (seq INTEGER PRIMARY KEY, what TEXT NOT NULL,"
        " found_ms INTEGER NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX code_seq ON code(seq)")
    db.execute("CREATE INDEX intent_closed ON intent(seq) WHERE state = 'closed'")


@_migrations(name="0005_photo_queue")
def _photo_queue(db: Database) -> None:
    """Find what waits for its upload without a look at what is uploaded."""
    db.execute("CREATE INDEX photo_kept ON photo(seq) WHERE state = 'kept'")
    db.execute("CREATE INDEX photo_refused ON photo(seq) WHERE state = 'refused'")


class Synchronous(StrEnum):
    """How SQLite flushes. A station's journal is FULL.

    NORMAL loses acknowledged events at a power cut: a control that tests of disks must see fail.
    """

    FULL = "FULL"
    NORMAL = "NORMAL"


def open_writer(
    path: Path, *, pages_max: int, synchronous: Synchronous = Synchronous.FULL
) -> sqlite3.Connection:
    """Return the one connection that writes, migrated, with every pragma set and read back.

    Raises JournalBrokenError when the file is no journal or a pragma does not hold.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        set_pragmas(connection, synchronous=synchronous)
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(f"PRAGMA max_page_count={pages_max}")
        _need(connection, "wal_autocheckpoint", 0)
        # migrations record themselves in the table of sqlite-utils, in the same transaction
        _migrations.apply(Database(connection))
    except sqlite3.Error as error:
        connection.close()
        raise broken(f"open {path.name}", error) from error
    except JournalBrokenError:
        connection.close()
        raise
    return connection


def set_pragmas(connection: sqlite3.Connection, *, synchronous: Synchronous) -> None:
    """Set what every writing connection needs and refuse one on which it does not hold."""
    level = {Synchronous.FULL: 2, Synchronous.NORMAL: 1}[synchronous]
    for pragma, value, expected in (
        ("page_size", PAGE_BYTES, PAGE_BYTES),
        ("journal_mode", "WAL", "wal"),
        ("synchronous", synchronous, level),
        ("mmap_size", 0, None),
        ("cell_size_check", "ON", 1),
        ("trusted_schema", "OFF", 0),
        ("foreign_keys", "ON", 1),
        ("busy_timeout", 5000, 5000),
    ):
        connection.execute(f"PRAGMA {pragma}={value}")
        if expected is not None:
            _need(connection, pragma, expected)


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write.

    Raises JournalBrokenError where there is no file, or one that is no database.
    """
    with reading(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
    try:
        with reading(path):
            connection.execute("PRAGMA query_only=1")
            connection.execute(f"PRAGMA busy_timeout={READER_BUSY_MS}")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except JournalBrokenError:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what SQLite raises while a journal is read into JournalBrokenError."""
    try:
        yield
    except sqlite3.Error as error:
        raise broken(f"read {path.name}", error) from error


def broken(what: str, error: sqlite3.Error) -> JournalBrokenError:
    """Return the error of the journal that one of SQLite stands for: damaged, or not usable."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind = JournalDamagedError if code in _DAMAGED else JournalBrokenError
    return kind(what, str(error))


def pregrow(connection: sqlite3.Connection, room_bytes: int) -> None:
    """Grow the WAL once so that commits overwrite it instead of growing it, which is slower."""
    size = min(PREGROW_BYTES, room_bytes // 4)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DROP TABLE IF EXISTS scratch")  # a cut before the drop below leaves it
    connection.execute("CREATE TABLE scratch (filling BLOB)")
    connection.execute("INSERT INTO scratch VALUES (zeroblob(?))", (size,))
    connection.execute("COMMIT")
    connection.execute("DROP TABLE scratch")
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def wal_pages(shared: int) -> int:
    """Return the pages in the WAL that are not yet in the file; `shared` = open `-shm` file.

    Source: SQLite WAL-mode file format, index header: mxFrame at 16, nBackfill at 96.
    """
    newest = int.from_bytes(os.pread(shared, 4, 16), sys.byteorder)
    copied = int.from_bytes(os.pread(shared, 4, 96), sys.byteorder)
    return max(0, newest - copied)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes in use within the database file; free pages are not counted."""
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return (pages - free) * PAGE_BYTES


def _need(connection: sqlite3.Connection, pragma: str, expected: Any) -> None:
    found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    if found != expected:
        raise JournalBrokenError(f"pragma {pragma}", f"{found!r} instead of {expected!r}")
