"""Where events lie in a journal's file: the leaf cells of the table `event`, byte by byte."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
LEAF = 0x0D


@dataclass(frozen=True, slots=True)
class Cell:
    """One stored event in the file: `start` to `end`, its record begins at `record`."""

    seq: int
    start: int
    record: int
    end: int


def cells(path: Path) -> list[Cell]:
    """The cells of all events of a closed journal; every body is small enough to lie whole."""
    raw = path.read_bytes()
    return [cell for page in _leaves(path) for cell in _cells_of(raw, page)]


def without_log(path: Path) -> None:
    """Copy all back into the file and close it: what is left is one file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    assert not path.with_name(f"{path.name}-wal").exists()


def _leaves(path: Path) -> Iterator[int]:
    connection = sqlite3.connect(path)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'event'"
    ).fetchone()
    connection.close()
    yield from _below(path.read_bytes(), root)


def _below(raw: bytes, number: int) -> Iterator[int]:
    at = (number - 1) * PAGE
    if raw[at] == LEAF:
        yield number
        return
    count = int.from_bytes(raw[at + 3 : at + 5])
    for n in range(count):
        cell = at + int.from_bytes(raw[at + 12 + 2 * n : at + 14 + 2 * n])
        yield from _below(raw, int.from_bytes(raw[cell : cell + 4]))
    yield from _below(raw, int.from_bytes(raw[at + 8 : at + 12]))


def _cells_of(raw: bytes, number: int) -> Iterator[Cell]:
    at = (number - 1) * PAGE
    for n in range(int.from_bytes(raw[at + 3 : at + 5])):
        start = at + int.from_bytes(raw[at + 8 + 2 * n : at + 10 + 2 * n])
        size, key_at = _varint(raw, start)
        seq, record = _varint(raw, key_at)
        assert size <= PAGE - 35, "an event that goes on in other pages"
        yield Cell(seq=seq, start=start, record=record, end=record + size)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        value = value << 7 | raw[at + n] & 0x7F
        if raw[at + n] < 0x80:
            return value, at + n + 1
    return value << 8 | raw[at + 8], at + 9
