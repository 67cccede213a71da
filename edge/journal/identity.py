"""Which journal a file is: its id, why it has that one, and the journal that it follows."""

import logging
import os
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from edge.events import JournalRef, SequenceRange
from edge.journal.rows import Identity

ID_BYTES: Final = 4
KEYS: Final = (
    "journal_id",
    "machine_id",
    "first_seq",
    "reason",
    "previous_id",
    "previous_digest",
    "lost_first",
)

log = logging.getLogger("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest event that is there, and up to where a target has this journal if further."""

    seq: int
    digest: str
    have: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """A journal's id. While its first event is not written yet, what that one has to say:

    `reason` = why there is a new id (empty when it is written), `previous` = the journal it
    follows, `lost` = what of that one is not here. `last_seq` = all that was ever given.
    """

    journal_id: str
    reason: str
    last_seq: int
    previous: JournalRef | None = None
    lost: tuple[SequenceRange, ...] = ()


def notes(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return what the journal notes about itself."""
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def settle_identity(connection: sqlite3.Connection, identity: Identity, newest: Newest) -> Ancestry:
    """Keep the journal's id or give it a new one; runs inside a transaction.

    A new one is given to a fresh file, a salvaged one, one on another machine, and one of which a
    target has more than is here. The sequence always goes on.
    """
    known = notes(connection)
    if "journal_id" not in known:
        _renew(connection, str(known.get("salvage", "fresh")), identity, newest)
    elif newest.have > newest.seq:
        log.critical("journal: events %d to %d are lost here", newest.seq + 1, newest.have)
        note(connection, "lost_first", newest.seq + 1)
        note(connection, "floor_seq", newest.have)
        _renew(connection, "tail_lost", identity, newest)
    elif known["machine_id"] != identity.machine_id:
        _renew(connection, "clone", identity, newest)
    return _read(notes(connection), newest)


def note(connection: sqlite3.Connection, key: str, value: str | int) -> None:
    """Write one of the journal's notes about itself."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def _renew(connection: sqlite3.Connection, reason: str, identity: Identity, newest: Newest) -> None:
    before = notes(connection).get("journal_id")
    note(connection, "journal_id", os.urandom(ID_BYTES).hex())
    note(connection, "machine_id", identity.machine_id)
    note(connection, "first_seq", max(newest.seq, newest.have) + 1)
    note(connection, "reason", reason)
    if before is not None:
        note(connection, "previous_id", str(before))
        note(connection, "previous_digest", newest.digest)


def _read(known: dict[str, Any], newest: Newest) -> Ancestry:
    last_seq = max(newest.seq, int(known.get("floor_seq", 0)))
    first_seq, reason = int(known["first_seq"]), str(known["reason"])
    if last_seq >= first_seq:  # its first event is there
        return Ancestry(journal_id=str(known["journal_id"]), reason="", last_seq=last_seq)
    previous = None
    if known.get("previous_id"):
        previous = JournalRef(
            journal_id=str(known["previous_id"]),
            last_sequence=first_seq - 1,
            digest=str(known["previous_digest"]),
        )
    is_lost = reason == "tail_lost"
    lost = (SequenceRange(first=int(known["lost_first"]), last=first_seq - 1),) if is_lost else ()
    return Ancestry(
        journal_id=str(known["journal_id"]),
        reason=reason,
        last_seq=last_seq,
        previous=previous,
        lost=lost,
    )
