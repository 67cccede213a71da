"""The scrub: stored events looked at again and again, a few at a time, before somebody needs them.

Only reads. What it finds is told once a pass; the service journals it as `station.corrupt`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.journal.proof import Row, is_genuine, need_events, newest_seq, purged, rows
from edge.journal.rows import JournalDamagedError
from edge.journal.schema import broken, open_reader

STEP_EVENTS: Final = 500
FAULTS_MAX: Final = 5


class Scrub:
    """One reading connection and where it stands; all calls come from one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._known: frozenset[int] = frozenset()
        self._newest = 0
        self.seq = 0

    @property
    def is_done(self) -> bool:
        """Return whether the newest event of this pass was looked at."""
        return self._connection is not None and self.seq >= self._newest

    def step(self) -> tuple[int, ...]:
        """Look at the next events; return the sequences of those that are newly damaged.

        A pass ends at the event that was the newest when it began; the next call begins anew.
        Raises JournalBrokenError where the file cannot be read at all.
        """
        try:
            return self._step()
        except sqlite3.Error as error:
            raise broken("scrub", error) from error

    def need_pages(self) -> None:
        """Have SQLite look at every page of the file: after a stop that was not in order.

        Raises JournalDamagedError for what it finds, JournalBrokenError for a file it cannot read.
        """
        try:
            with closing(open_reader(self._path)) as connection:
                found = connection.execute(f"PRAGMA quick_check({FAULTS_MAX})").fetchall()
        except sqlite3.Error as error:
            raise broken("quick_check", error) from error
        faults = [text for (text,) in found if text != "ok"]
        if faults:
            raise JournalDamagedError("quick_check", "; ".join(faults))

    def close(self) -> None:
        """Close the connection; harmless twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _step(self) -> tuple[int, ...]:
        if self._connection is None:
            self._connection = open_reader(self._path)
            need_events(self._connection)
            self._begin(self._connection)
        elif self.is_done:
            self._begin(self._connection)
        last = min(self.seq + STEP_EVENTS, self._newest)
        found = tuple(
            seq
            for seq, row in rows(self._connection, self.seq + 1, last)
            if seq not in self._known and _is_damaged(row)
        )
        self.seq = last
        return found

    def _begin(self, connection: sqlite3.Connection) -> None:
        self.seq = purged(connection)[0]
        self._newest = newest_seq(connection, self.seq)
        parked = connection.execute("SELECT seq FROM parked").fetchall()
        self._known = frozenset(seq for (seq,) in parked)


def _is_damaged(row: Row | str | None) -> bool:
    """An absent event is no damage here: it was purged meanwhile, or a salvage has declared it."""
    return isinstance(row, str) or (row is not None and not is_genuine(row))
