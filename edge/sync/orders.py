"""Words of people about targets as files: `DATA/inbox/sync/<name>.json`, renamed into place.

Each is applied and journalled in one go and laid aside in `done/`, or in `bad/` beside
`<name>.err`. Taken once more after a crash, an order changes nothing.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.catalogue import Person
from edge.events import SyncReplayed, SyncRetired, SyncState, SyncWaived, parse_utc
from edge.journal.accounts import TargetAccount, accounts, kept_letters, sequences_of
from edge.journal.outbox import Act, Order
from edge.journal.reader import Reader
from edge.journal.writer import Journal
from edge.records import from_json

INBOX: Final = Path("inbox", "sync")
POLL_S: Final = 0.5
SUPERVISORS: Final = (Act.WAIVE, Act.RETIRE)
IDS_MAX: Final = 10_000
BYTES_MAX: Final = 1024 * 1024

Event = SyncState | SyncReplayed | SyncWaived | SyncRetired
Commit = Callable[[Event, str | None], Awaitable[bool]]

log = logging.getLogger("sync")


class OrderRefusedError(ValueError):
    """An order that cannot be followed; the message says why."""


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
        self._inbox = data / INBOX
        self._journal = journal
        self._people = people
        self._commit = commit
        self._photo_targets = photo_targets

    async def run(self) -> None:
        """Take what is dropped, for ever."""
        while True:
            try:
                await self.take_all()
            except OSError as error:
                log.warning("sync: inbox: %s", error)
            await asyncio.sleep(POLL_S)

    async def take_all(self) -> None:
        """Take what lies there, in name order. Raises OSError."""
        for name in ("done", "bad"):
            (self._inbox / name).mkdir(parents=True, exist_ok=True)
        for path in sorted(self._inbox.glob("*.json")):
            await self._take(path)

    async def _take(self, path: Path) -> None:
        body = _read(path)
        once = f"sync/{path.name}/{hashlib.sha256(body).hexdigest()[:16]}"
        try:
            wanted = read_order(body)
            self._need_person(wanted)
            order, event = self._resolved(wanted, _key(path, once))
        except OrderRefusedError as error:
            log.error("sync: %s refused: %s", path.name, error)  # noqa: TRY400 - no trace is needed
            self._refuse(path, str(error))
            return
        self._journal.ack(order)  # rides in the transaction of its event
        if await self._commit(event, once):
            log.warning("sync: %s: %s by %s", order.target, order.act.value, wanted.by)
            self._lay_aside(path, "done")

    def _refuse(self, path: Path, why: str) -> None:
        (self._inbox / "bad" / f"{path.name}.err").write_text(f"{why}\n", encoding="utf-8")
        self._lay_aside(path, "bad")

    def _lay_aside(self, path: Path, where: str) -> None:
        path.rename(self._inbox / where / path.name)

    def _need_person(self, wanted: Wanted) -> None:
        if wanted.act not in SUPERVISORS:
            return
        person = self._people.get(wanted.by)
        if person is None or person.role != "supervisor":
            raise OrderRefusedError(f"{wanted.act.value}: {wanted.by!r} is no supervisor")
        if not wanted.reason:
            raise OrderRefusedError(f"{wanted.act.value}: a reason is missing")

    def _resolved(self, wanted: Wanted, key: int) -> tuple[Order, Event]:
        """Return what is written and what is told."""
        found = {one.name: one for one in accounts(self._journal.path)}
        account = found.get(wanted.target)
        if account is None:
            known = ", ".join(found) or "none"
            raise OrderRefusedError(f"unknown target {wanted.target!r}: known are {known}")
        if account.state == "retired":
            raise OrderRefusedError(f"{wanted.target} is retired for good: use a new name")
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
                raise OrderRefusedError(f"{wanted.target} has no open dead letter")
            return seqs[0], seqs[-1], seqs
        if wanted.ids:
            known = sequences_of(path, wanted.ids)
            strange = [key for key in wanted.ids if key not in known]
            if strange:
                raise OrderRefusedError(f"no such event: {', '.join(strange[:5])}")
            seqs = tuple(sorted(known.values()))
            return seqs[0], seqs[-1], seqs
        low, high = wanted.from_seq or 1, min(wanted.to_seq or last_seq, last_seq)
        if wanted.since:
            with Reader(path) as reader:
                low, high = reader.seq_at(parse_utc(wanted.since)), last_seq
        if low > high:
            raise OrderRefusedError("the range holds no event")
        return low, high, ()


def _read(path: Path) -> bytes:
    return path.read_bytes()[:BYTES_MAX]


def read_order(body: bytes) -> Wanted:
    """Return the order that a file holds. Raises OrderRefusedError."""
    try:
        found: Any = json.loads(body)
        wanted = from_json(Wanted, found)
        if wanted.since:
            parse_utc(wanted.since)
    except (ValueError, TypeError, KeyError) as error:
        raise OrderRefusedError(f"no order: {error}") from error
    ways = (wanted.dead, bool(wanted.ids), wanted.from_seq is not None, bool(wanted.since))
    if wanted.act in (Act.REPLAY, Act.WAIVE) and sum(ways) != 1:
        raise OrderRefusedError("which events: dead, ids, from_seq and to_seq, or since")
    if wanted.from_seq is not None and wanted.to_seq is None:
        raise OrderRefusedError("to_seq is missing")
    if len(wanted.ids) > IDS_MAX:
        raise OrderRefusedError(f"more than {IDS_MAX} ids")
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


def _key(path: Path, once: str) -> int:
    """Return a number that stays when the order comes again; later orders have larger ones."""
    tail = int(hashlib.sha256(once.encode()).hexdigest()[:4], 16)
    return (path.stat().st_mtime_ns // 1_000_000) << 16 | tail
