"""Salvage: every event of a damaged journal that is whole goes into a new file that names the old.

The damaged files are copied aside first and never changed. A crash at any moment leaves either
the old files or the new one, never a mixture. What is left out is declared in the first event.
"""

import logging
import os
import secrets
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.protocols import Clock
from edge.events import (
    Draft,
    EventId,
    JournalRef,
    Origin,
    SequenceRange,
    Stamp,
    StationJournal,
    encode,
)
from edge.journal.beside import LEAP_MAX, Beside
from edge.journal.carve import carved, whole
from edge.journal.log_file import unread_commits
from edge.journal.proof import (
    Row,
    envelope_of,
    highest_key,
    named_seq,
    newest_seq,
    oldest_seq,
    purged,
    rows,
)
from edge.journal.rows import Identity, JournalBrokenError, Submission
from edge.journal.schema import open_writer
from edge.journal.store import Store, open_store
from edge.settings.model import JournalSettings, TargetSettings

FOLDER: Final = "salvage"
MARK: Final = "journal.damaged"  # the writer met damage: the next start begins with a salvage
SALVAGES_MAX: Final = 5  # by itself; a disk that damages one file after the other needs a person
STEP_EVENTS: Final = 20_000
EVENTS_A_PAGE_MAX: Final = 20
OWNER_EVENTS: Final = 100
BUDGET_MB: Final = 64 * 1024  # what is saved is saved, whatever the budget says
PARTS: Final = ("", "-wal", "-shm")

