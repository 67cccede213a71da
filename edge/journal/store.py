"""The journal's tables as one writer sees them: a group of submissions is one transaction.

Knows no thread and no loop; the writer's thread calls it.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from drivers.protocols import Clock
from edge.events import GENESIS, Encoded, digest, splice
from edge.journal.identity import Ancestry, Newest, notes, settle_identity
from edge.journal.inserts import INTENT, insert_rows, intent_row
from edge.journal.log_file import need_whole_log
from edge.journal.outbox import Act, Order, Settlement, is_wanted
from edge.journal.proof import need_good_end
from edge.journal.retention import Keep, purge_photos, purge_pieces, purge_step, purgeable
from edge.journal.rows import (
    NOT_UPLOADED,
    NUMBERS_MAX,
    PHOTOS,
    Identity,
    JournalBrokenError,
    JournalConflictError,
    JournalDuplicateError,
    JournalError,
    JournalFullError,
    Receipt,
    Submission,
    id_blob,
    photo_path,
)
from edge.journal.schema import (
    PAGE_BYTES,
    Synchronous,
    broken,
    open_writer,
    pregrow,
    used_bytes,
    wal_pages,
)
from edge.journal.settle import TargetBook, drop_delivered, has_delivered, open_books, settle
from edge.journal.space import (
    BALLAST_FILE,
    MIB,
    Ballast,
    DiskLevel,
    is_reserved,
    level_of,
    used_percent,
)
from edge.journal.tail import forget_tail, noted_tail
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

CHECKPOINT_PAGES: Final = 1000  # copied back when nobody waits: what the log is pre-grown to
CHECKPOINT_PAGES_MAX: Final = 2000  # copied back even if somebody does
MEASURE_NS: Final = 1_000_000_000
LOOK_NS: Final = 60_000_000_000  # between two looks for what may be purged

_SQLITE_FULL: Final = 13
_NOTED: Final = frozenset(("photo.taken", "photo.lost", "photo.erased", "station.corrupt"))

log = logging.getLogger("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The newest event: what the next one follows."""

    seq: int
    digest: str
    recorded_ms: int


