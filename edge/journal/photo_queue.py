"""Photographs that are kept and not uploaded yet, oldest first; reads only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.journal.outbox import Standing
from edge.journal.schema import open_reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A photograph and the sequence of the event that names it."""

    seq: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoCounts:
    """How many wait and how many the target refused; `oldest_ms` = recorded time of the oldest."""

    pending: int
    refused: int
    oldest_ms: int | None


# Events are canonical JSON, so a mark has one form.
_IS_MARKED: Final = (
    "EXISTS (SELECT 1 FROM event e WHERE e.seq = photo.seq"
    " AND instr(e.body, CAST('\"{mark}\":true' AS BLOB)))"
)


class PhotoQueue:
    """One reading connection; short snapshots.

    Without the right `personal` what may show an address does not count, without `audit` what
    shows a prepared test piece: it stays here.
    """

    def __init__(
        self, path: Path, target: str, *, personal: bool = False, audit: bool = False
    ) -> None:
        self._connection = open_reader(path)
        self._target = target
        withheld = [mark for mark, may in (("personal", personal), ("audit", audit)) if not may]
        self._waits = " AND NOT ".join(
            ("state = 'kept'", *(_IS_MARKED.format(mark=mark) for mark in withheld))
        )

    def close(self) -> None:
        """Close the connection; harmless twice."""
        self._connection.close()

    def standing(self) -> Standing:
        """Return what people decided about the target."""
        state, retired_ms = self._connection.execute(
            "SELECT state, retired_ms FROM target WHERE name = ?", (self._target,)
        ).fetchone()
        if retired_ms is not None:
            return Standing.RETIRED
        return Standing.PAUSED if state == Standing.PAUSED else Standing.IN_USE

    def next_after(self, seq: int) -> Waiting | None:
        """Return the oldest photograph named behind `seq` that waits."""
        row = self._connection.execute(
            f"SELECT seq, sha256 FROM photo WHERE {self._waits} AND seq > ?"  # noqa: S608
            " ORDER BY seq LIMIT 1",
            (seq,),
        ).fetchone()
        return None if row is None else Waiting(seq=row[0], sha256=row[1].hex())

    def counts(self, seq: int) -> PhotoCounts:
        """Return what stands behind `seq`, and all that was refused."""
        pending, oldest = self._connection.execute(
            f"SELECT count(*), min(seq) FROM photo WHERE {self._waits} AND seq > ?",  # noqa: S608
            (seq,),
        ).fetchone()
        (refused,) = self._connection.execute(
            "SELECT count(*) FROM photo WHERE state = 'refused'"
        ).fetchone()
        row = self._connection.execute(
            "SELECT recorded_ms FROM event WHERE seq = ?", (oldest,)
        ).fetchone()
        return PhotoCounts(
            pending=pending, refused=refused, oldest_ms=None if row is None else row[0]
        )
