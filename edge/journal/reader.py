"""Reads the journal: replay, search, open intents, proof of the chain. Never writes.

Look-ups by index take 20 to 60 µs and may run on the loop; `verify` and `events` may not.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final, Self

from edge.events import GENESIS, Event, IntentId, decode, digest
from edge.journal.log_file import unread_commits
from edge.journal.proof import SLICE_EVENTS, Proof, Report, Tell
from edge.journal.rows import (
    IntentRow,
    IntentState,
    JournalBrokenError,
    JournalDamagedError,
    id_blob,
    id_text,
)
from edge.journal.schema import broken, open_reader

SQLITE_VERSION: Final = sqlite3.sqlite_version
TAIL_EVENTS: Final = 1000
# What is held, and containers that fill, may be months old: they are read apart from all others,
# see `held_units` and `containers`.
_REPLAY_FROM: Final = (
    "SELECT min(first_seq) FROM live"
    " WHERE subject NOT LIKE 'hold/%' AND subject NOT LIKE 'container/%'"
)
_GONE: Final = ("purged", "lost", "erased")


class Reader:
    """One read-only connection. Opens in the constructor; raises JournalBrokenError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_reader(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; harmless twice."""
        self._connection.close()

    def last_seq(self) -> int:
        """Return the sequence of the newest event, 0 in an empty journal."""
        return int(self._all("SELECT coalesce(max(seq), 0) FROM event")[0][0])

    def newest_ms(self) -> int:
        """Return when the newest event was recorded, 0 in an empty journal."""
        rows = self._all("SELECT recorded_ms FROM event ORDER BY seq DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def replay(self) -> Iterator[Event]:
        """Yield every event from the oldest that an open subject needs; prove the newest first.

        Raises JournalBrokenError when a body is not what was written: no state is built on it.
        """
        report = self.verify(max(1, self.last_seq() - TAIL_EVENTS + 1))
        if not report.is_good:
            raise JournalBrokenError("replay", f"altered events {report.broken[:10]}")
        first = self._all(_REPLAY_FROM)[0][0]
        if first is not None:
            yield from self.events(first)

    def events(self, from_seq: int) -> Iterator[Event]:
        """Yield all events from `from_seq` on, in order."""
        for seq, body, _ in self.bodies(from_seq):
            yield decode(seq, body)

    def of_unit(self, unit: str) -> tuple[Event, ...]:
        """Return the events of a unit, in order."""
        query = "SELECT seq, body, digest FROM event WHERE unit = ? ORDER BY seq"
        return self._decoded(query, id_blob(unit))

    def of_parcel(self, parcel: str) -> tuple[Event, ...]:
        """Return the events of a parcel and of what was in it, in order."""
        query = "SELECT seq, body, digest FROM event WHERE parcel = ? ORDER BY seq"
        return self._decoded(query, id_blob(parcel))

    def activations(self) -> tuple[Event, ...]:
        """Return all events `config.activated`, in order; they have an index of their own."""
        query = "SELECT seq, body, digest FROM event WHERE kind = 'config.activated' ORDER BY seq"
        return self._decoded(query)

    def verdicts(self, first_seq: int, last_seq: int) -> Iterator[tuple[int, bytes]]:
        """Yield sequence and body of each verdict from `first_seq` to `last_seq`, in order.

        Reads no other event: the verdicts have an index of their own.
        """
        while rows := self._all(
            "SELECT seq, body FROM event WHERE kind = 'verdict.made' AND seq BETWEEN ? AND ?"
            " ORDER BY seq LIMIT ?",
            first_seq,
            last_seq,
            SLICE_EVENTS,
        ):
            yield from rows
            first_seq = rows[-1][0] + 1

    def count_verdicts(self, first_seq: int, last_seq: int) -> int:
        """Return how many verdicts stand in a range; reads their index alone."""
        rows = self._all(
            "SELECT count(*) FROM event WHERE kind = 'verdict.made' AND seq BETWEEN ? AND ?",
            first_seq,
            last_seq,
        )
        return int(rows[0][0])

    def newest_verdict(self) -> bytes | None:
        """Return the body of the newest verdict."""
        rows = self._all(
            "SELECT body FROM event WHERE kind = 'verdict.made' ORDER BY seq DESC LIMIT 1"
        )
        return rows[0][0] if rows else None

    def seq_at(self, recorded_ms: int) -> int:
        """Return the first sequence recorded at or after a time, one past the newest if none."""
        low, high = self.first_seq(), self.last_seq() + 1
        while low < high:  # recorded times never fall
            middle = (low + high) // 2
            rows = self._all("SELECT recorded_ms FROM event WHERE seq >= ? LIMIT 1", middle)
            low, high = (low, middle) if rows[0][0] >= recorded_ms else (middle + 1, high)
        return low

    def first_seq(self) -> int:
        """Return the sequence of the oldest event, 1 in an empty journal."""
        return int(self._all("SELECT coalesce(min(seq), 1) FROM event")[0][0])

    def bodies_of_unit(self, unit: str) -> tuple[tuple[int, str, bytes], ...]:
        """Return sequence, kind and body of a unit's events, in order, not decoded."""
        query = "SELECT seq, kind, body FROM event WHERE unit = ? ORDER BY seq"
        return tuple(self._all(query, id_blob(unit)))

    def bodies_of_parcel(self, parcel: str) -> tuple[tuple[int, bytes], ...]:
        """Return sequence and exact body of the events of a parcel and of what was in it."""
        query = "SELECT seq, body FROM event WHERE parcel = ? ORDER BY seq"
        return tuple(self._all(query, id_blob(parcel)))

    def inspection_before(self, unit: str, seq: int) -> dict[str, bytes]:
        """Return the newest bodies of `inspection.started` and `.finished` of a unit before `seq`.

        Others are not read.
        """
        query = (
            "SELECT kind, body FROM event WHERE unit = ? AND seq < ?"
            " AND kind IN ('inspection.started', 'inspection.finished') ORDER BY seq"
        )
        return dict(self._all(query, id_blob(unit), seq))

    def subjects_of(self, code: str) -> tuple[str, ...]:
        """Return the subjects known by a code, the newest first: `parcel/<id>`, `unit/<id>`."""
        rows = self._all("SELECT subject FROM code WHERE code = ? ORDER BY seq DESC", code)
        return tuple(row[0] for row in rows)

    def held_units(self) -> tuple[str, ...]:
        """Return the units that are held and whose events `replay` does not yield."""
        rows = self._all(
            "SELECT substr(h.subject, 6) FROM live h WHERE h.subject LIKE 'hold/%' AND NOT EXISTS"
            " (SELECT 1 FROM live u WHERE u.subject = 'unit/' || substr(h.subject, 6))"
            " ORDER BY h.first_seq"
        )
        return tuple(row[0] for row in rows)

    def containers(self) -> tuple[tuple[str, ...], tuple[Event, ...]]:
        """Return the numbers of the containers that matter, and what was said of any since then."""
        rows = self._all(
            "SELECT substr(subject, 11), first_seq FROM live WHERE subject LIKE 'container/%'"
        )
        if not rows:
            return (), ()
        told = self._decoded(
            "SELECT seq, body, digest FROM event WHERE kind GLOB 'container.*' AND seq >= ?"
            " ORDER BY seq",
            min(first for _, first in rows),
        )
        return tuple(number for number, _ in rows), told

    def newest_code(self, low: str, high: str) -> str | None:
        """Return the highest code between two, as texts are ordered; None where none is."""
        rows = self._all("SELECT max(code) FROM code WHERE code BETWEEN ? AND ?", low, high)
        return None if rows[0][0] is None else str(rows[0][0])

    def photos(self) -> dict[str, bool]:
        """Return each photograph that an event names, by digest: whether its file must be there."""
        rows = self._all("SELECT lower(hex(sha256)), state FROM photo")
        return {sha256: state not in _GONE for sha256, state in rows}

    def given_up_photos(self) -> frozenset[str]:
        """Return the photographs whose files were deleted on purpose, by digest."""
        query = "SELECT lower(hex(sha256)) FROM photo WHERE state IN ('purged', 'erased')"
        return frozenset(sha256 for (sha256,) in self._all(query))

    def overdue_photos(self, before_ms: int, limit: int) -> tuple[str, ...]:
        """Return photographs of events before a time that nobody has taken, the oldest first."""
        rows = self._all(
            "SELECT lower(hex(p.sha256)) FROM photo p JOIN event e ON e.seq = p.seq"
            " WHERE p.state IN ('kept', 'refused') AND e.recorded_ms < ? ORDER BY p.seq LIMIT ?",
            before_ms,
            limit,
        )
        return tuple(sha256 for (sha256,) in rows)

    def was_stopped(self) -> bool | None:
        """Return whether the newest event tells of a stop in order; None in an empty journal."""
        rows = self._all("SELECT kind FROM event ORDER BY seq DESC LIMIT 1")
        return rows[0][0] == "station.stopped" if rows else None

    def has_input(self, given: str) -> bool:
        """Return whether an input is recorded."""
        return bool(self._all("SELECT 1 FROM event WHERE input = ?", given))

    def open_intents(self) -> tuple[IntentRow, ...]:
        """Return the commands that are owed an outcome, in the order of their last change."""
        rows = self._all(
            "SELECT id, kind, unit, resource, wire_key, state, body FROM intent"
            " WHERE state <> 'closed' ORDER BY seq"
        )
        return tuple(_intent(row) for row in rows)

    def photo_sums(self) -> dict[str, tuple[int, int]]:
        """Return how many photographs stand in each state, and their bytes."""
        rows = self._all("SELECT state, count(*), sum(bytes) FROM photo GROUP BY state")
        return {state: (count, size) for state, count, size in rows}

    def stored_photo_bytes(self) -> int:
        """Return how many bytes the photographs take that are on this disk."""
        sums = self.photo_sums()
        return sum(size for state, (_, size) in sums.items() if state not in _GONE)

    def oldest_ms(self) -> int:
        """Return when the oldest event was recorded, UTC ms; 0 in an empty journal."""
        rows = self._all("SELECT recorded_ms FROM event ORDER BY seq LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def intent_counts(self) -> dict[tuple[str, str], int]:
        """Return how many commands are owed an outcome, by kind and state."""
        rows = self._all(
            "SELECT kind, state, count(*) FROM intent WHERE state <> 'closed' GROUP BY kind, state"
        )
        return {(kind, state): count for kind, state, count in rows}

    def verify(self, from_seq: int = 1, *, deep: bool = False, tell: Tell | None = None) -> Report:
        """Prove every event from `from_seq` on; see `edge.journal.proof`.

        `tell` gets how many events are done, and how many there are. Raises JournalBrokenError
        where nothing can be read.
        """
        try:
            return Proof(self._connection).run(from_seq, deep=deep, tell=tell)
        except sqlite3.Error as error:
            raise broken("read", error) from error

    def unread_commits(self) -> tuple[int, ...]:
        """Return the commits in the log that SQLite reads no more; see `edge.journal.log_file`."""
        return unread_commits(self._path)

    def of_kinds(self, kinds: Collection[str], first_seq: int, last_seq: int) -> Iterator[Event]:
        """Yield the events of these kinds from `first_seq` to `last_seq`, in order.

        The others are passed over in SQLite, not decoded; so are damaged ones, which the scrub
        tells of: what counts events must not end the service for one of them.
        """
        marks = ", ".join("?" * len(kinds))
        query = (
            f"SELECT seq, body, digest FROM event WHERE seq BETWEEN ? AND ? AND kind IN ({marks})"  # noqa: S608
            " ORDER BY seq"
        )
        for begin in range(first_seq, last_seq + 1, SLICE_EVENTS):
            end = min(begin + SLICE_EVENTS - 1, last_seq)
            for seq, body, stored in self._all(query, begin, end, *sorted(kinds)):
                if hashlib.sha256(body).digest() == stored:
                    yield decode(seq, body)

    def bodies(self, from_seq: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield sequence, body and digest of all events from `from_seq` on, in order."""
        while rows := self._all(
            "SELECT seq, body, digest FROM event WHERE seq >= ? ORDER BY seq LIMIT ?",
            from_seq,
            SLICE_EVENTS,
        ):
            yield from rows
            from_seq = rows[-1][0] + 1

    def digest_of(self, seq: int) -> str:
        """Return the digest of an event, hex; of the one before the first, 64 zeros."""
        rows = self._all("SELECT digest FROM event WHERE seq = ?", seq)
        return rows[0][0].hex() if rows else GENESIS

    def _decoded(self, query: str, *values: Any) -> tuple[Event, ...]:
        """Return the events of a query for sequence, body and digest.

        Raises JournalDamagedError: what a unit is must not be told by events that were altered or
        without them. The service ends, and its next start saves what is whole.
        """
        rows = self._all(query, *values)
        for seq, body, stored in rows:
            if hashlib.sha256(body).digest() != stored:
                raise JournalDamagedError("read", f"event {seq} is altered")
        return tuple(decode(seq, body) for seq, body, _ in rows)

    def _all(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise broken("read", error) from error


def is_intact(body: bytes, before: str, stored: bytes) -> bool:
    """Return whether a body has the stored digest and names the one before it."""
    try:
        return digest(body, before) == stored.hex()
    except ValueError:
        return False


def _intent(row: tuple[Any, ...]) -> IntentRow:
    key, kind, unit, resource, wire_key, state, body = row
    return IntentRow(
        id=IntentId(key.decode("utf-8")),
        kind=kind,
        unit=None if unit is None else id_text(unit),
        resource=resource,
        wire_key=wire_key,
        state=IntentState(state),
        body=body,
    )
