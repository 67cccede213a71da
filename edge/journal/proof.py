"""Proof of a journal: every stored event against its digest, its neighbours and its columns.

Reads what can be read: a row or page that cannot is named, and the proof goes on behind it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from edge.events import GENESIS, TYPE_PREFIX, parse_utc
from edge.journal.rows import NUMBERS_MAX, JournalDamagedError, id_blob

SLICE_EVENTS: Final = 500  # a snapshot is held for one slice only, so that the WAL can be reused
TAIL_EVENTS: Final = 1000
FILE_FAULTS_MAX: Final = 100

_COLUMNS: Final = (
    "seq, id, CAST(kind AS BLOB), parcel, unit, CAST(input AS BLOB), recorded_ms, body, digest"
)
_SLICE: Final = f"SELECT {_COLUMNS} FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq"  # noqa: S608
_KEY: Final = f"SELECT {_COLUMNS} FROM event WHERE seq = ?"  # noqa: S608 - steps on to no neighbour
_BEYOND: Final = f"SELECT {_COLUMNS} FROM event WHERE seq > ? ORDER BY seq"  # noqa: S608
_BELOW: Final = f"SELECT {_COLUMNS} FROM event WHERE seq < ? ORDER BY seq"  # noqa: S608
_NEWEST: Final = f"SELECT {_COLUMNS} FROM event ORDER BY seq DESC LIMIT 100"  # noqa: S608
# Who else names a sequence: an event they name that is not there was lost.
_NAMED: Final = (
    "SELECT max(seq) FROM outbox",
    "SELECT max(cursor_seq) FROM target",
    "SELECT max(first_seq) FROM live",
    "SELECT max(seq) FROM intent",
    "SELECT max(seq) FROM photo",
)
_BY_ID: Final = (
    "SELECT max(seq) FROM event INDEXED BY sqlite_autoindex_event_1 WHERE id IS NOT NULL"
)
_FIRST: Final = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'first_seq'"
_UNNUMBERED: Final = (
    "SELECT 1 FROM outbox o LEFT JOIN target t ON t.id = o.target"
    " WHERE o.seq > ? AND (t.id IS NULL OR t.next_n + ? <= o.n) LIMIT 1"
)
_BUILT_ON: Final = (
    "SELECT seq, body, digest FROM event WHERE seq >="
    " (SELECT min(first_seq) FROM live WHERE subject NOT LIKE 'hold/%')",
    "SELECT seq, body, digest FROM event WHERE kind = 'config.activated'",
)

Tell = Callable[[int, int], None]


class Wrong(StrEnum):
    """What is wrong with a stored event. `chain`: it does not follow the event before it."""

    BODY = "body"
    DIGEST = "digest"
    CHAIN = "chain"
    SEQ = "seq"
    ID = "id"
    KIND = "kind"
    PARCEL = "parcel"
    UNIT = "unit"
    INPUT = "input"
    RECORDED_MS = "recorded_ms"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One stored event that is not what was written."""

    seq: int
    what: tuple[Wrong, ...]
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a proof found. `gaps` and `lost` are first and last sequences of absent events;
    `lost` are those that a salvage has declared. `file` = what SQLite says of the file's pages.
    """

    events: int
    first_seq: int
    last_seq: int
    digest: str
    gaps: tuple[tuple[int, int], ...] = ()
    lost: tuple[tuple[int, int], ...] = ()
    damage: tuple[Damage, ...] = ()
    file: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[int, ...]:
        """Return the sequences of damaged events and of the first event of each gap."""
        seqs = {one.seq for one in self.damage} | {first for first, _ in self.gaps}
        return tuple(sorted(seqs))

    @property
    def is_good(self) -> bool:
        """Return whether every event is there and is what was written."""
        return not (self.damage or self.gaps or self.file)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored event as it stands in the table."""

    seq: int
    id: Any
    kind: Any
    parcel: Any
    unit: Any
    input: Any
    recorded_ms: Any
    body: Any
    digest: Any


@dataclass(frozen=True, slots=True)
class _Link:
    """What the next event may name as the one before it, and who wrote this one."""

    digests: frozenset[str]
    source: str


@dataclass(slots=True)
class _Findings:
    events: int = 0
    last_seq: int = 0
    digest: str = GENESIS
    gaps: list[tuple[int, int]] = field(default_factory=list)
    declared: list[tuple[int, int]] = field(default_factory=list)
    damage: dict[int, Damage] = field(default_factory=dict)


