"""What a person wants to know of the feeds, read from the reference's file. Never writes."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from edge.journal.reference import Trouble, What
from edge.journal.rows import JournalBrokenError
from edge.journal.schema import open_reader


class FeedLight(StrEnum):
    """What a feed does; the first that is true is told, `fresh` where none is."""

    AWAY = "away"
    REFUSED = "refused"
    LOADING = "loading"
    NEVER = "never"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAccount:
    """A feed as the file says: `fresh_ms` = when it was last known to be complete, `rows` in force.

    `refusal` = the last page or file that was refused, `away` = why nothing comes now.
    """

    name: str
    state: FeedLight
    rows: int
    fresh_ms: int | None = None
    cursor: str | None = None
    refusal: Trouble | None = None
    away: Trouble | None = None


_ROWS: Final = {
    "returns": "SELECT count(*) FROM line WHERE generation = ?",
    "items": "SELECT count(*) FROM item WHERE generation = ?",
}
_ENTRIES: Final = "SELECT count(*) FROM entry WHERE generation = ? AND feed = ?"


def feed_states(path: Path) -> tuple[FeedAccount, ...]:
    """Return the account of every feed that was ever configured, by name.

    Raises JournalBrokenError for a file that is absent or cannot be read.
    """
    with closing(open_reader(path)) as connection:
        try:
            rows = connection.execute(
                "SELECT name, generation, loading, cursor, fresh_ms FROM feed ORDER BY name"
            ).fetchall()
            return tuple(_account(connection, *row) for row in rows)
        except sqlite3.Error as error:
            raise JournalBrokenError("reference: read", str(error)) from error


def _account(
    connection: sqlite3.Connection,
    name: str,
    generation: int,
    loading: int | None,
    cursor: str | None,
    fresh_ms: int | None,
) -> FeedAccount:
    query = _ROWS.get(name, _ENTRIES)
    values = (generation,) if name in _ROWS else (generation, name)
    (count,) = connection.execute(query, values).fetchone()
    troubles = _troubles(connection, name)
    refusal, away = troubles.get(What.REFUSED), troubles.get(What.AWAY)
    lights = {
        FeedLight.AWAY: away is not None,
        FeedLight.REFUSED: refusal is not None and refusal.at_ms > (fresh_ms or 0),
        FeedLight.LOADING: loading is not None,
        FeedLight.NEVER: fresh_ms is None,
    }
    return FeedAccount(
        name=name,
        state=next((light for light, is_lit in lights.items() if is_lit), FeedLight.FRESH),
        rows=count,
        fresh_ms=fresh_ms,
        cursor=cursor,
        refusal=refusal,
        away=away,
    )


def _troubles(connection: sqlite3.Connection, feed: str) -> dict[What, Trouble]:
    rows = connection.execute(
        "SELECT what, at_ms, name, reason FROM trouble WHERE feed = ?", (feed,)
    ).fetchall()
    return {
        What(what): Trouble(what=What(what), at_ms=at_ms, name=name, reason=reason)
        for what, at_ms, name, reason in rows
    }