log = logging.getLogger("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What a salvage did. `incomplete` = tables beside the events that could not be read whole.

    `carved` of the kept events were found in raw pages, `healed` had a column that disagreed with
    the body. `copy` = where the damaged files lie.
    """

    copy: Path
    journal_id: str
    previous: JournalRef
    kept: int
    carved: int
    healed: int
    lost: tuple[SequenceRange, ...]
    incomplete: tuple[str, ...]

    def __str__(self) -> str:
        lost = sum(one.last - one.first + 1 for one in self.lost)
        beside = f", not read whole: {', '.join(self.incomplete)}" if self.incomplete else ""
        return (
            f"{self.kept} events saved ({self.carved} from raw pages, {self.healed} with a mended"
            f" column), {lost} lost{beside}; the damaged files are in {self.copy}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Whose journal it is, and which targets events are kept for."""

    identity: Identity
    targets: tuple[TargetSettings, ...]
    budget: JournalSettings
    clock: Clock


@dataclass(slots=True)
class _Kept:
    count: int = 0
    carved: int = 0
    healed: int = 0


def salvage(path: Path, station: Station) -> Salvaged:
    """Save what is whole of a journal and put the new file in its place; the lock is held.

    Raises JournalBrokenError where no event of ours is found or there is no room for copies: the
    old files are then left as they are.
    """
    copy = _copied(path)
    made = path.with_name(f"{path.name}.new")
    for part in PARTS:
        made.with_name(f"{made.name}{part}").unlink(missing_ok=True)
    done = _rescued(copy / path.name, made, station)
    ready = _ready(path)
    made.rename(ready)
    _sync(path.parent)
    finish(path)
    log.critical("journal: salvage: %s", done)
    return done


def finish(path: Path) -> None:
    """Put a salvaged file in place of the damaged ones; at every start, should one have crashed."""
    ready = _ready(path)
    if not ready.exists():
        return
    for part in PARTS[1:]:  # an old log must never be read into the new file
        path.with_name(f"{path.name}{part}").unlink(missing_ok=True)
    _sync(path.parent)
    ready.rename(path)
    path.with_name(MARK).unlink(missing_ok=True)
    _sync(path.parent)


def mark(path: Path, why: str) -> None:
    """Have the next start salvage the journal: it was found damaged while it was in use."""
    path.with_name(MARK).write_text(f"{why}\n", encoding="utf-8")


def marked(path: Path) -> str:
    """Return why the journal was found damaged while it was in use; empty = it was not."""
    noted = path.with_name(MARK)
    return noted.read_text(encoding="utf-8").strip() if noted.exists() else ""


def may_by_itself(path: Path) -> bool:
    """Return whether a start may salvage without a person: not one time after the other."""
    folder = path.with_name(FOLDER)
    return not folder.exists() or len(list(folder.iterdir())) < SALVAGES_MAX


def owner(path: Path, machine_id: str) -> Identity:
    """Return whose journal a file is, as its newest readable event says.

    Raises JournalBrokenError where there is none.
    """
    for row in _newest_rows(path):
        envelope = envelope_of(row.body) or {}
        before, _, _ = str(envelope.get("source", "")).rpartition("/")
        namespace, found, name = before.rpartition("/station/")
        site, dot, station = name.rpartition(".")
        if found and dot:
            return Identity(namespace=namespace, site=site, station=station, machine_id=machine_id)
    raise JournalBrokenError("salvage", f"no event of a journal was found in {path}")


def _newest_rows(path: Path) -> Iterator[Row]:
    source = _opened(path)
    if source is not None:
        with closing(source):
            newest = newest_seq(source)
            found = [row for _, row in rows(source, max(1, newest - OWNER_EVENTS), newest)]
        yield from (row for row in reversed(found) if isinstance(row, Row))
    yield from carved(path)


# ---------------------------------------------------------------- files


def _ready(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaged")


def _copied(path: Path) -> Path:
    parts = [part for part in PARTS if path.with_name(f"{path.name}{part}").exists()]
    if not parts:
        raise JournalBrokenError("salvage", f"{path}: there is no such file")
    size = sum(path.with_name(f"{path.name}{part}").stat().st_size for part in parts)
    if shutil.disk_usage(path.parent).free < 2 * size:
        raise JournalBrokenError("salvage", f"needs {2 * size // 1_000_000 + 1} MB of free disk")
    copy = path.with_name(FOLDER) / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    number = 1
    while copy.exists():
        number += 1
        copy = copy.with_name(f"{copy.name.partition('-')[0]}-{number}")
    copy.mkdir(parents=True)
    for part in parts:
        shutil.copyfile(path.with_name(f"{path.name}{part}"), copy / f"{path.name}{part}")
        _sync(copy / f"{path.name}{part}")
    _sync(copy)
    _sync(copy.parent)
    _sync(path.parent)
    return copy


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> sqlite3.Connection | None:
    """Return a connection that cannot write, None where SQLite can make nothing of the file."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    try:
        connection.execute("PRAGMA query_only=1")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except sqlite3.DatabaseError:
        connection.close()
        return None
    return connection


# ---------------------------------------------------------------- events


def _rescued(old: Path, made: Path, station: Station) -> Salvaged:
    source = _opened(old)
    kept = _Kept()
    with closing(open_writer(made, pages_max=2**30)) as target:
        target.execute("BEGIN IMMEDIATE")
        if source is not None:
            _keep(target, _by_key(source, kept), kept)
        if source is None or unread_commits(old) or _has_holes(target, source):
            before = kept.count
            _keep(target, carved(old), kept)
            kept.carved = kept.count - before
        if not kept.count:
            raise JournalBrokenError("salvage", f"no event of a journal was found in {old}")
        beside = Beside(source, target)
        beside.copy()
        beside.mend(station.targets)
        last = _last(source, target)
        lost = _holes(target, source, last)
        previous = _previous(target, last)
        target.execute(
            "INSERT INTO meta VALUES ('floor_seq', ?), ('salvage', 'salvage')"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (last,),
        )
        target.execute("COMMIT")
    if source is not None:
        source.close()
    journal_id = _first_event(made, station, previous, lost)
    return Salvaged(
        copy=old.parent,
        journal_id=journal_id,
        previous=previous,
        kept=kept.count,
        carved=kept.carved,
        healed=kept.healed,
        lost=lost,
        incomplete=tuple(sorted(beside.incomplete)),
    )


def _by_key(source: sqlite3.Connection, kept: _Kept) -> Iterator[Row]:
    """Yield the whole rows by their keys; columns that disagree with a body are mended by it."""
    first = oldest_seq(source)
    (pages,) = source.execute("PRAGMA page_count").fetchone()
    most = first + pages * EVENTS_A_PAGE_MAX  # a damaged number must not lead into nowhere
    for _, row in rows(source, first, min(most, _highest_key(source))):
        if not isinstance(row, Row) or not isinstance(row.body, bytes):
            continue
        found = whole(row.body, row.digest)
        if found is not None:
            kept.healed += found != row
            yield found


def _keep(target: sqlite3.Connection, found: Iterator[Row], kept: _Kept) -> None:
    """Insert what is not there yet; the chain says nothing here, a whole body is the truth."""
    for row in found:
        added = target.execute(
            "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        kept.count += added.rowcount
        if added.rowcount and kept.count % STEP_EVENTS == 0:
            target.execute("COMMIT")
            target.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            target.execute("BEGIN IMMEDIATE")


def _holes(
    target: sqlite3.Connection, source: sqlite3.Connection | None, last: int
) -> tuple[SequenceRange, ...]:
    """Return which sequences up to `last` are not there and were not purged either."""
    before = purged(source)[0] if source is not None else 0
    if source is None:
        (least,) = target.execute("SELECT min(seq) FROM event").fetchone()
        before = least - 1
    query = "SELECT seq FROM event WHERE seq > ? ORDER BY seq"
    found: list[SequenceRange] = []
    for (seq,) in target.execute(query, (before,)):
        if seq != before + 1:
            found.append(SequenceRange(first=before + 1, last=seq - 1))
        before = seq
    if before < last:
        found.append(SequenceRange(first=before + 1, last=last))
    return tuple(found)


def _has_holes(target: sqlite3.Connection, source: sqlite3.Connection) -> bool:
    return bool(_holes(target, source, _last(source, target)))


def _last(source: sqlite3.Connection | None, target: sqlite3.Connection) -> int:
    """Return the highest sequence that was ever given, as far as anything tells."""
    (newest,) = target.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    return max(int(newest), named_seq(target), _highest_key(source) if source is not None else 0)


def _highest_key(source: sqlite3.Connection) -> int:
    """Return the highest key of the events, damaged ones too, unless it is beyond all reason."""
    newest = newest_seq(source)
    key = highest_key(source)
    return key if newest < key <= newest + LEAP_MAX else newest


def _previous(target: sqlite3.Connection, last: int) -> JournalRef:
    body, digest = target.execute(
        "SELECT body, digest FROM event ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    source = str((envelope_of(body) or {}).get("source", ""))
    return JournalRef(journal_id=source.rpartition("/")[2], last_sequence=last, digest=digest.hex())


def _first_event(
    made: Path, station: Station, previous: JournalRef, lost: tuple[SequenceRange, ...]
) -> str:
    """Write the event that a salvaged journal goes on with; return the new identity."""
    store = open_store(
        made,
        station.identity,
        targets=station.targets,
        budget=JournalSettings(budget_mb=BUDGET_MB),
        clock=station.clock,
    )
    try:
        payload = StationJournal(reason=store.reason, previous=previous, lost=lost)
        event = encode(Draft(payload=payload), _stamp(station.clock), _origin(station, store))
        store.append([Submission(events=(event,))], ())
        store.forget("salvage")
        return store.journal_id
    finally:
        store.close()


def _origin(station: Station, store: Store) -> Origin:
    who = station.identity
    return Origin(
        namespace=who.namespace,
        site=who.site,
        station=who.station,
        journal_id=store.journal_id,
        boot=secrets.token_hex(4),
        config="0" * 64,
        tz="+00:00",
    )


def _stamp(clock: Clock) -> Stamp:
    """Return a stamp with a UUIDv7 (RFC 9562 §5.7)."""
    now_ms = clock.wall_ms()
    value = now_ms << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    made = str(uuid.UUID(int=value | secrets.randbits(62)))
    return Stamp(id=EventId(made), time_ms=now_ms, mono_ms=clock.monotonic_ns() // 1_000_000)