class Proof:
    """One pass over a connection that cannot write. Raises sqlite3.Error where nothing is read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found = _Findings()
        self._before: _Link | None = None
        self._doubt: tuple[Row, str] | None = None
        self._chain_seq = 1  # first event of the present identity, which begins a chain

    def run(self, from_seq: int = 1, *, deep: bool = False, tell: Tell | None = None) -> Report:
        """Prove all events from `from_seq` on; `deep` has SQLite look at every page, too."""
        need_events(self._connection)
        purged_seq, purged_digest = purged(self._connection)
        self._chain_seq = _highest(self._connection, (_FIRST,)) or 1
        first = max(from_seq, purged_seq + 1)
        self._before = self._link_before(first, purged_seq, purged_digest)
        self._found.last_seq = first - 1
        newest = newest_seq(self._connection, first - 1)
        for seq, row in rows(self._connection, first, newest):
            self._take(seq, row)
            if tell is not None and seq % SLICE_EVENTS == 0:
                tell(seq - first + 1, newest - first + 1)
        self._take_beyond(newest)
        if first == purged_seq + 1:
            self._take_below(first)
        self._settle_doubt(None)
        self._need_named()
        return self._report(first, pages(self._connection) if deep else ())

    # ------------------------------------------------------------ one event after the other

    def _take(self, seq: int, row: Row | str | None) -> None:
        match row:
            case None:
                self._settle_doubt(None)
                self._missing(seq, seq)
                self._before = None
            case str():
                self._settle_doubt(None)
                self._note(seq, (Wrong.UNREADABLE,), row)
                self._before = None
            case Row():
                self._take_row(row)
        self._found.last_seq = max(self._found.last_seq, seq)

    def _take_row(self, row: Row) -> None:
        self._found.events += 1
        envelope = envelope_of(row.body)
        self._settle_doubt(envelope)
        stored = row.digest.hex() if isinstance(row.digest, bytes) else ""
        actual = hashlib.sha256(row.body).hexdigest() if isinstance(row.body, bytes) else ""
        if envelope is None:
            self._note(row.seq, (Wrong.BODY,), "the body is no event")
        elif actual != stored:
            self._doubt = (row, actual)
        else:
            self._check(row, envelope)
            self._declare(envelope)
        source = str(envelope.get("source", "")) if envelope else ""
        self._before = _Link(frozenset((stored, actual)), source)
        self._found.digest = stored

    def _check(self, row: Row, envelope: dict[str, Any]) -> None:
        wrong = wrong_columns(row, envelope)
        if not self._follows(row, envelope):
            wrong = (Wrong.CHAIN, *wrong)
        if wrong:
            self._note(row.seq, wrong, "")

    def _follows(self, row: Row, envelope: dict[str, Any]) -> bool:
        if self._before is None:
            return True  # the one before is not there, and is named
        named = envelope.get("prevhash")
        is_new = row.seq == self._chain_seq or self._before.source != envelope.get("source")
        return named in self._before.digests or (is_new and named == GENESIS)

    def _settle_doubt(self, following: dict[str, Any] | None) -> None:
        """Body and digest of an event disagree: the event behind it says which one is right."""
        if self._doubt is None:
            return
        (row, actual), self._doubt = self._doubt, None
        named = following.get("prevhash") if following is not None else None
        what: tuple[Wrong, ...] = (Wrong.BODY, Wrong.DIGEST)
        if named == actual:
            what = (Wrong.DIGEST,)
        elif isinstance(row.digest, bytes) and named == row.digest.hex():
            what = (Wrong.BODY,)
        text = "" if len(what) == 1 else "body and digest disagree, the next event names neither"
        self._note(row.seq, what, text)

    def _declare(self, envelope: dict[str, Any]) -> None:
        """Take what a salvage has declared as lost; its first event says so."""
        if str(envelope["type"]).startswith(f"{TYPE_PREFIX}.station.journal."):
            lost = envelope["data"].get("lost", [])
            self._found.declared += [(int(one["first"]), int(one["last"])) for one in lost]

    # ------------------------------------------------------------ the whole

    def _link_before(self, first: int, purged_seq: int, purged_digest: str) -> _Link | None:
        if first == purged_seq + 1:
            return _Link(frozenset((purged_digest,)), "")
        row = next((row for _, row in rows(self._connection, first - 1, first - 1)), None)
        if not isinstance(row, Row) or not isinstance(row.body, bytes):
            return None
        stored = row.digest.hex() if isinstance(row.digest, bytes) else ""
        digests = frozenset((stored, hashlib.sha256(row.body).hexdigest()))
        return _Link(digests, str((envelope_of(row.body) or {}).get("source", "")))

    def _take_beyond(self, newest: int) -> None:
        """Rows behind the newest good one: damaged at the end, or under a wrong sequence."""
        for row in self._strays(_BEYOND, newest):
            self._settle_doubt(None)
            if row.seq != self._found.last_seq + 1:
                self._before = None
            self._take(row.seq if _says(row, row.seq) else newest, row)

    def _take_below(self, first: int) -> None:
        """Rows before the first: kept when the rest was purged, or under a wrong sequence."""
        for row in self._strays(_BELOW, first):
            if not is_genuine(row):
                envelope = envelope_of(row.body)
                wrong = wrong_columns(row, envelope) if envelope is not None else ()
                self._note(row.seq, wrong or (Wrong.BODY, Wrong.DIGEST), "")

    def _strays(self, query: str, bound: int) -> list[Row]:
        try:
            return [Row(*one) for one in self._connection.execute(query, (bound,)).fetchall()]
        except sqlite3.DatabaseError as error:
            self._note(bound, (Wrong.UNREADABLE,), str(error))
            return []

    def _need_named(self) -> None:
        named = named_seq(self._connection)
        if named > self._found.last_seq:
            self._missing(self._found.last_seq + 1, named)

    def _missing(self, first: int, last: int) -> None:
        gaps = self._found.gaps
        if gaps and gaps[-1][1] == first - 1:
            gaps[-1] = (gaps[-1][0], last)
        else:
            gaps.append((first, last))

    def _note(self, seq: int, what: tuple[Wrong, ...], text: str) -> None:
        self._found.damage[seq] = Damage(seq=seq, what=what, text=text)

    def _report(self, first: int, file: tuple[str, ...]) -> Report:
        found = self._found
        gaps, lost = split_declared(found.gaps, found.declared)
        return Report(
            events=found.events,
            first_seq=first,
            last_seq=found.last_seq,
            digest=found.digest,
            gaps=gaps,
            lost=lost,
            damage=tuple(found.damage[seq] for seq in sorted(found.damage)),
            file=file,
        )


def rows(
    connection: sqlite3.Connection, first: int, last: int
) -> Iterator[tuple[int, Row | str | None]]:
    """Yield each sequence with its row, None where there is none, a text where it is unreadable."""
    while first <= last:
        upper = min(first + SLICE_EVENTS - 1, last)
        try:
            found = {one[0]: one for one in connection.execute(_SLICE, (first, upper)).fetchall()}
        except sqlite3.DatabaseError:
            found = {}
        for seq in range(first, upper + 1):
            yield seq, Row(*found[seq]) if seq in found else _by_key(connection, seq)
        first = upper + 1


def need_events(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a database that has no table of events."""
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'event'"
    if connection.execute(query).fetchone() is None:
        raise sqlite3.DatabaseError("it has no table of events")


