"""How the targets' accounts are written: always inside a transaction of the journal's writer."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Final

from edge.events import Encoded
from edge.journal.outbox import (
    ALL_RIGHTS,
    Ack,
    Act,
    Aside,
    DeadLetter,
    Order,
    Rights,
    Settlement,
)
from edge.settings.model import TargetSettings

DROP_MAX: Final = 250  # acknowledged outbox rows deleted in one transaction: some milliseconds

_DEAD: Final = (
    "INSERT INTO dead (target, seq, n, code, reason, attempts, first_ms, state)"
    " SELECT id, ?, ?, ?, ?, ?, ?, 'dead' FROM target WHERE name = ?"
    " ON CONFLICT (target, seq) DO UPDATE SET code = excluded.code, reason = excluded.reason,"
    " attempts = attempts + 1, state = 'dead'"
)
_TAKEN_BY_ALL: Final = "SELECT min(cursor_seq) FROM target WHERE retired_ms IS NULL AND next_n > 1"
_OF: Final = "target = (SELECT id FROM target WHERE name = ?)"


@dataclass(slots=True, kw_only=True)
class TargetBook:
    """The account of one target, changed by who has the writer's turn.

    `kept_n` = the next delivery number as the table has it. The true one is that or the one behind
    the newest outbox row, whichever is higher: no commit pays for another page. It is written
    before rows go, and when it is NUMBERS_MAX behind.
    """

    id: int
    name: str
    globs: tuple[str, ...]
    next_n: int
    kept_n: int
    cursor_seq: int
    dead: int = 0
    rights: Rights = ALL_RIGHTS

    def takes(self, event: Encoded) -> bool:
        """Return whether an event that the filter wants may go there."""
        is_allowed = self.rights.allow(event.tenant, is_audit=event.audit)
        return is_allowed and not is_about(event, self.name)


def open_books(
    connection: sqlite3.Connection, targets: tuple[TargetSettings, ...], last_seq: int
) -> tuple[TargetBook, ...]:
    """Return the targets' accounts; a new target starts at now. Runs inside a transaction.

    A target of photographs alone has no events that could be kept for it.
    """
    for target in targets:
        connection.execute(
            "INSERT INTO target (name, durable, state, next_n, cursor_seq) VALUES (?, ?, 'idle', 1,"
            " ?) ON CONFLICT (name) DO UPDATE SET durable = excluded.durable",
            (target.name, int(target.durable and target.takes_events), last_seq),
        )
    return tuple(_open_book(connection, target) for target in targets)


def is_about(event: Encoded, target: str) -> bool:
    """Return whether an event tells of the way to this very target: such a one never goes there."""
    if not event.kind.startswith("sync."):
        return False
    data = json.loads(event.head.partition(b',"prevhash":"')[0] + b"}")["data"]
    return bool(data.get("target") == target)


def settle(connection: sqlite3.Connection, settlement: Settlement, now_ms: int) -> None:
    """Write one settlement, in the caller's transaction. Idempotent but for counted attempts."""
    match settlement:
        case Ack():
            _ack(connection, settlement)
        case Aside():
            _aside(connection, settlement)
        case Order():
            _order(connection, settlement, now_ms)


def has_delivered(connection: sqlite3.Connection) -> bool:
    """Return whether there are outbox rows that no target waits for."""
    (found,) = connection.execute(
        f"SELECT (SELECT min(seq) FROM outbox) <= ({_TAKEN_BY_ALL})"  # noqa: S608 - a constant
    ).fetchone()
    return bool(found)


def drop_delivered(connection: sqlite3.Connection) -> None:
    """Delete outbox rows that no target waits for, a bounded range at a time."""
    connection.execute(
        f"DELETE FROM outbox WHERE seq <= ({_TAKEN_BY_ALL})"  # noqa: S608 - a constant
        " AND seq < (SELECT min(seq) FROM outbox) + ?",
        (DROP_MAX,),
    )


def merged(before: Ack | None, ack: Ack) -> Ack:
    """Return what two acknowledgements of one target, one after the other, mean together."""
    if before is None:
        return ack
    return Ack(
        target=ack.target,
        cursor_seq=max(before.cursor_seq, ack.cursor_seq),
        dead=before.dead + ack.dead,
        job=ack.job,
        live=ack.live,
    )


def _ack(connection: sqlite3.Connection, ack: Ack) -> None:
    _letters(connection, ack.target, ack.dead)
    job = (ack.job.url, ack.job.to_seq) if ack.job is not None else (None, None)
    live = (ack.live.from_seq, ack.live.seq) if ack.live is not None else (None, None)
    connection.execute(
        "UPDATE target SET cursor_seq = max(cursor_seq, ?), job_url = ?, job_to = ?,"
        " live_from = ?, live_seq = ? WHERE name = ?",
        (ack.cursor_seq, *job, *live, ack.target),
    )


def _letters(connection: sqlite3.Connection, target: str, letters: tuple[DeadLetter, ...]) -> None:
    connection.executemany(
        _DEAD,
        [
            (one.seq, one.n, one.code, one.reason, one.attempts, one.first_ms, target)
            for one in letters
        ],
    )


