"""Names of segment files, one DuckDB connection, and files that are there whole or not at all."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import duckdb

SEGMENTS: Final = "segments"
VERDICTS: Final = "verdicts"
THREADS: Final = 2
_NAME: Final = re.compile(r"([0-9]+)-([0-9]+)-([0-9a-f]{8})\.parquet")
_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",  # a station downloads nothing
    "autoload_known_extensions": "false",
    "threads": str(THREADS),
}


class SegmentError(Exception):
    """Segments cannot be written or read: the reason."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Name:
    """Which events a segment holds. `mark` = first 8 hex digits of its last event's digest."""

    first: int
    last: int
    station: str
    day: str
    mark: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Read a path; None = it is no segment of ours."""
        found = _NAME.fullmatch(path.name)
        station, _, day = path.parent.parent.name, None, path.parent.name
        if found is None or not station.startswith("station=") or not day.startswith("day="):
            return None
        return cls(
            first=int(found[1]),
            last=int(found[2]),
            station=station.removeprefix("station="),
            day=day.removeprefix("day="),
            mark=found[3],
        )

    def below(self, folder: Path) -> Path:
        """Return the path of this segment in a folder of segments."""
        file = f"{self.first}-{self.last}-{self.mark}.parquet"
        return folder / f"station={self.station}" / f"day={self.day}" / file


def listed(folder: Path) -> tuple[Name, ...]:
    """Return the segments of a folder in order of sequence."""
    names = (Name.of(path) for path in folder.glob("station=*/day=*/*.parquet"))
    return tuple(sorted(name for name in names if name is not None))


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection without a database that loads nothing from outside."""
    return duckdb.connect(config=dict(_SETTINGS))


def quoted(text: str | Path) -> str:
    """Return a text as a SQL literal."""
    doubled = str(text).replace("'", "''")
    return f"'{doubled}'"


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write a query's rows so that the file is there whole and durable, or not at all.

    Raises SegmentError.
    """
    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.exists():
            folder.mkdir()
            _sync(folder.parent)
    temporary = path.with_name(f".{path.name}.tmp")
    options = "FORMAT parquet, COMPRESSION zstd"
    try:
        connection.execute(f"COPY ({query}) TO {quoted(temporary)} ({options})")
    except duckdb.Error as error:
        temporary.unlink(missing_ok=True)
        raise SegmentError(f"{path.name}: {error}") from error
    _sync(temporary)
    temporary.rename(path)
    _sync(path.parent)


def remove_rests(folder: Path) -> None:
    """Delete what a crash has left half written."""
    for path in folder.glob("station=*/day=*/.*.tmp"):
        path.unlink(missing_ok=True)


def fetched(
    connection: duckdb.DuckDBPyConnection, query: str, many: int = 1000
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a query. Raises SegmentError."""
    try:
        cursor = connection.execute(query)
        while rows := cursor.fetchmany(many):
            yield from rows
    except duckdb.Error as error:
        raise SegmentError(str(error)) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
