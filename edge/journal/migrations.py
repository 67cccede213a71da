"""Tables of the journal as numbered migrations, applied by sqlite-utils.

A migration and its record are one transaction. What is released is never changed.
"""

import sqlite3
from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

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


@_migrations(name="0006_containers")
def _containers(db: Database) -> None:
    """Index what is said of containers: every start asks for those that fill."""
    db.execute("CREATE INDEX event_container ON event(seq) WHERE kind GLOB 'container.*'")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing. Raises sqlite3.Error and leaves that migration undone."""
    _migrations.apply(Database(connection))
