"""The figures that a screen tells while the work goes on: today's, and the open shift's.

They follow the journal by reading what is new, a slice a second: a start in the afternoon takes no
longer than one in the morning, and a restart loses nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from edge.journal.reader import Reader
from edge.kpi.day import KINDS, Day, DayFigures
from edge.service.room import Room
from edge.station.state import Shift
from edge.views import Figures, Label
from zoning.checklist.values import Stage
from zoning.model import Grade
from zoning.pack import Pack

SLICE_EVENTS: Final = 400  # of the journal, a turn: some milliseconds
PPM: Final = 1_000_000


class LiveFigures:
    """One day of one station. `packs` = by digest; names of defects come from them.

    `room` = the disk's, looked at in the same turns.
    """

    def __init__(self, reader: Reader, packs: Mapping[str, Pack], room: Room) -> None:
        self.room = room
        self._reader = reader
        self._packs = packs
        self._day = Day(self._named)
        self._taken = 0
        self._midnight_ms = -1
        self._next_seq = 1
        self._told: tuple[int, int, int] | None = None
        self._shown: tuple[Figures, Figures | None] = (Figures(), None)

    def turn(self, shift: Shift | None, wall_ms: int) -> None:
        """Read a slice of what is new; at midnight the day begins anew, an open shift goes on."""
        self.room.turn()
        midnight_ms = _midnight_ms(wall_ms)
        if midnight_ms != self._midnight_ms:
            self._begin(midnight_ms, shift)
        last_seq = self._reader.last_seq()
        end = min(last_seq, self._next_seq + SLICE_EVENTS - 1)
        if end < self._next_seq:
            return
        for event in self._reader.of_kinds(KINDS, self._next_seq, end):
            self._day.take(event)
            self._taken += 1
        self._next_seq = end + 1

    def _begin(self, midnight_ms: int, shift: Shift | None) -> None:
        self._midnight_ms = midnight_ms
        begun_ms = midnight_ms if shift is None else min(midnight_ms, shift.since_ms)
        self._day = Day(self._named)
        self._next_seq = self._reader.seq_at(begun_ms)

    def shown(self, shift: Shift | None) -> tuple[Figures, Figures | None]:
        """Return today's figures and those of the open shift, as of the newest turn."""
        since_ms = -1 if shift is None else shift.since_ms
        key = (self._taken, self._midnight_ms, since_ms)
        if key != self._told:
            today = self._figures(self._midnight_ms)
            self._shown = (today, None if shift is None else self._figures(shift.since_ms))
            self._told = key
        return self._shown

    def _figures(self, since_ms: int) -> Figures:
        found = self._day.figures(since_ms)
        return _shown_of(found, f"{datetime.fromtimestamp(since_ms / 1000).astimezone():%H:%M}")

    def _named(self, policy: str, checklist: str, step: str, answer: str) -> Label | None:
        """Return what a step asks about, where this answer of it lowers the piece."""
        pack = self._packs.get(policy)
        asked = None if pack is None else pack.checklists.get(checklist)
        found = None if asked is None else asked.step(step)
        option = None if found is None else found.option(answer)
        if found is None or option is None or found.stage in (Stage.SEAL, Stage.PARCEL):
            return None
        is_fine = option.is_neutral or (option.cap is Grade.A and not option.flags)
        return None if is_fine else {lang: text.rstrip("? ") for lang, text in found.label.items()}


def _midnight_ms(wall_ms: int) -> int:
    now = datetime.fromtimestamp(wall_ms / 1000).astimezone()
    return int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _shown_of(found: DayFigures, since: str) -> Figures:
    pace = found.pace
    return Figures(
        since=since,
        zones=found.zones,
        units=found.units,
        parcels=found.parcels,
        measured=pace.n,
        acts_tenths=round(pace.acts * 10),
        mean_s=round(pace.seconds),
        active_s=round(pace.active),
        waiting_s=round(pace.waiting),
        interrupted_s=round(pace.interrupted),
        best_s=round(pace.best),
        recent_s=pace.recent,
        pause_min=found.pause_min,
        corrections=found.corrections,
        supervised=found.supervised,
        photos_missing=found.photos_missing,
        defects=tuple((one.name, one.n) for one in found.defects),
        wrong=found.wrong,
        checked=found.checked,
        upper_ppm=0 if found.upper is None else round(found.upper * PPM),
    )
