"""A tail that is lost: a target has more of this journal than the journal itself.

The disk is an old image, or it forgot what it had flushed. The same sequences under the same source
would mean two things, so the journal goes on behind what the target has, under a new identity.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.journal.rows import JournalTailLostError

NOTE: Final = "journal.tail"  # the next start goes on under a new identity
LEAP_MAX: Final = 1_000_000  # a claim further beyond the newest event is a mistake of the target

log = logging.getLogger("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTail:
    """What a target said it has of the journal `journal_id`: all up to `have`."""

    target: str
    journal_id: str
    have: int


def need_tail(path: Path, last_seq: int, told: LostTail) -> None:
    """Note a lost tail and raise JournalTailLostError; nothing where the target has no more.

    A claim beyond all reason is logged and changes nothing.
    """
    if told.have <= last_seq:
        return
    if told.have > last_seq + LEAP_MAX:
        log.error("%s: claims to have sequence %d of %d", told.target, told.have, last_seq)
        return
    text = {"target": told.target, "journal_id": told.journal_id, "have": told.have}
    path.with_name(NOTE).write_text(json.dumps(text), encoding="utf-8")
    raise JournalTailLostError(told.target, last_seq, told.have)


def noted_tail(path: Path, journal_id: str) -> int:
    """Return up to where the noted target has this journal, 0 where nothing is noted of it.

    A note that cannot be read was not flushed: the target says it again.
    """
    note = path.with_name(NOTE)
    if not note.exists():
        return 0
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        return int(told["have"]) if told["journal_id"] == journal_id else 0
    except (ValueError, KeyError, TypeError):
        return 0


def forget_tail(path: Path) -> None:
    """Drop the note, when the new identity is on disk."""
    path.with_name(NOTE).unlink(missing_ok=True)
