"""Words of people about targets as files: `DATA/inbox/sync/<name>.json`, renamed into place.

Each is applied and journalled in one go. Taken once more after a crash, an order changes nothing.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.catalogue import Person
from edge.events import SyncReplayed, SyncRetired, SyncState, SyncWaived, parse_utc
from edge.inbox import Drop, DropRefusedError, Inbox, object_of
from edge.journal.accounts import TargetAccount, accounts, kept_letters, sequences_of
from edge.journal.outbox import Act, Order
from edge.journal.reader import Reader
from edge.journal.writer import Journal
from edge.records import from_json

INBOX: Final = Path("inbox", "sync")
SUPERVISORS: Final = (Act.WAIVE, Act.RETIRE)
IDS_MAX: Final = 10_000
BYTES_MAX: Final = 1024 * 1024

Event = SyncState | SyncReplayed | SyncWaived | SyncRetired
Commit = Callable[[Event, str | None], Awaitable[bool]]

log = logging.getLogger("sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order as it is handed in; events by `dead`, `ids`, `from_seq` and `to_seq`, or `since`."""

    act: Act
    target: str
    by: str
    reason: str = ""
    dead: bool = False
    ids: tuple[str, ...] = ()
    from_seq: int | None = None
    to_seq: int | None = None
    since: str = ""


class Orders:
    """Takes orders and follows them. `commit` returns False where no room is."""

    def __init__(
        self,
        data: Path,
        journal: Journal,
        *,
        people: Mapping[str, Person],
        commit: Commit,
        photo_targets: frozenset[str] = frozenset(),
    ) -> None:
        self.inbox = Inbox(data / INBOX, self._follow, what="sync", bytes_max=BYTES_MAX)
        self._journal = journal
        self._people = people
        self._commit = commit
        self._photo_targets = photo_targets

    async def _follow(self, drop: Drop) -> bool:
        once = f"sync/{drop.name}/{hashlib.sha256(drop.body).hexdigest()[:16]}"
        wanted = read_order(drop.body)
        self._need_person(wanted)
        order, event = self._resolved(wanted, _key(drop, once))
        self._journal.ack(order)  # rides in the transaction of its event
        is_done = await self._commit(event, once)
        if is_done:
            log.warning("sync: %s: %s by %s", order.target, order.act.value, wanted.by)
        return is_done

    def _need_person(self, wanted: Wanted) -> None:
        if wanted.act not in SUPERVISORS:
            return
        person = self._people.get(wanted.by)
        if person is None or person.role != "supervisor":
            raise DropRefusedError(f"{wanted.act.value}: {wanted.by!r} is no supervisor")
        if not wanted.reason:
            raise DropRefusedError(f"{wanted.act.value}: a reason is missing")

    def _resolved(self, wanted: Wanted, key: int) -> tuple[Order, Event]:
        """Return what is written and what is told."""
        found = {one.name: one for one in accounts(self._journal.path)}
        account = found.get(wanted.target)
        if account is None:
            known = ", ".join(found) or "none"
            raise DropRefusedError(f"unknown target {wanted.target!r}: known are {known}")
        if account.state == "retired":
            raise DropRefusedError(f"{wanted.target} is retired for good: use a new name")
        target, by, reason = wanted.target, wanted.by, wanted.reason
        if wanted.act is Act.RETIRE:
            order = Order(target=target, act=Act.RETIRE, open_dead=account.dead)
            return order, SyncRetired(target=target, by=by, reason=reason)
        if wanted.act in (Act.PAUSE, Act.RESUME):
            is_of_photos = target in self._photo_targets
            order = Order(target=target, act=wanted.act, is_of_photos=is_of_photos)
            return order, _stands(wanted, account)
        low, high, seqs = self._events(wanted)
        what = "dead" if wanted.dead else "ids" if wanted.ids else "range"
        count = len(seqs) or None
        if wanted.act is Act.REPLAY:
            order = Order(
                target=target, act=Act.REPLAY, key=key, from_seq=low, to_seq=high, seqs=seqs
            )
            return order, SyncReplayed(
                target=target, what=what, from_seq=low, to_seq=high, by=by, count=count
            )
        order = Order(
            target=target,
            act=Act.WAIVE,
            from_seq=low,
            to_seq=high,
            seqs=seqs,
            open_dead=self._open_dead(target, low, high, seqs),
        )
        return order, SyncWaived(
            target=target,
            what=what,
            from_seq=low,
            to_seq=high,
            by=by,
            reason=reason,
            count=count,
        )

    def _open_dead(self, target: str, low: int, high: int, seqs: tuple[int, ...]) -> int:
        letters = [one.letter.seq for one in kept_letters(self._journal.path, target)]
        return sum(seq in seqs if seqs else low <= seq <= high for seq in letters)

    def _events(self, wanted: Wanted) -> tuple[int, int, tuple[int, ...]]:
        """Return first and last sequence, and the single ones where no whole range is meant."""
        path, last_seq = self._journal.path, self._journal.last_seq
        if wanted.dead:
            seqs = tuple(one.letter.seq for one in kept_letters(path, wanted.target))
            if not seqs:
                raise DropRefusedError(f"{wanted.target} has no open dead letter")
            return seqs[0], seqs[-1], seqs
        if wanted.ids:
            known = sequences_of(path, wanted.ids)
            strange = [key for key in wanted.ids if key not in known]
            if strange:
                raise DropRefusedError(f"no such event: {', '.join(strange[:5])}")
            seqs = tuple(sorted(known.values()))
            return seqs[0], seqs[-1], seqs
        low, high = wanted.from_seq or 1, min(wanted.to_seq or last_seq, last_seq)
        if wanted.since:
            with Reader(path) as reader:
                low, high = reader.seq_at(parse_utc(wanted.since)), last_seq
        if low > high:
            raise DropRefusedError("the range holds no event")
        return low, high, ()


def read_order(body: bytes) -> Wanted:
    """Return the order that a file holds. Raises DropRefusedError."""
    try:
        wanted = from_json(Wanted, object_of(body))
        if wanted.since:
            parse_utc(wanted.since)
    except (ValueError, TypeError) as error:
        raise DropRefusedError(f"no order: {error}") from error
    ways = (wanted.dead, bool(wanted.ids), wanted.from_seq is not None, bool(wanted.since))
    if wanted.act in (Act.REPLAY, Act.WAIVE) and sum(ways) != 1:
        raise DropRefusedError("which events: dead, ids, from_seq and to_seq, or since")
    if wanted.from_seq is not None and wanted.to_seq is None:
        raise DropRefusedError("to_seq is missing")
    if len(wanted.ids) > IDS_MAX:
        raise DropRefusedError(f"more than {IDS_MAX} ids")
    return wanted


def _stands(wanted: Wanted, account: TargetAccount) -> SyncState:
    state = "paused" if wanted.act is Act.PAUSE else "idle"
    return SyncState(
        target=wanted.target,
        state=state,
        pending=account.pending,
        oldest_ms=0,
        reason=f"{wanted.by}: {wanted.reason}" if wanted.reason else wanted.by,
    )


def _key(drop: Drop, once: str) -> int:
    """Return a number that stays when the order comes again; later orders have larger ones."""
    tail = int(hashlib.sha256(once.encode()).hexdigest()[:4], 16)
    return (drop.changed_ns // 1_000_000) << 16 | tail
