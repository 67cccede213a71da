"""Connections of the journal, and whether its tables are those of this release.

A connection whose settings do not read back as set is refused: `synchronous` is kept nowhere.
"""

import importlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from edge.journal.rows import JournalBrokenError, JournalDamagedError

PAGE_BYTES: Final = 4096
PREGROW_BYTES: Final = 4 * 1024 * 1024
READER_BUSY_MS: Final = 1000
_SQLITE_ERROR: Final = 1
_DAMAGED: Final = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB

# In the order in which they are applied; what they do stands in `edge.journal.migrations`.
MIGRATIONS: Final = (
    "0001_journal",
    "0002_verdicts",
    "0003_activations",
    "0004_retention",
    "0005_photo_queue",
    "0006_containers",
)


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
        if not is_current(connection):
            _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise broken(f"open {path.name}", error) from error
    except JournalBrokenError:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing; tables that are there without a record of it are damage."""
    try:
        importlib.import_module("edge.journal.migrations").migrate(connection)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) != _SQLITE_ERROR:
            raise
        raise JournalDamagedError("migrate", str(error)) from error


def is_current(connection: sqlite3.Connection) -> bool:
    """Return whether every migration was applied: then sqlite-utils need not even be loaded."""
    query = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'"
    if connection.execute(query).fetchone() is None:
        return False
    done = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
    return done >= set(MIGRATIONS)


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


@contextmanager
def reader_of(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that cannot write for one look. Raises JournalBrokenError, nothing else."""
    with reading(path), closing(open_reader(path)) as connection:
        yield connection


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
