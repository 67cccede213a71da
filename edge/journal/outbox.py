"""What is owed to each target: outbox rows, delivery numbers, cursor, dead letters, replays.

The filter is evaluated when an event is appended, so a later change of it rewrites nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from edge.journal.rows import id_text
from edge.journal.schema import open_reader

# A glob reaches these families only by naming them: else a dying target feeds itself.
QUIET_FAMILIES: Final = frozenset(("sync", "device", "station", "scan"))
LIVE_MARK: Final = b'"mode":"live"'

_COLUMNS: Final = "e.id, e.body, e.digest, e.recorded_ms, e.kind, coalesce(e.unit, e.parcel)"


class Standing(StrEnum):
    """What people decided about a target."""

    IN_USE = "idle"
    PAUSED = "paused"
    RETIRED = "retired"


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
class LiveRange:
    """Events behind `from_seq` that go before an older backlog; delivered up to `seq`."""

    from_seq: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """All up to `cursor_seq` is stored at the target or stands in `dead`; `job` runs there now.

    `live` = the range that overtakes the backlog, None when there is no such range (any more).
    """

    target: str
    cursor_seq: int
    dead: tuple[DeadLetter, ...] = ()
    job: CaptureJob | None = None
    live: LiveRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """News of a target that move no cursor.

    `delivered` = sequences of dead letters that it took after all, `dead_change` = by how many
    the open ones grow, `replay` = where a replay stands, `state` = what the pump does, `photos` =
    digests and their new state.
    """

    target: str
    dead: tuple[DeadLetter, ...] = ()
    delivered: tuple[int, ...] = ()
    dead_change: int = 0
    replay: "Replay | None" = None
    state: str | None = None
    photos: tuple[tuple[str, str], ...] = ()


class Act(StrEnum):
    """What a person may want of a target."""

    PAUSE = "pause"
    RESUME = "resume"
    RETIRE = "retire"
    WAIVE = "waive"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A person's word about a target, applied with the event that records it.

    `key` is the same when the order comes again; `seqs` = single events, else the range counts;
    `open_dead` = how many open dead letters a waiver ends; `is_of_photos` = the target takes
    photographs: resumed, it gets the refused ones once more.
    """

    target: str
    act: Act
    key: int = 0
    from_seq: int = 0
    to_seq: int = 0
    seqs: tuple[int, ...] = ()
    open_dead: int = 0
    is_of_photos: bool = False


