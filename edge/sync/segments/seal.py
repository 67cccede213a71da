"""Copies a journal into immutable Parquet segments: 50,000 events or a day each, exact bodies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb

from edge.events import GENESIS
from edge.journal.reader import Reader, is_intact
from edge.sync.segments.files import (
    SEGMENTS,
    Name,
    SegmentError,
    connect,
    listed,
    quoted,
    remove_rests,
    write_parquet,
)

EVENTS_MAX: Final = 50_000
_RECORDED: Final = b'"recordedtime":"'
_SOURCE: Final = b'"source":"'
_SHAPE: Final = """{"id":"VARCHAR","type":"VARCHAR","time":"VARCHAR","recordedtime":"VARCHAR",
"sequence":"VARCHAR","data":{"tenant":"VARCHAR","operator":"VARCHAR","parcel":"VARCHAR",
"unit":"VARCHAR","rma":"VARCHAR","status":"VARCHAR","grade":"VARCHAR","zone":"VARCHAR",
"disposition":"VARCHAR","row":"VARCHAR","policy":{"sha256":"VARCHAR"},
"ms":{"active":"BIGINT","waiting":"BIGINT"}}}"""
# `body` is the text itself: JSON values are slices of what was read, not printed anew.
_COLUMNS: Final = """
SELECT e.sequence::BIGINT AS sequence, e.id AS id,
  regexp_extract(e.type, '^receiving-edge[.](.*)[.]v[0-9]+$', 1) AS kind,
  e.time::TIMESTAMP AS time, e.recordedtime::TIMESTAMP AS recordedtime,
  e.data.tenant AS tenant, {station} AS station, e.data.operator AS operator,
  e.data.parcel AS parcel, e.data.unit AS unit, e.data.rma AS rma, e.data.status AS status,
  e.data.grade AS grade, e.data.zone AS zone, e.data.disposition AS disposition,
  e.data.row AS "row", e.data.policy.sha256 AS policy_sha256,
  e.data.ms.active AS ms_active, e.data.ms.waiting AS ms_waiting, body::VARCHAR AS body
FROM (SELECT json AS body, from_json(json, {shape}) AS e
  FROM read_json_objects({file}, format = 'newline_delimited'))
ORDER BY sequence"""

Tell = Callable[[Name], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What an export has done: new segments, and events of an unfinished day left for later."""

    segments: tuple[Name, ...]
    waiting: int


@dataclass(slots=True, kw_only=True)
class _Open:
    """The segment being collected."""

    station: str
    day: str
    first: int
    last: int
    digest: str

    @property
    def count(self) -> int:
        """Return how many events are collected."""
        return self.last - self.first + 1


def seal(journal: Path, out: Path, *, today: str, is_tail: bool, tell: Tell) -> Sealed:
    """Write what is not sealed yet; `today` = the UTC date that is not over, `2026-11-23`.

    `is_tail` seals the events of today, too. The chain is proved on the way. Raises SegmentError
    for an altered event, JournalBrokenError for a file that is no journal.
    """
    folder = out / SEGMENTS
    remove_rests(folder)
    done: list[Name] = []
    waiting = 0
    with Reader(journal) as reader, connect() as connection, TemporaryDirectory() as temporary:
        lines = Path(temporary) / "events.jsonl"
        for part in _parts(reader, _next_seq(reader, folder), lines):
            is_unfinished = part.day >= today and part.count < EVENTS_MAX and not is_tail
            if is_unfinished or waiting:  # nothing is sealed behind what waits
                waiting += part.count
                continue
            name = _name(part)
            _write(connection, lines, part.station, name.below(folder))
            done.append(name)
            tell(name)
    return Sealed(segments=tuple(done), waiting=waiting)


def _next_seq(reader: Reader, folder: Path) -> int:
    """Return the first sequence that is in no segment; the newest one must be of this journal."""
    names = listed(folder)
    if not names:
        return reader.first_seq()
    newest = max(names, key=lambda name: name.last)
    if not reader.digest_of(newest.last).startswith(newest.mark):
        raise SegmentError(f"{newest.below(folder)} is not of this journal")
    return newest.last + 1


def _parts(reader: Reader, from_seq: int, lines: Path) -> Iterator[_Open]:
    """Collect events in a file of JSON lines; yield at each end of a segment."""
    before, source = reader.digest_of(from_seq - 1), ""
    part: _Open | None = None
    file = lines.open("wb")
    try:
        for seq, body, digest in reader.bodies(from_seq):
            told = _source(body)
            follows = GENESIS if source and told != source else before  # a new journal's chain
            if not is_intact(body, follows, digest) and not _begins(body, digest, source):
                raise SegmentError(f"event {seq} is altered")
            before, source = digest.hex(), told
            station, day = told.split("/")[-2], _day(body)
            if part is not None and (
                part.count >= EVENTS_MAX
                or (part.station, part.day) != (station, day)
                or seq != part.last + 1  # what a salvage has declared as lost
            ):
                file.close()
                yield part
                file, part = lines.open("wb"), None
            file.write(body + b"\n")
            if part is None:
                part = _Open(station=station, day=day, first=seq, last=seq, digest=before)
            part.last, part.digest = seq, before
        file.close()
        if part is not None:
            yield part
    finally:
        file.close()


def _begins(body: bytes, digest: bytes, source: str) -> bool:
    """Return whether a chain begins here; behind a segment nobody knows the source before."""
    return not source and is_intact(body, GENESIS, digest)


def _source(body: bytes) -> str:
    """Return the `source` of an event, from its canonical bytes; empty for what is none."""
    _, found, rest = body.rpartition(_SOURCE)
    return rest.partition(b'"')[0].decode("utf-8", errors="replace") if found else ""


def _day(body: bytes) -> str:
    """Return the UTC date of an event, from its canonical bytes."""
    at = body.rindex(_RECORDED) + len(_RECORDED)
    return body[at : at + 10].decode("ascii")


def _name(part: _Open) -> Name:
    return Name(
        first=part.first,
        last=part.last,
        station=part.station,
        day=part.day,
        mark=part.digest[:8],
    )


def _write(connection: duckdb.DuckDBPyConnection, lines: Path, station: str, path: Path) -> None:
    query = _COLUMNS.format(station=quoted(station), shape=quoted(_SHAPE), file=quoted(lines))
    write_parquet(connection, query, path)