def _aside(connection: sqlite3.Connection, aside: Aside) -> None:
    _letters(connection, aside.target, aside.dead)
    connection.executemany(
        f"UPDATE dead SET state = 'delivered' WHERE {_OF} AND seq = ? AND state = 'dead'",  # noqa: S608
        [(aside.target, seq) for seq in aside.delivered],
    )
    if aside.replay is not None:
        at = aside.replay
        connection.execute("UPDATE replay SET next_seq = ? WHERE id = ?", (at.next_seq, at.id))
        connection.execute("DELETE FROM replay WHERE id = ? AND next_seq > to_seq", (at.id,))
    if aside.state is not None:
        connection.execute(
            "UPDATE target SET state = ? WHERE name = ? AND state NOT IN ('paused', 'retired')",
            (aside.state, aside.target),
        )
    connection.executemany(
        "UPDATE photo SET state = ? WHERE sha256 = ? AND state IN ('kept', 'refused')",
        [(state, bytes.fromhex(sha256)) for sha256, state in aside.photos],
    )


def _order(connection: sqlite3.Connection, order: Order, now_ms: int) -> None:
    match order.act:
        case Act.PAUSE:
            _set_state(connection, order.target, "paused")
        case Act.RESUME:
            _set_state(connection, order.target, "idle")
            if order.is_of_photos:
                connection.execute("UPDATE photo SET state = 'kept' WHERE state = 'refused'")
        case Act.RETIRE:
            connection.execute(
                "UPDATE target SET state = 'retired', retired_ms = ?, live_from = NULL,"
                " live_seq = NULL, job_url = NULL, job_to = NULL WHERE name = ?",
                (now_ms, order.target),
            )
            connection.execute(f"DELETE FROM replay WHERE {_OF}", (order.target,))  # noqa: S608
        case Act.WAIVE:
            _waive(connection, order, now_ms)
        case Act.REPLAY:
            _replay(connection, order)


def _set_state(connection: sqlite3.Connection, target: str, state: str) -> None:
    connection.execute(
        "UPDATE target SET state = ? WHERE name = ? AND retired_ms IS NULL", (state, target)
    )


def _waive(connection: sqlite3.Connection, order: Order, now_ms: int) -> None:
    """Give up dead letters, and what is unsent of the range; then the cursor may pass it."""
    ranges = [(seq, seq) for seq in order.seqs] or [(order.from_seq, order.to_seq)]
    for low, high in ranges:
        connection.execute(
            f"UPDATE dead SET state = 'waived' WHERE {_OF} AND seq BETWEEN ? AND ?"  # noqa: S608
            " AND state = 'dead'",
            (order.target, low, high),
        )
        connection.execute(
            "INSERT INTO dead SELECT o.target, o.seq, o.n, 'waived', '', 0, ?, 'waived'"
            " FROM outbox o JOIN target t ON t.id = o.target WHERE t.name = ?"
            " AND o.seq BETWEEN ? AND ? AND o.seq > t.cursor_seq ON CONFLICT DO NOTHING",
            (now_ms, order.target, low, high),
        )
    connection.execute(
        "UPDATE target SET cursor_seq = max(cursor_seq, coalesce("
        " (SELECT min(o.seq) - 1 FROM outbox o LEFT JOIN dead d ON d.target = o.target"
        "   AND d.seq = o.seq AND d.state = 'waived'"
        "   WHERE o.target = target.id AND o.seq > target.cursor_seq AND d.seq IS NULL),"
        " (SELECT max(o.seq) FROM outbox o WHERE o.target = target.id), 0)) WHERE name = ?",
        (order.target,),
    )


def _replay(connection: sqlite3.Connection, order: Order) -> None:
    seqs = sorted(order.seqs)
    low, high = (seqs[0], seqs[-1]) if seqs else (order.from_seq, order.to_seq)
    connection.execute(
        "INSERT INTO replay SELECT ?, id, ?, ?, ? FROM target WHERE name = ?"
        " ON CONFLICT DO NOTHING",
        (order.key, low, high, json.dumps({"seqs": seqs} if seqs else {}), order.target),
    )


def _open_book(connection: sqlite3.Connection, target: TargetSettings) -> TargetBook:
    key, next_n, cursor, retired_ms = connection.execute(
        "SELECT id, next_n, cursor_seq, retired_ms FROM target WHERE name = ?", (target.name,)
    ).fetchone()
    newest = connection.execute(
        "SELECT n FROM outbox WHERE target = ? ORDER BY seq DESC LIMIT 1", (key,)
    ).fetchone()
    (dead,) = connection.execute(
        "SELECT count(*) FROM dead WHERE target = ? AND state = 'dead'", (key,)
    ).fetchone()
    return TargetBook(
        id=key,
        name=target.name,
        globs=target.events if retired_ms is None else (),
        next_n=next_n if newest is None else max(next_n, newest[0] + 1),
        kept_n=next_n,
        cursor_seq=cursor,
        dead=dead,
        rights=Rights(tenants=target.tenants, audit=target.audit),
    )
