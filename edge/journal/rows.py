"""What goes into the journal and what comes back: values and errors, no SQL."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from edge.events import Encoded, IntentId

NUMBERS_MAX: Final = 1000  # delivery numbers that a target's row may be behind its outbox
PHOTOS: Final = "photos"  # folder beside the journal
NOT_UPLOADED: Final = "not_uploaded"  # why a photograph was given up
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class JournalError(Exception):
    """The journal could not do what was asked."""


class JournalDuplicateError(JournalError):
    """An input was seen before: nothing was written, the first answer stands."""

    def __init__(self, given: str) -> None:
        super().__init__(f"journal: append: input {given} is recorded already")
        self.input = given


class JournalConflictError(JournalError):
    """A rule of the tables was broken, e.g. a second open intent of a unit; nothing was written."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"journal: append: {rule}")
        self.rule = rule


class JournalFullError(JournalError):
    """No room within the budget: nothing was written, the journal is usable when there is room."""

    def __init__(self, why: str) -> None:
        super().__init__(f"journal: append: no room: {why}")


class JournalBrokenError(JournalError):
    """The file cannot be trusted or written any more: the process must end (exit 70)."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"journal: {what}: {why}")


class JournalDamagedError(JournalBrokenError):
    """The file's contents are not what was written: its events can be salvaged into a new one."""


class JournalTailLostError(JournalBrokenError):
    """A target has more of this journal than the disk: the next start goes on behind that."""

    def __init__(self, target: str, last_seq: int, have: int) -> None:
        super().__init__("tail", f"ends at {last_seq}, {target} has events up to {have}")
        self.have = have


class JournalBusyError(JournalError):
    """Another process has the lock."""

    def __init__(self, path: str) -> None:
        super().__init__(f"journal: open: {path} is in use by another process")


class IntentState(StrEnum):
    """Whether a command to a device is still owed an outcome."""

    OPEN = "open"
    IN_DOUBT = "in_doubt"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentRow:
    """A command to a device, written before the command; upsert by `id`.

    At most one that is not closed per unit and per resource; `None` fields keep what is stored.
    """

    id: IntentId
    kind: str
    unit: str | None
    resource: str | None
    wire_key: str | None
    state: IntentState
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """A subject whose events must be folded at the next start, or no longer."""

    subject: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code by which a subject is found again."""

    code: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One transaction: all of it is on disk, or none."""

    events: tuple[Encoded, ...]
    intents: tuple[IntentRow, ...] = ()
    live: tuple[LiveRow, ...] = ()
    codes: tuple[CodeRow, ...] = ()

    @property
    def size(self) -> int:
        """Return the bytes of the events, about."""
        return sum(len(event.head) + len(event.tail) for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a submission stands in the journal."""

    first_seq: int
    last_seq: int
    recorded_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose journal this is. `machine_id` tells a cloned disk from the one it was copied from."""

    namespace: str
    site: str
    station: str
    machine_id: str = ""


def photo_path(folder: Path, sha256: str) -> Path:
    """Return where a photograph lies in the folder of photographs."""
    return folder / sha256[:2] / f"{sha256}.jpg"


def id_blob(text: str) -> bytes:
    """Return the stored form of an id: 16 bytes of a canonical UUID, else the text itself."""
    if _UUID.fullmatch(text):
        return bytes.fromhex(text.replace("-", ""))
    raw = text.encode("utf-8")
    return raw + b"\0" if len(raw) == 16 else raw  # 16 bytes are always a UUID


def id_text(blob: bytes) -> str:
    """Return the id that `id_blob` stored."""
    if len(blob) == 16:
        digits = blob.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return blob.decode("utf-8").removesuffix("\0")
