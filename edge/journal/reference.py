"""What the centre told the station: announced returns, item master, recalls, codes, releases.

A file of its own, rebuildable: nothing that must agree with the journal lives here. Rows and the
cursor behind them are one transaction; the last good copy stays until a whole new one is there.
"""

import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from drivers.clock import SystemClock
from drivers.protocols import Clock
from edge.catalogue import CatalogueItem, Recall, ReturnLine
from edge.journal.rows import JournalBrokenError
from edge.journal.schema import Synchronous, open_reader, set_pragmas
from edge.journal.writer import Worker
from edge.records import from_json

CANDIDATES_MAX: Final = 32
NUMBERS_MAX: Final = 200  # to rank those that an unknown number may mean
CALLS_MAX: Final = 4  # full: the feed awaits

_MATCHES: Final = ("rma", "tracking", "order", "serial", "mark")
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS feed (name TEXT PRIMARY KEY, generation INTEGER NOT NULL,
  loading INTEGER, cursor TEXT, etag TEXT, fresh_ms INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS file (sha256 TEXT PRIMARY KEY, feed TEXT NOT NULL,
  taken_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS line (generation INTEGER, tenant TEXT, rma TEXT, line TEXT,
  tracking TEXT, gtin TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (generation, tenant, rma, line)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS line_gtin ON line (generation, gtin);
CREATE INDEX IF NOT EXISTS line_tracking ON line (generation, tenant, tracking);
CREATE TABLE IF NOT EXISTS number (generation INTEGER, code TEXT, matched_by TEXT, tenant TEXT,
  rma TEXT, line TEXT, PRIMARY KEY (generation, code, matched_by, tenant, rma, line))
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS number_line ON number (generation, tenant, rma, line);
CREATE TABLE IF NOT EXISTS item (generation INTEGER, gtin TEXT, tenant TEXT, body TEXT NOT NULL,
  PRIMARY KEY (generation, gtin, tenant)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (feed TEXT, generation INTEGER, key TEXT, code TEXT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (feed, generation, key)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_code ON entry (feed, generation, code);
CREATE TABLE IF NOT EXISTS trouble (feed TEXT, what TEXT, at_ms INTEGER NOT NULL,
  name TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (feed, what)) STRICT, WITHOUT ROWID
"""
_TABLES_OF: Final = {"returns": ("line", "number"), "items": ("item",)}
_OF_LINE: Final = "generation = ? AND tenant = ? AND rma = ? AND line = ?"
# Without statistics SQLite walks all lines of a tenant rather than take these indexes.
_OF_RMA: Final = (
    "SELECT l.body FROM feed f JOIN line l ON l.generation = f.generation"
    " WHERE f.name = 'returns' AND l.tenant = ? AND l.rma = ? ORDER BY l.line"
)
_OF_TRACKING: Final = (
    "SELECT l.body FROM feed f JOIN line l INDEXED BY line_tracking ON l.generation = f.generation"
    " WHERE f.name = 'returns' AND l.tenant = ? AND l.tracking = ? ORDER BY l.rma, l.line"
)
_OF_GTIN: Final = (
    "SELECT l.body FROM feed f JOIN line l INDEXED BY line_gtin ON l.generation = f.generation"
    " WHERE f.name = 'returns' AND l.gtin = ? ORDER BY l.rma, l.line LIMIT ?"
)

log = logging.getLogger("reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelCandidate:
    """Announced lines that one scanned code may stand for."""

    matched_by: str
    key: str
    lines: tuple[ReturnLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """An announced line put or, with `body` None, deleted; `numbers` = (matched by, code)."""

    tenant: str
    rma: str
    line: str
    gtin: str = ""
    tracking: str | None = None
    body: str | None = None
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """An article put or, with `body` None, deleted."""

    tenant: str
    gtin: str
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """A row of another feed put or, with `body` None, deleted; `code` = what it is looked up by."""

    key: str
    code: str
    body: str | None = None


Change = LineChange | ItemChange | EntryChange


class What(StrEnum):
    """What went wrong with a feed."""

    AWAY = "away"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The far end gives nothing since `at_ms`, or its last page was refused; `name` = a file."""

    what: What
    at_ms: int
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a feed is read with these rows.

    `starts_over`: a new copy begins with this page; `is_last`: the copy is complete with it and
    replaces the old one. `file` = SHA-256 of a file that is not taken twice.
    """

    at_ms: int
    cursor: str | None = None
    etag: str | None = None
    starts_over: bool = False
    is_last: bool = True
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Where the next request goes on. `is_loading`: a new copy is not complete yet."""

    cursor: str | None = None
    etag: str | None = None
    is_loading: bool = False


class Reference:
    """Look-ups on the loop by index, 20 to 100 µs; writes in the thread `reference-writer`."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._worker = Worker("reference-writer", bound=CALLS_MAX, errors=(sqlite3.Error,))
        self._fresh_ms: dict[str, int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._write = _open(self._path)
        except (sqlite3.DatabaseError, JournalBrokenError) as error:
            log.warning("reference: unreadable, begun anew: %s", error)
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._write = _open(self._path)
        self._stack.callback(self._write.close)
        self._read = open_reader(self._path)
        self._stack.callback(self._read.close)
        self._stack.callback(self._worker.close)
        rows = self._all("SELECT name, fresh_ms FROM feed WHERE fresh_ms IS NOT NULL")
        self._fresh_ms = dict(rows)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ------------------------------------------------------------ look-ups

    def find(self, code: str) -> tuple[ParcelCandidate, ...]:
        """Return the parcels a code may stand for: by RMA, tracking, order, serial, mark.

        An RMA in several parcels gives one candidate a parcel. At most CANDIDATES_MAX.
        """
        rows = self._all(
            "SELECT n.matched_by, l.tenant, l.tracking, l.rma, l.body FROM feed f"
            " JOIN number n ON n.generation = f.generation AND n.code = ? JOIN line l ON"
            " l.generation = n.generation AND l.tenant = n.tenant AND l.rma = n.rma"
            " AND l.line = n.line WHERE f.name = 'returns' ORDER BY l.rma, l.line",
            normal(code),
        )
        groups: dict[tuple[str, str, str | None, str], list[ReturnLine]] = {}
        for matched_by, tenant, tracking, rma, body in rows:
            parcel = rma if tracking is None or matched_by == "rma" else ""
            key = (matched_by, tenant, tracking, parcel)
            groups.setdefault(key, []).append(_line(body))
        found = [self._candidate(key, lines, groups) for key, lines in groups.items()]
        found.sort(key=lambda one: _MATCHES.index(one.matched_by))
        return tuple(found[:CANDIDATES_MAX])

    def item(self, gtin: str) -> CatalogueItem | None:
        """Return the article with this GTIN (14 digits)."""
        rows = self._all(
            "SELECT i.body FROM feed f JOIN item i ON i.generation = f.generation"
            " WHERE f.name = 'items' AND i.gtin = ? ORDER BY i.tenant LIMIT 1",
            gtin,
        )
        return from_json(CatalogueItem, json.loads(rows[0][0])) if rows else None

    def lines_of_gtin(self, gtin: str) -> tuple[ReturnLine, ...]:
        """Return the announced lines of an article, at most CANDIDATES_MAX."""
        rows = self._all(_OF_GTIN, gtin, CANDIDATES_MAX)
        return tuple(_line(row[0]) for row in rows)

    def entries(self, feed: str, code: str) -> tuple[dict[str, Any], ...]:
        """Return the rows of codes (by list), recalls (by GTIN) or releases (by unit or parcel)."""
        rows = self._all(
            "SELECT e.body FROM feed f JOIN entry e ON e.feed = f.name"
            " AND e.generation = f.generation WHERE f.name = ? AND e.code = ? ORDER BY e.key",
            feed,
            code,
        )
        return tuple(json.loads(row[0]) for row in rows)

    def of_parcels(self, decision: str) -> tuple[dict[str, Any], ...]:
        """Return the releases that say something of parcels (claimed, missing), oldest first."""
        rows = self._all(
            "SELECT e.body FROM feed f JOIN entry e ON e.feed = f.name"
            " AND e.generation = f.generation WHERE f.name = 'releases'"
            " AND e.body ->> 'decision' = ? ORDER BY e.body ->> 'at', e.key",
            decision,
        )
        return tuple(json.loads(row[0]) for row in rows)

    def numbers_like(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Return announced numbers of parcels that hold one of these parts; NUMBERS_MAX at most.

        Reads every number there is: for what nothing else is known of.
        """
        if not parts:
            return ()
        like = " OR ".join("instr(n.code, ?)" for _ in parts)
        rows = self._all(
            "SELECT DISTINCT n.code FROM feed f"  # noqa: S608 - question marks alone
            " JOIN number n ON n.generation = f.generation"
            " WHERE f.name = 'returns' AND n.matched_by IN ('rma', 'tracking', 'order')"
            f" AND ({like}) LIMIT ?",
            *map(normal, parts),
            NUMBERS_MAX,
        )
        return tuple(row[0] for row in rows)

    def recalls_of(self, gtin: str) -> tuple[Recall, ...] | None:
        """Return what of an article is recalled; None where that was never told."""
        if "recalls" not in self._fresh_ms:
            return None
        return tuple(from_json(Recall, row) for row in self.entries("recalls", gtin))

    def age_s(self, feed: str) -> int | None:
        """Return how long ago the feed was last known to be complete; None = never."""
        fresh_ms = self._fresh_ms.get(feed)
        return None if fresh_ms is None else max(0, self._clock.wall_ms() - fresh_ms) // 1000

    def state(self, feed: str) -> FeedState:
        """Return where the feed's next request goes on."""
        rows = self._all("SELECT cursor, etag, loading FROM feed WHERE name = ?", feed)
        if not rows:
            return FeedState()
        return FeedState(cursor=rows[0][0], etag=rows[0][1], is_loading=rows[0][2] is not None)

    def has_file(self, sha256: str) -> bool:
        """Return whether a file was taken already."""
        return bool(self._all("SELECT 1 FROM file WHERE sha256 = ?", sha256))

    # ------------------------------------------------------------ writing

    async def put(self, feed: str, changes: Sequence[Change], progress: Progress) -> None:
        """Write rows and progress in one transaction. Raises JournalBrokenError."""
        try:
            await self._worker.do(lambda: self._put(feed, changes, progress))
        except sqlite3.Error as error:
            raise JournalBrokenError("reference: write", str(error)) from error
        if not self.state(feed).is_loading:
            self._fresh_ms[feed] = progress.at_ms

    async def register(self, feed: str) -> None:
        """Take that this feed is configured, before anything of it is there."""
        await self._write_down(
            "INSERT INTO feed (name, generation) VALUES (?, 0) ON CONFLICT DO NOTHING", feed
        )

    async def note(self, feed: str, trouble: Trouble) -> None:
        """Keep what went wrong last. `away` ends with the next answer, a refusal stays known."""
        await self._write_down(
            "INSERT OR REPLACE INTO trouble VALUES (?, ?, ?, ?, ?)",
            feed,
            trouble.what,
            trouble.at_ms,
            trouble.name,
            trouble.reason,
        )

    async def _write_down(self, query: str, *values: Any) -> None:
        try:
            await self._worker.do(lambda: self._write.execute(query, values))
        except sqlite3.Error as error:
            raise JournalBrokenError("reference: write", str(error)) from error

    def _put(self, feed: str, changes: Sequence[Change], progress: Progress) -> None:
        write = self._write
        with write:  # commits, or rolls back what failed
            write.execute("BEGIN IMMEDIATE")
            generation = self._generation(feed, progress)
            for change in changes:
                self._change(feed, generation, change)
            if progress.file is not None:
                write.execute(
                    "INSERT INTO file VALUES (?, ?, ?)", (progress.file, feed, progress.at_ms)
                )
            self._progress(feed, generation, progress)

    def _generation(self, feed: str, progress: Progress) -> int:
        self._write.execute(
            "INSERT INTO feed (name, generation) VALUES (?, 0) ON CONFLICT DO NOTHING", (feed,)
        )
        current, loading = self._write.execute(
            "SELECT generation, loading FROM feed WHERE name = ?", (feed,)
        ).fetchone()
        if progress.starts_over:
            loading = current + 1
            self._forget(feed, "generation >= ?", loading)
            self._write.execute("UPDATE feed SET loading = ? WHERE name = ?", (loading, feed))
        is_file = progress.file is not None  # files add to the copy in force
        return int(current if loading is None or is_file else loading)

    def _progress(self, feed: str, generation: int, progress: Progress) -> None:
        self._write.execute("DELETE FROM trouble WHERE feed = ? AND what = 'away'", (feed,))
        if progress.file is None:
            self._write.execute(
                "UPDATE feed SET cursor = ?, etag = ? WHERE name = ?",
                (progress.cursor, progress.etag, feed),
            )
        if progress.is_last:
            self._write.execute(
                "UPDATE feed SET generation = ?, fresh_ms = ?, loading ="
                " CASE WHEN ? THEN loading ELSE NULL END WHERE name = ?",
                (generation, progress.at_ms, int(progress.file is not None), feed),
            )
            self._forget(feed, "generation < ?", generation)

    def _forget(self, feed: str, which: str, generation: int) -> None:
        for table in _TABLES_OF.get(feed, ("entry",)):
            mine = " AND feed = ?" if table == "entry" else ""
            values = (generation, feed) if mine else (generation,)
            self._write.execute(f"DELETE FROM {table} WHERE {which}{mine}", values)  # noqa: S608

    def _change(self, feed: str, generation: int, change: Change) -> None:
        match change:
            case EntryChange(body=None):
                self._write.execute(
                    "DELETE FROM entry WHERE feed = ? AND generation = ? AND key = ?",
                    (feed, generation, change.key),
                )
            case EntryChange():
                self._write.execute(
                    "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)",
                    (feed, generation, change.key, change.code, change.body),
                )
            case LineChange():
                self._change_line(generation, change)
            case ItemChange(body=None):
                self._write.execute(
                    "DELETE FROM item WHERE generation = ? AND gtin = ? AND tenant = ?",
                    (generation, change.gtin, change.tenant),
                )
            case ItemChange():
                self._write.execute(
                    "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)",
                    (generation, change.gtin, change.tenant, change.body),
                )

    def _change_line(self, generation: int, change: LineChange) -> None:
        key = (generation, change.tenant, change.rma, change.line)
        self._write.execute(f"DELETE FROM number WHERE {_OF_LINE}", key)  # noqa: S608
        if change.body is None:
            self._write.execute(f"DELETE FROM line WHERE {_OF_LINE}", key)  # noqa: S608
            return
        self._write.execute(
            "INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, change.tracking, change.gtin, change.body),
        )
        self._write.executemany(
            "INSERT OR IGNORE INTO number VALUES (?, ?, ?, ?, ?, ?)",
            [
                (generation, normal(code), matched_by, *key[1:])
                for matched_by, code in change.numbers
            ],
        )

    # ------------------------------------------------------------ reading

    def _candidate(
        self,
        key: tuple[str, str, str | None, str],
        lines: list[ReturnLine],
        groups: dict[tuple[str, str, str | None, str], list[ReturnLine]],
    ) -> ParcelCandidate:
        matched_by, tenant, tracking, rma = key
        if matched_by == "rma":
            alone = sum(other[0] == "rma" and other[1] == tenant for other in groups) == 1
            name = lines[0].rma if alone or tracking is None else tracking
            return ParcelCandidate(matched_by="rma", key=name, lines=tuple(lines))
        query, value = (_OF_RMA, rma) if tracking is None else (_OF_TRACKING, tracking)
        rows = self._all(query, tenant, value)
        return ParcelCandidate(
            matched_by=matched_by, key=value, lines=tuple(_line(row[0]) for row in rows)
        )

    def _all(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._read.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalBrokenError("reference: read", str(error)) from error


def normal(code: str) -> str:
    """Return the form codes are compared in: without blanks, upper case."""
    return "".join(code.split()).upper()


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        set_pragmas(connection, synchronous=Synchronous.NORMAL)
        connection.executescript(_TABLES)
    except (sqlite3.Error, JournalBrokenError):
        connection.close()
        raise
    return connection


def _line(body: str) -> ReturnLine:
    return from_json(ReturnLine, json.loads(body))
