"""Outbox rows as EPCIS events: each with the view of its moment, read from the journal."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.events import Event, ParcelArrived, decode
from edge.journal.outbox import OutboxRow, is_wanted
from edge.journal.reader import Reader
from edge.sync.epcis.check import step_problems
from edge.sync.epcis.correction import correction_of, declared
from edge.sync.epcis.document import encoded
from edge.sync.epcis.mapping import ROWS, Step, mapped
from edge.sync.epcis.names import Names
from edge.sync.epcis.view import KINDS, view_of

SUBJECTS_MAX: Final = 256  # units and parcels whose events are kept at hand, the oldest go first
_KEPT: Final = KINDS | ROWS.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One row as it is to be captured: its events encoded, none for a kind that is not exported.

    `problem` = why it cannot be captured at all. A declaration repeats the ids of its originals.
    """

    row: OutboxRow
    steps: tuple[Step, ...] = ()
    bodies: tuple[bytes, ...] = ()
    problem: str = ""

    @property
    def is_declaration(self) -> bool:
        """Return whether this declares earlier events to be in error."""
        return any("errorDeclaration" in step for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The events of a subject that say something, complete up to a sequence."""

    up_to: int
    events: tuple[Event, ...]


class History:
    """The journal as the mapping needs it. `globs` = the kinds that the target takes.

    Reading a subject takes a millisecond or so: callers give the loop a turn between rows.
    """

    def __init__(self, path: Path, names: Names, globs: tuple[str, ...]) -> None:
        self._reader = Reader(path)
        self._names = names
        self._globs = globs
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def close(self) -> None:
        """Close the connection; harmless twice."""
        self._reader.close()

    def load(self, row: OutboxRow) -> Load:
        """Return what a row is to the repository. Raises JournalBrokenError."""
        try:
            steps = self._steps(decode(row.seq, row.body))
            bodies = tuple(map(encoded, steps))
        except (ValueError, KeyError) as error:
            return Load(row=row, problem=f"unreadable: {error}")
        wrong = [problem for step in steps for problem in step_problems(step, self._names)]
        if wrong:
            return Load(row=row, problem="; ".join(wrong)[:500])
        return Load(row=row, steps=steps, bodies=bodies)

    def _steps(self, event: Event) -> tuple[Step, ...]:
        correction = correction_of(event)
        if correction is None:
            return self._mapped(event) if event.kind in ROWS else ()
        originals = self._mapped_by_id(event, correction.of)
        replacements = self._mapped_by_id(event, correction.replacement)
        return declared(originals, event, replacements)

    def _mapped(self, event: Event) -> tuple[Step, ...]:
        told = (one for one in self._of(event) if one.seq <= event.seq)
        return mapped(event, view_of(told), self._names)

    def _mapped_by_id(self, correction: Event, wanted: str | None) -> tuple[Step, ...]:
        """A correction is about the same unit or parcel as what it corrects."""
        found = next((one for one in self._of(correction) if one.id == wanted), None)
        if found is None or not is_wanted(found.kind, self._globs):
            return ()
        return self._mapped(found)

    def _of(self, event: Event) -> tuple[Event, ...]:
        """Return what is said of the event's unit and of its parcel's arrival, in order."""
        unit = () if event.unit is None else self._subject(f"unit/{event.unit}", event.seq)
        if event.parcel is None:
            return unit
        parcel = self._subject(f"parcel/{event.parcel}", event.seq if event.unit is None else 0)
        arrivals = (one for one in parcel if event.unit is None or _is_arrival(one))
        return (*arrivals, *unit)

    def _subject(self, subject: str, seq: int) -> tuple[Event, ...]:
        kept = self._kept.get(subject)
        if kept is None or kept.up_to < seq:
            kept = self._read(subject)
            self._kept[subject] = kept
        self._kept.move_to_end(subject)
        if len(self._kept) > SUBJECTS_MAX:
            self._kept.popitem(last=False)
        return kept.events

    def _read(self, subject: str) -> _Kept:
        up_to = self._reader.last_seq()
        family, _, key = subject.partition("/")
        if family == "unit":
            found = self._reader.of_unit(key)
        else:
            found = tuple(one for one in self._reader.of_parcel(key) if one.unit is None)
        return _Kept(up_to=up_to, events=tuple(one for one in found if one.kind in _KEPT))


def _is_arrival(event: Event) -> bool:
    return event.kind == ParcelArrived.KIND