def need_good_end(connection: sqlite3.Connection) -> None:
    """Prove the newest events and all that a start builds its state on.

    Raises JournalDamagedError: nothing may be built on what was not written.
    """
    newest = newest_seq(connection)
    report = Proof(connection).run(max(1, newest - TAIL_EVENTS + 1))
    if not report.is_good:
        raise JournalDamagedError("open", f"altered or absent events {report.broken[:10]}")
    if connection.execute(_UNNUMBERED, (newest - TAIL_EVENTS, NUMBERS_MAX)).fetchone() is not None:
        raise JournalDamagedError("open", "what is owed to targets does not fit their accounts")
    for query in _BUILT_ON:
        for seq, body, digest in connection.execute(query):
            if not isinstance(body, bytes) or hashlib.sha256(body).digest() != digest:
                raise JournalDamagedError("open", f"event {seq} is altered")


def newest_seq(connection: sqlite3.Connection, least: int = 0) -> int:
    """Return the highest sequence that an undamaged row vouches for, or else any other table."""
    try:
        for one in connection.execute(_NEWEST):
            if is_genuine(Row(*one)):
                return max(least, int(one[0]))
    except sqlite3.DatabaseError:
        return max(least, named_seq(connection), _highest(connection, (_BY_ID,)))
    return max(least, named_seq(connection))


def oldest_seq(connection: sqlite3.Connection) -> int:
    """Return the lowest sequence that can be there: some events are kept beyond a purge."""
    first = purged(connection)[0] + 1
    return max(1, min(first, _highest(connection, ("SELECT min(seq) FROM event",)) or first))


def highest_key(connection: sqlite3.Connection) -> int:
    """Return the highest key of the events, whatever has become of that event; 0 if unreadable."""
    return _highest(connection, ("SELECT max(seq) FROM event",))


