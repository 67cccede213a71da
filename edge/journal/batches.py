"""What a marketplace promised under one hand-out barcode, read from the cached returns."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.catalogue import ReturnLine
from edge.journal.rows import JournalBrokenError
from edge.records import from_json

_OF_BATCH: Final = (
    "SELECT l.body FROM feed f JOIN line l ON l.generation = f.generation WHERE f.name = 'returns'"
    " AND json_extract(l.body, '$.batch') = ? ORDER BY l.rma, l.line"
)


def lines_of_batch(path: Path, batch: str) -> tuple[ReturnLine, ...]:
    """Return the announced lines of a batch. Raises JournalBrokenError; writes nothing."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute(_OF_BATCH, (batch,)).fetchall()
    except sqlite3.Error as error:
        raise JournalBrokenError("reference: read", str(error)) from error
    return tuple(from_json(ReturnLine, json.loads(row[0])) for row in rows)