Settlement = Ack | Aside | Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Events that go again, up to `to_seq`, next is `next_seq`: single ones or a whole range."""

    id: int
    next_seq: int
    to_seq: int
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One event on its way: its bytes, its digest, its delivery number at this target.

    `n` = 0 where it goes again after it was dealt with. `key` = its unit, else its parcel.
    """

    seq: int
    n: int
    id: str
    body: bytes
    digest: bytes
    recorded_ms: int
    kind: str = ""
    key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """A target's row: where it stands, what its pump last noted, what was decided about it."""

    cursor_seq: int
    state: str
    standing: Standing
    live: LiveRange | None = None
    job: CaptureJob | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Whose events a target may have: `tenants` = globs over owners, `audit` = test pieces too."""

    tenants: tuple[str, ...] = ("*",)
    audit: bool = True

    def allow(self, tenant: str, *, is_audit: bool) -> bool:
        """Return whether an event of this owner may go there."""
        is_theirs = self.tenants == ("*",) or any(fnmatchcase(tenant, one) for one in self.tenants)
        return is_theirs and (self.audit or not is_audit)


ALL_RIGHTS: Final = Rights()


def is_wanted(kind: str, globs: Iterable[str]) -> bool:
    """Return whether one of the globs takes an event of this kind."""
    family = kind.partition(".")[0]
    named = (glob for glob in globs if glob.partition(".")[0] == family)
    chosen = named if family in QUIET_FAMILIES else globs
    return any(fnmatchcase(kind, glob) for glob in chosen)


class Outbox:
    """Reads what one target has not got yet; short snapshots, never a write."""

    def __init__(self, path: Path, target: str) -> None:
        self._connection = open_reader(path)
        self._name = target
        (self._target,) = self._row("SELECT id FROM target WHERE name = ?", target)
        found = self.standings()
        self.cursor_seq = found.cursor_seq
        self.job = found.job

    def close(self) -> None:
        """Close the connection; harmless twice."""
        self._connection.close()

    def standings(self) -> Standings:
        """Return the target's row as it is committed."""
        cursor_seq, state, live_from, live_seq, job_url, job_to, retired_ms = self._row(
            "SELECT cursor_seq, state, live_from, live_seq, job_url, job_to, retired_ms"
            " FROM target WHERE id = ?",
            self._target,
        )
        is_paused = state == Standing.PAUSED
        standing = Standing.PAUSED if is_paused else Standing.IN_USE
        return Standings(
            cursor_seq=cursor_seq,
            state=state,
            standing=standing if retired_ms is None else Standing.RETIRED,
            live=None if live_from is None else LiveRange(from_seq=live_from, seq=live_seq),
            job=None if job_url is None else CaptureJob(url=job_url, to_seq=job_to),
        )

    def read(
        self, after_seq: int, limit: int, *, to_seq: int | None = None
    ) -> tuple[OutboxRow, ...]:
        """Return at most `limit` events behind `after_seq` up to `to_seq`, in order.

        What was waived is left out.
        """
        rows = self._connection.execute(
            f"SELECT o.seq, o.n, {_COLUMNS} FROM outbox o JOIN event e ON e.seq = o.seq"  # noqa: S608
            " LEFT JOIN dead d ON d.target = o.target AND d.seq = o.seq AND d.state = 'waived'"
            " WHERE o.seq > ? AND o.seq <= ? AND o.target = ? AND d.seq IS NULL"
            " ORDER BY o.seq LIMIT ?",
            (after_seq, to_seq or _SEQ_MAX, self._target, limit),
        ).fetchall()
        return tuple(map(_row_of, rows))

    def count(self, after_seq: int, to_seq: int) -> int:
        """Return how many outbox rows of the target stand behind `after_seq` up to `to_seq`."""
        (count,) = self._row(
            "SELECT count(*) FROM outbox WHERE seq > ? AND seq <= ? AND target = ?",
            after_seq,
            to_seq,
            self._target,
        )
        return int(count)

    def blocked_keys(self) -> frozenset[bytes]:
        """Return the units and parcels of which a dead letter is open."""
        rows = self._connection.execute(
            "SELECT DISTINCT coalesce(e.unit, e.parcel) FROM dead d JOIN event e ON e.seq = d.seq"
            " WHERE d.target = ? AND d.state = 'dead' AND coalesce(e.unit, e.parcel) IS NOT NULL",
            (self._target,),
        ).fetchall()
        return frozenset(row[0] for row in rows)

    def open_letters(self, from_seq: int, to_seq: int) -> frozenset[int]:
        """Return the sequences in a range of which a dead letter is open."""
        rows = self._connection.execute(
            "SELECT seq FROM dead WHERE target = ? AND seq BETWEEN ? AND ? AND state = 'dead'",
            (self._target, from_seq, to_seq),
        ).fetchall()
        return frozenset(row[0] for row in rows)

    def next_replay(self, through: frozenset[int]) -> Replay | None:
        """Return the oldest replay that is not through."""
        rows = self._connection.execute(
            "SELECT id, next_seq, to_seq, spec FROM replay WHERE target = ? ORDER BY id",
            (self._target,),
        ).fetchall()
        for key, next_seq, to_seq, spec in rows:
            if key not in through:
                seqs = tuple(json.loads(spec).get("seqs", ()))
                return Replay(id=key, next_seq=next_seq, to_seq=to_seq, seqs=seqs)
        return None

    def replay_rows(
        self,
        replay: Replay,
        limit: int,
        globs: tuple[str, ...],
        rights: Rights = ALL_RIGHTS,
    ) -> tuple[tuple[OutboxRow, ...], Replay]:
        """Return the next events of a replay, and where it then stands.

        Of a range, what filter and rights allow and what happened in live mode; of single ones,
        what rights allow.
        """
        if replay.seqs:
            wanted = [seq for seq in replay.seqs if seq >= replay.next_seq][:limit]
            marks = ",".join("?" * len(wanted))
            where, values = f"e.seq IN ({marks})", wanted
        else:
            wanted = list(
                range(replay.next_seq, min(replay.to_seq, replay.next_seq + limit - 1) + 1)
            )
            where, values = "e.seq BETWEEN ? AND ?", [replay.next_seq, wanted[-1]]
        rows = self._connection.execute(
            f"SELECT e.seq, 0, {_COLUMNS} FROM event e WHERE {where} ORDER BY e.seq",  # noqa: S608
            values,
        ).fetchall()
        found = tuple(map(_row_of, rows))
        if not replay.seqs:
            found = tuple(row for row in found if _is_of_range(row, globs))
        if rights != ALL_RIGHTS:
            found = tuple(row for row in found if _is_allowed(row, rights))
        at = Replay(id=replay.id, next_seq=wanted[-1] + 1, to_seq=replay.to_seq, seqs=replay.seqs)
        return found, at

    def _row(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()


_SEQ_MAX: Final = 2**62


def _is_of_range(row: OutboxRow, globs: tuple[str, ...]) -> bool:
    return is_wanted(row.kind, globs) and LIVE_MARK in row.body


def _is_allowed(row: OutboxRow, rights: Rights) -> bool:
    data = json.loads(row.body)["data"]
    return rights.allow(data["tenant"], is_audit=data.get("audit", False))


def _row_of(row: Any) -> OutboxRow:
    seq, n, key, body, digest, at, kind, subject = row
    return OutboxRow(
        seq=seq,
        n=n,
        id=id_text(key),
        body=body,
        digest=digest,
        recorded_ms=at,
        kind=kind,
        key=subject,
    )
