"""Ways that events go to one target: the ordered line, the live range before it, replays.

A lane knows what comes next on it and what is written when that is dealt with.
"""

from typing import Protocol

from edge.journal.outbox import (
    ALL_RIGHTS,
    Ack,
    Aside,
    DeadLetter,
    LiveRange,
    Outbox,
    OutboxRow,
    Replay,
    Rights,
)

Settlement = Ack | Aside


class Lane(Protocol):
    """One way of events."""

    is_replay: bool

    def read(self, after_seq: int, limit: int) -> tuple[OutboxRow, ...]:
        """Return at most `limit` events behind `after_seq`."""

    @property
    def at(self) -> int:
        """Return the sequence behind which the next event stands."""

    def moved(self, rows: list[OutboxRow], dead: tuple[DeadLetter, ...]) -> Settlement:
        """Take that these rows are dealt with, the `dead` ones refused; return what to write."""


class Line:
    """The ordered line; with `live_first` it may be split: a backlog, and what happens now."""

    is_replay = False

    def __init__(self, target: str, outbox: Outbox) -> None:
        found = outbox.standings()
        self._target = target
        self._outbox = outbox
        self.cursor = found.cursor_seq
        self.live = found.live
        self.live_sent = 0 if self.live is None else outbox.count(self.live.from_seq, self.live.seq)

    @property
    def at(self) -> int:
        """Return the cursor."""
        return self.cursor

    def read(self, after_seq: int, limit: int) -> tuple[OutboxRow, ...]:
        """Return what follows, up to where the live range begins."""
        to_seq = None if self.live is None else self.live.from_seq
        return self._outbox.read(after_seq, limit, to_seq=to_seq)

    def split(self, at_seq: int) -> None:
        """Let events behind `at_seq` overtake what is older."""
        self.live, self.live_sent = LiveRange(from_seq=at_seq, seq=at_seq), 0

    def here(self) -> Ack:
        """Return where the line stands."""
        return Ack(target=self._target, cursor_seq=self.cursor, live=self.live)

    def join(self) -> Ack:
        """Take that the backlog is through: the line goes on behind the live range."""
        assert self.live is not None, "there is nothing to join"
        self.cursor, self.live, self.live_sent = self.live.seq, None, 0
        return Ack(target=self._target, cursor_seq=self.cursor)

    def skip_to(self, cursor_seq: int) -> None:
        """Take that everything up to here was given up by a person's word."""
        self.cursor = max(self.cursor, cursor_seq)

    def moved(self, rows: list[OutboxRow], dead: tuple[DeadLetter, ...]) -> Ack:
        """Move the cursor."""
        self.cursor = rows[-1].seq
        return Ack(target=self._target, cursor_seq=self.cursor, dead=dead, live=self.live)


class LiveLane:
    """What happens now, while the line still has a backlog."""

    is_replay = False

    def __init__(self, target: str, outbox: Outbox, line: Line) -> None:
        self._target = target
        self._outbox = outbox
        self._line = line

    @property
    def at(self) -> int:
        """Return how far the live range is delivered."""
        assert self._line.live is not None, "a live lane stands beside a backlog"
        return self._line.live.seq

    def read(self, after_seq: int, limit: int) -> tuple[OutboxRow, ...]:
        """Return what happened since."""
        return self._outbox.read(after_seq, limit)

    def moved(self, rows: list[OutboxRow], dead: tuple[DeadLetter, ...]) -> Ack:
        """Move the end of the live range; the cursor stays with the backlog."""
        line = self._line
        assert line.live is not None, "a live lane stands beside a backlog"
        line.live = LiveRange(from_seq=line.live.from_seq, seq=rows[-1].seq)
        line.live_sent += len(rows)
        return Ack(target=self._target, cursor_seq=line.cursor, dead=dead, live=line.live)


class ReplayLane:
    """Events that go again; the cursor is not touched."""

    is_replay = True

    def __init__(
        self,
        target: str,
        outbox: Outbox,
        replay: Replay,
        *,
        globs: tuple[str, ...],
        rights: Rights = ALL_RIGHTS,
    ) -> None:
        self._target = target
        self._outbox = outbox
        self._replay = replay
        self._globs = globs
        self._rights = rights

    @property
    def at(self) -> int:
        """Return the sequence before the next one."""
        return self._replay.next_seq - 1

    @property
    def id(self) -> int:
        """Return the replay's key."""
        return self._replay.id

    @property
    def is_through(self) -> bool:
        """Return whether nothing is left."""
        return self._replay.next_seq > self._replay.to_seq

    def read(self, after_seq: int, limit: int) -> tuple[OutboxRow, ...]:
        """Return what follows; an empty part of the range is passed at once."""
        at = Replay(
            id=self._replay.id,
            next_seq=max(self._replay.next_seq, after_seq + 1),
            to_seq=self._replay.to_seq,
            seqs=self._replay.seqs,
        )
        while at.next_seq <= at.to_seq:
            rows, at = self._outbox.replay_rows(at, limit, self._globs, self._rights)
            if rows:
                return rows
        return ()

    def ended(self) -> Aside:
        """Take that no event is left in the range."""
        return self._moved_to(self._replay.to_seq + 1)

    def moved(self, rows: list[OutboxRow], dead: tuple[DeadLetter, ...]) -> Aside:
        """Note where the replay stands; what was a dead letter counts as delivered now."""
        refused = {letter.seq for letter in dead}
        known = self._outbox.open_letters(rows[0].seq, rows[-1].seq)
        delivered = tuple(row.seq for row in rows if row.seq in known - refused)
        return Aside(
            target=self._target,
            dead=dead,
            delivered=delivered,
            dead_change=len(refused - known) - len(delivered),
            replay=self._moved_to(rows[-1].seq + 1).replay,
        )

    def _moved_to(self, next_seq: int) -> Aside:
        self._replay = Replay(
            id=self._replay.id,
            next_seq=next_seq,
            to_seq=self._replay.to_seq,
            seqs=self._replay.seqs,
        )
        return Aside(target=self._target, replay=self._replay)