def named_seq(connection: sqlite3.Connection) -> int:
    """Return the highest sequence that a table beside the events names."""
    return _highest(connection, _NAMED)


def purged(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return sequence and digest of the newest purged event; 0 and 64 zeros if none is."""
    query = "SELECT key, value FROM meta WHERE key IN ('purged_seq', 'purged_digest')"
    try:
        known = dict(connection.execute(query).fetchall())
    except sqlite3.DatabaseError:
        return 0, GENESIS
    return int(known.get("purged_seq", 0)), str(known.get("purged_digest", GENESIS))


def pages(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return what SQLite finds wrong with tables, indexes and pages; it looks at no payload."""
    try:
        found = connection.execute(f"PRAGMA integrity_check({FILE_FAULTS_MAX})").fetchall()
    except sqlite3.DatabaseError as error:
        return (str(error),)
    return tuple(text for (text,) in found if text != "ok")


def envelope_of(body: object) -> dict[str, Any] | None:
    """Return the envelope of a body; None for bytes that are no JSON object."""
    if not isinstance(body, bytes):
        return None
    try:
        envelope = json.loads(body)
    except ValueError:
        return None
    return envelope if isinstance(envelope, dict) else None


def is_genuine(row: Row) -> bool:
    """Return whether a row is whole: digest and every column agree with the body."""
    envelope = envelope_of(row.body) if is_whole(row) else None
    return envelope is not None and not wrong_columns(row, envelope)


def is_whole(row: Row) -> bool:
    """Return whether the body has the digest beside it."""
    return isinstance(row.body, bytes) and hashlib.sha256(row.body).digest() == row.digest


def wrong_columns(row: Row, envelope: dict[str, Any]) -> tuple[Wrong, ...]:
    """Return which columns say something else than the body; BODY if it is no event of ours."""
    try:
        expected = columns_of(envelope)
    except (KeyError, TypeError, ValueError, AttributeError):
        return (Wrong.BODY,)
    stored = (row.seq, row.id, row.kind, row.parcel, row.unit, row.input, row.recorded_ms)
    pairs = zip(_CHECKED, stored, expected, strict=True)
    return tuple(name for name, found, right in pairs if found != right)


_CHECKED: Final = (
    Wrong.SEQ,
    Wrong.ID,
    Wrong.KIND,
    Wrong.PARCEL,
    Wrong.UNIT,
    Wrong.INPUT,
    Wrong.RECORDED_MS,
)


def columns_of(
    envelope: dict[str, Any],
) -> tuple[int, bytes, bytes, bytes | None, bytes | None, bytes | None, int]:
    """Return seq, id, kind, parcel, unit, input and recorded_ms as a body says they are.

    Raises KeyError, TypeError, ValueError or AttributeError for what is no event of ours.
    """
    kind = str(envelope["type"]).removeprefix(f"{TYPE_PREFIX}.").rpartition(".v")[0]
    what, _, subject = str(envelope["subject"]).partition("/")
    parcel, given = envelope.get("correlationid"), envelope["data"].get("input")
    return (
        int(envelope["sequence"]),
        id_blob(envelope["id"]),
        kind.encode("utf-8"),
        None if parcel is None else id_blob(parcel),
        id_blob(subject) if what == "unit" else None,
        None if given is None else str(given).encode("utf-8"),
        parse_utc(envelope["recordedtime"]),
    )


def split_declared(
    gaps: list[tuple[int, int]], declared: list[tuple[int, int]]
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Return the gaps that nobody has declared and those that a salvage has."""

    def is_declared(gap: tuple[int, int]) -> bool:
        return any(first <= gap[0] and gap[1] <= last for first, last in declared)

    return (
        tuple(gap for gap in gaps if not is_declared(gap)),
        tuple(gap for gap in gaps if is_declared(gap)),
    )


def _by_key(connection: sqlite3.Connection, seq: int) -> Row | str | None:
    try:
        found = connection.execute(_KEY, (seq,)).fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found is None else Row(*found)


def _highest(connection: sqlite3.Connection, queries: tuple[str, ...]) -> int:
    """Return the highest number that any of the queries gives; what cannot be read gives none."""
    highest = 0
    for query in queries:
        try:
            found = (connection.execute(query).fetchone() or (0,))[0] or 0
        except sqlite3.DatabaseError:
            continue
        highest = max(highest, found)
    return highest


def _says(row: Row, seq: int) -> bool:
    try:
        return int((envelope_of(row.body) or {})["sequence"]) == seq
    except (KeyError, ValueError, TypeError):
        return True  # the body itself is damaged: the key is all there is
