"""What a person wants to know of the targets, read from the journal's file. Never writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.journal.outbox import DeadLetter
from edge.journal.rows import id_blob
from edge.journal.schema import reader_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAccount:
    """What a target has not got, as the file says; `oldest_ms` = recorded time of the oldest.

    `replay_pending` = sequences that replays still have to look at.
    """

    name: str
    state: str
    cursor_seq: int
    pending: int
    oldest_ms: int | None
    dead: int
    replay_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A dead letter with its target and the id of its event, None when that was purged."""

    target: str
    event: str | None
    letter: DeadLetter


_ACCOUNT: Final = (
    "SELECT t.name, t.state, t.cursor_seq,"
    " max(t.next_n, coalesce((SELECT o.n + 1 FROM outbox o WHERE o.target = t.id"
    "   ORDER BY o.seq DESC LIMIT 1), 0)),"
    " (SELECT min(seq) FROM outbox o WHERE o.target = t.id AND o.seq > t.cursor_seq"
    "   AND (t.live_from IS NULL OR o.seq <= t.live_from OR o.seq > t.live_seq)),"
    " (SELECT count(*) FROM dead d WHERE d.target = t.id AND d.state = 'dead'),"
    " (SELECT coalesce(sum(to_seq - next_seq + 1), 0) FROM replay r WHERE r.target = t.id),"
    " (SELECT count(*) FROM outbox o WHERE o.target = t.id AND o.seq > t.live_from"
    "   AND o.seq <= t.live_seq),"
    " t.live_from, t.id FROM target t ORDER BY t.name"
)


def accounts(path: Path) -> tuple[TargetAccount, ...]:
    """Return the account of every target that ever was configured, by name."""
    with reader_of(path) as connection:
        return tuple(_account(connection, row) for row in connection.execute(_ACCOUNT).fetchall())


def kept_letters(path: Path, target: str | None = None) -> tuple[KeptLetter, ...]:
    """Return the open dead letters of a target or of all, in order of sequence."""
    with reader_of(path) as connection:
        rows = connection.execute(
            "SELECT t.name, lower(hex(e.id)), d.seq, d.n, d.code, d.reason, d.attempts, d.first_ms"
            " FROM dead d JOIN target t ON t.id = d.target LEFT JOIN event e ON e.seq = d.seq"
            " WHERE d.state = 'dead' AND (?1 IS NULL OR t.name = ?1) ORDER BY d.seq, t.name",
            (target,),
        ).fetchall()
    return tuple(_kept(row) for row in rows)


def sequences_of(path: Path, ids: tuple[str, ...]) -> dict[str, int]:
    """Return the sequences of those events that are in the journal."""
    with reader_of(path) as connection:
        found = {
            key: connection.execute(
                "SELECT seq FROM event WHERE id = ?", (id_blob(key),)
            ).fetchone()
            for key in ids
        }
    return {key: row[0] for key, row in found.items() if row is not None}


def photo_counts(path: Path) -> dict[str, int]:
    """Return how many photographs stand in each state."""
    with reader_of(path) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM photo GROUP BY state"))


def _kept(row: Any) -> KeptLetter:
    name, key, seq, n, code, reason, attempts, first_ms = row
    letter = DeadLetter(
        seq=seq, n=n, code=code, reason=reason, attempts=attempts, first_ms=first_ms
    )
    return KeptLetter(target=name, event=key and _uuid(key), letter=letter)


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _account(connection: Any, row: Any) -> TargetAccount:
    name, state, cursor_seq, next_n, oldest, dead, replays, live_sent, live_from, key = row
    pending, oldest_ms = 0, None
    if oldest is not None:
        n, oldest_ms = connection.execute(  # a damaged journal may have the row without its event
            "SELECT o.n, e.recorded_ms FROM outbox o LEFT JOIN event e ON e.seq = o.seq"
            " WHERE o.seq = ? AND o.target = ?",
            (oldest, key),
        ).fetchone()
        pending = next_n - n - (live_sent if live_from is not None and oldest <= live_from else 0)
    return TargetAccount(
        name=name,
        state=state,
        cursor_seq=cursor_seq,
        pending=pending,
        oldest_ms=oldest_ms,
        dead=dead,
        replay_pending=replays,
    )
