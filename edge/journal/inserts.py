"""Statements that put rows into the journal's tables, few and compiled once."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

from edge.journal.rows import IntentRow, id_blob

# Rows a statement: SQLite lets the interpreter go at each statement, and others then hold it for
# milliseconds. Few sizes, so that each is compiled once.
_ROWS: Final = (64, 16, 4, 1)
INTENT: Final = (
    "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " state = excluded.state, seq = excluded.seq, unit = coalesce(excluded.unit, unit),"
    " resource = coalesce(excluded.resource, resource),"
    " wire_key = coalesce(excluded.wire_key, wire_key), body = coalesce(excluded.body, body)"
)


def insert_rows(
    connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert whole rows with as few statements as there can be."""
    if len(rows) == 1:
        connection.execute(_insert(table, len(rows[0]), 1), rows[0])
        return
    at = 0
    for size in _ROWS:
        while len(rows) - at >= size:
            values = tuple(chain.from_iterable(rows[at : at + size]))
            connection.execute(_insert(table, len(rows[at]), size), values)
            at += size


@cache
def _insert(table: str, columns: int, rows: int) -> str:
    marks = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([marks] * rows)}"  # noqa: S608 - own names


def intent_row(row: IntentRow, seq: int) -> tuple[Any, ...]:
    """Return an intent as its table has it."""
    return (
        row.id.encode("utf-8"),
        row.kind,
        None if row.unit is None else id_blob(row.unit),
        row.resource,
        row.wire_key,
        row.state.value,
        seq,
        row.body,
    )