@dataclass(slots=True)
class _Rows:
    """What a group adds to the two large tables."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)


class Store:
    """The one writing connection, the tip of the chain and the targets' accounts."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Clock) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._budget = JournalSettings()
        self._wanted: dict[str, tuple[TargetBook, ...]] = {}
        self._shared = os.open(f"{path}-shm", os.O_RDONLY | os.O_CLOEXEC)
        self._photo_bytes = 0
        self._measured_ns = 0
        self._keep: Keep | None = None
        self._purged_seq = 0
        self._purgeable = 0
        self._looked_ns = 0
        self._has_old_photos = self._has_old_pieces = False
        self._given_up: list[tuple[str, int]] = []
        self._ballast = Ballast(path.parent / BALLAST_FILE, 0)
        self.books: tuple[TargetBook, ...] = ()
        self.tip = Tip(seq=0, digest=GENESIS, recorded_ms=0)
        self.level = DiskLevel.NORMAL
        self.ancestry = Ancestry(journal_id="", reason="", last_seq=0)

    @property
    def journal_id(self) -> str:
        """Return the id of this journal."""
        return self.ancestry.journal_id

    @property
    def reason(self) -> str:
        """Return why the id is new, empty when its first event was there at the start."""
        return self.ancestry.reason

    def close(self) -> None:
        """Close the file; what is not committed is gone."""
        self._connection.close()
        os.close(self._shared)

    # ------------------------------------------------------------ append

    def append(self, group: Sequence[Submission], acks: Sequence[Settlement]) -> list[Receipt]:
        """Write a group and acknowledgements in one transaction. All or nothing.

        Raises JournalDuplicateError, JournalConflictError or JournalFullError with nothing
        written, and JournalBrokenError after which this object must not be used.
        """
        for submission in group:
            self._need_room(submission)
        try:
            return self._append(group, acks)
        except JournalFullError:
            if not self._ballast.drop():
                raise
        self.checkpoint(is_idle=True)
        return self._append(group, acks)

    def _append(self, group: Sequence[Submission], acks: Sequence[Settlement]) -> list[Receipt]:
        tip, numbers = self.tip, [book.next_n for book in self.books]
        receipts: list[Receipt] = []
        photo_bytes = self._photo_bytes
        rows = _Rows()
        for submission in group:
            tip = self._place(submission, tip, rows)
            receipts.append(self._receipt(submission, tip))
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            insert_rows(self._connection, "event", rows.events)
            insert_rows(self._connection, "outbox", rows.outbox)
            for submission, receipt in zip(group, receipts, strict=True):
                self._write_beside(submission, receipt)
            self._write_acks(acks)
            kept = self._write_numbers(is_exact=not group)
            if not group:  # somebody waits for a group, for what is delivered nobody does
                drop_delivered(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._photo_bytes = photo_bytes
            self._given_up.clear()
            self._undo(numbers)  # before the look for a repeated input, which would find this one
            raise self._translated(error, group) from error
        self.tip = tip
        self._note_numbers(kept)
        self._forget_retired(acks)
        while self._given_up:
            self._drop_photo(*self._given_up.pop())
        return receipts

    def is_log_long(self, *, is_idle: bool) -> bool:
        """Return whether the log is to be copied back: when nobody waits, or all the same."""
        return wal_pages(self._shared) >= (CHECKPOINT_PAGES if is_idle else CHECKPOINT_PAGES_MAX)

    def checkpoint(self, *, is_idle: bool) -> None:
        """Copy the WAL back when it is worth it; never truncates, a reused WAL is twice as fast."""
        if self.is_log_long(is_idle=is_idle):
            try:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error as error:
                raise broken("checkpoint", error) from error

    def idle(self) -> bool:
        """Do what nobody waits for: one step of it; return whether there is more of it to do."""
        self.checkpoint(is_idle=True)
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            self.measure()
            if self.level < DiskLevel.HIGH:
                self._ballast.load()
            self._look_for_old()
        before = self._purged_seq
        try:
            has_more = self._drop_delivered()
            has_more |= self._has_old_photos and self._purge_photos()
            has_more |= self._has_old_pieces and self._purge_pieces()
            if self._purgeable > before:
                self._note_numbers(self._write_numbers(is_exact=True))
                self._purged_seq = purge_step(self._connection, before, self._purgeable)
        except sqlite3.Error as error:
            self._undo([book.next_n for book in self.books])
            raise broken("purge", error) from error
        return has_more or self._purged_seq > before

    def _drop_delivered(self) -> bool:
        """Delete a step of delivered outbox rows; return whether there were any."""
        if not has_delivered(self._connection):
            return False
        self._append((), ())
        return True

    def _purge_photos(self) -> bool:
        """Delete the files of a step of photographs; return whether there may be more of them."""
        assert self._keep is not None, "set before the first event"
        now_ms = max(self._clock.wall_ms(), self.tip.recorded_ms)
        gone = purge_photos(self._connection, self._keep, now_ms)
        for sha256, size in gone:
            self._drop_photo(sha256, size)
        self._has_old_photos = bool(gone)
        return self._has_old_photos

    def _purge_pieces(self) -> bool:
        assert self._keep is not None, "set before the first event"
        now_ms = max(self._clock.wall_ms(), self.tip.recorded_ms)
        self._has_old_pieces = purge_pieces(self._connection, self._keep, self._purged_seq, now_ms)
        return self._has_old_pieces

    def _drop_photo(self, sha256: str, size: int) -> None:
        photo_path(self._path.parent / PHOTOS, sha256).unlink(missing_ok=True)
        self._photo_bytes = max(0, self._photo_bytes - size)

    def _look_for_old(self) -> None:
        if self._keep is not None:
            now_ms = max(self._clock.wall_ms(), self.tip.recorded_ms)
            self._purgeable = purgeable(self._connection, self._keep, now_ms)
            self._has_old_photos = self._keep.has_photo_target
            self._has_old_pieces = True

    def measure(self) -> None:
        """Take the disk level anew, at most once a second while there is room."""
        now_ns = self._clock.monotonic_ns()
        if self.level < DiskLevel.FULL and now_ns - self._measured_ns < MEASURE_NS:
            return
        self._measured_ns = now_ns
        used = used_bytes(self._connection) + self._photo_bytes
        percent = used_percent(self._path.parent, used, self._budget)
        level = level_of(percent, self._budget, self.level)
        if level is not self.level:
            log.warning("journal: disk %d %% used: %s", percent, level.name.lower())
        self.level = level

    def _need_room(self, submission: Submission) -> None:
        self.measure()
        if self.level is DiskLevel.FULL and not any(
            is_reserved(event.kind) for event in submission.events
        ):
            raise JournalFullError("the rest is kept for puts, moves and dangers")

    def _place(self, submission: Submission, tip: Tip, rows: "_Rows") -> Tip:
        """Give each event its place behind the tip; nothing is written yet."""
        recorded_ms = max(self._clock.wall_ms(), tip.recorded_ms)
        for event in submission.events:
            tip = self._place_event(event, tip, recorded_ms, rows)
        return tip

    def _place_event(self, event: Encoded, tip: Tip, recorded_ms: int, rows: "_Rows") -> Tip:
        seq = tip.seq + 1
        body = splice(event, prevhash=tip.digest, recorded_ms=recorded_ms, seq=seq)
        proof = digest(body, tip.digest)
        rows.events.append(
            (
                seq,
                id_blob(event.id),
                event.kind,
                None if event.parcel is None else id_blob(event.parcel),
                None if event.unit is None else id_blob(event.unit),
                event.input,
                recorded_ms,
                body,
                bytes.fromhex(proof),
            )
        )
        if event.mode == "live":
            for book in self._wanted_by(event.kind):
                if not book.takes(event):
                    continue
                rows.outbox.append((seq, book.id, book.next_n))
                book.next_n += 1
        return Tip(seq=seq, digest=proof, recorded_ms=recorded_ms)

    def _write_beside(self, submission: Submission, receipt: Receipt) -> None:
        """Write what a submission has beside its events."""
        if submission.intents:
            self._connection.executemany(
                INTENT, [intent_row(row, receipt.last_seq) for row in submission.intents]
            )
        for row in submission.live:
            self._write_live(row.subject, receipt.first_seq if row.is_open else None)
        if submission.codes:
            self._connection.executemany(
                "INSERT INTO code VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(row.code, row.subject, receipt.first_seq) for row in submission.codes],
            )
        for seq, event in enumerate(submission.events, receipt.first_seq):
            if event.kind in _NOTED:
                self._note(event, seq, receipt.recorded_ms)

    def _write_live(self, subject: str, first_seq: int | None) -> None:
        if first_seq is None:
            self._connection.execute("DELETE FROM live WHERE subject = ?", (subject,))
        else:
            self._connection.execute(
                "INSERT INTO live VALUES (?, ?) ON CONFLICT DO NOTHING", (subject, first_seq)
            )

    def _note(self, event: Encoded, seq: int, recorded_ms: int) -> None:
        """Write what an event says of the journal's own stores."""
        data = json.loads(event.head + b'"}')["data"]
        match event.kind:
            case "photo.taken":
                self._write_photo(data, seq)
            case "photo.lost":
                self._end_photo(data["sha256"], is_erased=data["reason"] == NOT_UPLOADED)
            case "photo.erased":
                self._end_photo(data["sha256"], is_erased=True)
            case _:
                self._connection.executemany(
                    "INSERT INTO parked VALUES (?, 'scrub', ?) ON CONFLICT DO NOTHING",
                    [(damaged, recorded_ms) for damaged in data["sequences"]],
                )

    def _end_photo(self, sha256: str, *, is_erased: bool) -> None:
        """The file of one that is erased, or that nobody took too long, goes after the commit."""
        state, key = "erased" if is_erased else "lost", bytes.fromhex(sha256)
        self._connection.execute("UPDATE photo SET state = ? WHERE sha256 = ?", (state, key))
        if is_erased:
            query = "SELECT bytes FROM photo WHERE sha256 = ?"
            row = self._connection.execute(query, (key,)).fetchone()
            self._given_up.append((sha256, row[0] if row else 0))

    def _write_photo(self, data: Mapping[str, Any], seq: int) -> None:
        added = self._connection.execute(
            "INSERT INTO photo VALUES (?, ?, 'kept', ?) ON CONFLICT DO NOTHING",
            (bytes.fromhex(data["sha256"]), data["bytes"], seq),
        )
        self._photo_bytes += data["bytes"] if added.rowcount else 0

    def _write_numbers(self, *, is_exact: bool) -> list[int]:
        """Write the next delivery numbers, if they must be exact or are far behind; return them."""
        kept: list[int] = []
        for book in self.books:
            if book.next_n - book.kept_n >= (1 if is_exact else NUMBERS_MAX):
                query = "UPDATE target SET next_n = ? WHERE id = ?"
                self._connection.execute(query, (book.next_n, book.id))
                kept.append(book.next_n)
            else:
                kept.append(book.kept_n)
        return kept

    def _note_numbers(self, kept: list[int]) -> None:
        for book, number in zip(self.books, kept, strict=True):
            book.kept_n = number

    def _write_acks(self, acks: Sequence[Settlement]) -> None:
        for ack in acks:
            settle(self._connection, ack, self._clock.wall_ms())

    def _forget_retired(self, acks: Sequence[Settlement]) -> None:
        """Nothing is kept from now on for a target that a person ended."""
        retired = {one.target for one in acks if isinstance(one, Order) and one.act is Act.RETIRE}
        for book in self.books:
            if book.name in retired:
                book.globs = ()
                self._wanted.clear()

    def _receipt(self, submission: Submission, tip: Tip) -> Receipt:
        first_seq = tip.seq - len(submission.events) + 1
        return Receipt(first_seq=first_seq, last_seq=tip.seq, recorded_ms=tip.recorded_ms)

    def _wanted_by(self, kind: str) -> tuple[TargetBook, ...]:
        if kind not in self._wanted:
            wanted = (book for book in self.books if is_wanted(kind, book.globs))
            self._wanted[kind] = tuple(wanted)
        return self._wanted[kind]

    # ------------------------------------------------------------ failures

    def _undo(self, numbers: list[int]) -> None:
        for book, number in zip(self.books, numbers, strict=True):
            book.next_n = number
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise broken("roll back", error) from error

    def _translated(self, error: sqlite3.Error, group: Sequence[Submission]) -> JournalError:
        code = error.sqlite_errorcode if hasattr(error, "sqlite_errorcode") else 0
        if isinstance(error, sqlite3.IntegrityError):
            given = self._seen_input(group)
            return JournalDuplicateError(given) if given else JournalConflictError(str(error))
        if code & 0xFF == _SQLITE_FULL:
            return JournalFullError(str(error))
        return broken("append", error)

    def _seen_input(self, group: Sequence[Submission]) -> str | None:
        for event in (event for submission in group for event in submission.events):
            if event.input is not None and self._has_input(event.input):
                return event.input
        return None

    def _has_input(self, given: str) -> bool:
        row = self._connection.execute("SELECT 1 FROM event WHERE input = ?", (given,)).fetchone()
        return row is not None

    # ------------------------------------------------------------ opening

    def prepare(
        self, identity: Identity, targets: tuple[TargetSettings, ...], budget: JournalSettings
    ) -> None:
        """Read the tip, settle the journal's identity, register targets, pre-grow the WAL."""
        self._budget = budget
        connection = self._connection
        row = connection.execute(
            "SELECT seq, digest, recorded_ms FROM event ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        known = notes(connection)
        if row is not None:
            self.tip = Tip(seq=row[0], digest=row[1].hex(), recorded_ms=row[2])
        if "salvage" not in known:  # else proven a moment ago, and what is lost not yet declared
            need_good_end(connection)
        self._purged_seq = int(known.get("purged_seq", 0))
        before = max(self._purged_seq, int(known.get("floor_seq", 0)))
        self.tip = replace(self.tip, seq=max(self.tip.seq, before))
        (self._photo_bytes,) = connection.execute(
            "SELECT coalesce(sum(bytes), 0) FROM photo WHERE state NOT IN ('purged', 'erased')"
        ).fetchone()
        connection.execute("BEGIN IMMEDIATE")
        have = noted_tail(self._path, str(known.get("journal_id", "")))
        newest = Newest(seq=self.tip.seq, digest=self.tip.digest, have=have)
        self.ancestry = settle_identity(connection, identity, newest)
        self.tip = replace(self.tip, seq=self.ancestry.last_seq)
        if self.reason:  # a new source begins a chain of its own
            self.tip = replace(self.tip, digest=GENESIS)
        self.books = open_books(connection, targets, self.tip.seq)
        connection.execute("COMMIT")
        forget_tail(self._path)
        self._pregrow()
        self.measure()
        self._ballast = Ballast.of(self._path.parent, budget)
        has_photos = any(one.kind is TargetKind.PHOTO_HTTP for one in targets)
        self._keep = Keep.of(budget, self._path.parent, has_photo_target=has_photos)

    def forget(self, key: str) -> None:
        """Drop a note of the journal about itself."""
        self._connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def _pregrow(self) -> None:
        try:
            room = self._budget.budget_mb * MIB - used_bytes(self._connection)
            pregrow(self._connection, room)
        except sqlite3.OperationalError as error:
            self._undo([book.next_n for book in self.books])
            log.warning("journal: log not pre-grown: %s", error)


def open_store(
    path: Path,
    identity: Identity,
    *,
    targets: tuple[TargetSettings, ...],
    budget: JournalSettings,
    clock: Clock,
    synchronous: Synchronous = Synchronous.FULL,
) -> Store:
    """Open, migrate and prepare. Raises JournalBrokenError."""
    need_whole_log(path)
    pages_max = budget.budget_mb * MIB // PAGE_BYTES
    connection = open_writer(path, pages_max=pages_max, synchronous=synchronous)
    store = Store(connection, path, clock)
    try:
        store.prepare(identity, targets, budget)
    except sqlite3.Error as error:
        store.close()
        raise broken(f"open {path.name}", error) from error
    except JournalBrokenError:
        store.close()
        raise
    return store
