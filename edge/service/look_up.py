"""Caches and journal to look-ups: what a scanned code may mean, before the station decides."""

from collections.abc import Iterable

from edge.barcodes.meanings import Meaning, NumberCode, SsccCode, UnknownText
from edge.catalogue import CatalogueItem, ReturnLine
from edge.events import Event, ParcelClosed, ParcelId, UnitId, UnitOpened
from edge.journal.reader import Reader
from edge.journal.reference import ParcelCandidate, Reference, normal
from edge.station import returns, unknown
from edge.station.history import former
from edge.station.inputs import AbsentInput, Candidate, ClaimInput, ClosedBox, Lookups
from edge.station.lpn import number_in
from edge.station.meanings import code_text, codes_of, item_of, names_of
from edge.station.state import UnitWork

CANDIDATES_MAX = 16
NEAR = unknown.NEAR_MAX
_UNIT = "unit/"
_PARCEL = "parcel/"


def _earlier(candidates: tuple[Candidate, ...]) -> tuple[str, ...]:
    """Closed parcels of the returns that were found, the newest first."""
    parcels = [name for one in candidates for told in one.so_far for name in told.parcels]
    return tuple(f"{_PARCEL}{name}" for name in reversed(parcels))


class LookUp:
    """Answers from memory-mapped indexes in well under a millisecond; runs on the loop."""

    def __init__(self, reference: Reference, reader: Reader) -> None:
        self._reference = reference
        self._reader = reader

    def __call__(
        self, meanings: tuple[Meaning, ...], also: Iterable[str] = (), *, is_idle: bool = False
    ) -> Lookups:
        """Return candidates, earlier subjects and item master rows for one code.

        `also` = articles, by GTIN, that the open work may need whatever the code says; `is_idle` =
        nothing is open, so that an unknown number asks what it may mean.
        """
        codes = tuple(dict.fromkeys(code for m in meanings for code in codes_of(m)))
        found = self._candidates(codes)
        gtins = {line.gtin for candidate in found for line in candidate.lines}
        gtins |= {read.gtin for m in meanings if (read := item_of(m)) and read.gtin}
        gtins |= set(also)
        names = dict.fromkeys(name for m in meanings for name in names_of(m))
        subjects = (subject for name in names for subject in self._reader.subjects_of(name))
        seen = tuple(dict.fromkeys(subjects))
        return Lookups(
            candidates=found,
            seen=seen,
            near=self._near(meanings) if is_idle and not found and not seen else (),
            former=self._former(meanings, seen),
            box=self._box(seen or _earlier(found)) if is_idle else None,
            items={gtin: item for gtin in gtins if (item := self._item(gtin))},
            recalls={
                gtin: recalls
                for gtin in gtins
                if (recalls := self._reference.recalls_of(gtin)) is not None
            },
        )

    def _former(self, meanings: tuple[Meaning, ...], seen: tuple[str, ...]) -> tuple[UnitWork, ...]:
        """The newest unit of a scanned number as it ended; no other code asks for the past."""
        newest = next((one.removeprefix(_UNIT) for one in seen if one.startswith(_UNIT)), None)
        if newest is None or not any(number_in(meaning) for meaning in meanings):
            return ()
        unit = former(UnitId(newest), self._reader.of_unit(newest))
        return () if unit is None else (unit,)

    def _box(self, seen: tuple[str, ...]) -> ClosedBox | None:
        """The newest parcel with that number, if it is closed, with what was in it."""
        newest = next((one.removeprefix(_PARCEL) for one in seen if one.startswith(_PARCEL)), None)
        events = self._reader.of_parcel(newest) if newest is not None else ()
        end = next((e for e in reversed(events) if isinstance(e.payload, ParcelClosed)), None)
        if newest is None or end is None:
            return None
        by_unit: dict[UnitId, list[Event]] = {}
        for event in events:
            if event.unit is not None:
                by_unit.setdefault(event.unit, []).append(event)
        earlier = {e.payload.previous for e in events if isinstance(e.payload, UnitOpened)}
        ends = (former(unit, told) for unit, told in by_unit.items() if unit not in earlier)
        return ClosedBox(
            parcel=ParcelId(newest),
            closed_ms=end.time_ms,
            who=str(end.data.get("operator") or "?"),
            units=tuple(unit for unit in ends if unit is not None),
        )

    def _near(self, meanings: tuple[Meaning, ...]) -> tuple[Candidate, ...]:
        """What an unknown number may mean: numbers that share a part, parcels with the article."""
        meaning = meanings[0] if meanings else None
        if isinstance(meaning, NumberCode | UnknownText | SsccCode):
            code = normal(code_text(meaning))
            numbers = self._reference.numbers_like(unknown.fragments(code))
            return self._candidates(unknown.nearest(code, numbers)[:NEAR])[:NEAR]
        read = item_of(meaning) if meaning is not None else None
        if read is None or not read.gtin:
            return ()
        lines = self._reference.lines_of_gtin(read.gtin)
        numbers = tuple(dict.fromkeys(line.tracking or line.rma for line in lines))
        return unknown.by_date(self._candidates(numbers[:CANDIDATES_MAX]))[:NEAR]

    def claims(self) -> tuple[ClaimInput, ...]:
        """Return the claims of unknown parcels of this station that are not journalled yet."""
        found: list[ClaimInput] = []
        for row in self._reference.of_parcels("claimed"):
            name, rma = row["release_id"], row["rma"]
            key, parcel = f"claim/{name}", self._parcel(row["parcel"])
            if parcel is not None and not self._reader.has_input(key):
                candidate = self._of_return(rma)
                found.append(
                    ClaimInput(input=key, parcel=parcel, rma=rma, release=name, candidate=candidate)
                )
        return tuple(found)

    def absent(self) -> tuple[AbsentInput, ...]:
        """Return the parcels that the centre misses, as far as that is not journalled yet."""
        rows = self._reference.of_parcels("missing")
        given = ((f"missing/{row['release_id']}", row) for row in rows)
        return tuple(
            AbsentInput(
                input=key,
                parcel=row["parcel"],
                rma=row["rma"],
                cut_off=row["at"],
                due=self._due(row["parcel"]),
                is_here=self._parcel(row["parcel"]) is not None,
            )
            for key, row in given
            if not self._reader.has_input(key)
        )

    def _due(self, number: str) -> str | None:
        lines = (line for found in self._reference.find(number) for line in found.lines)
        return min((line.due_at for line in lines if line.due_at), default=None)

    def _parcel(self, name: str) -> ParcelId | None:
        """A parcel is named by its provisional number, or by its id."""
        found = (one for one in self._reader.subjects_of(name) if one.startswith(_PARCEL))
        number = next(found, None)
        if number is not None:
            return ParcelId(number.removeprefix(_PARCEL))
        return ParcelId(name) if self._reader.of_parcel(name) else None

    def _of_return(self, rma: str) -> Candidate | None:
        """Return everything that was announced for a return, in whatever parcel."""
        found = [one for one in self._reference.find(rma) if one.matched_by == "rma"]
        lines = tuple(line for one in found for line in one.lines)
        if not lines:
            return None
        return self._candidate(ParcelCandidate(matched_by="rma", key=rma, lines=lines))

    def _item(self, gtin: str) -> CatalogueItem | None:
        return self._reference.item(gtin)

    def _candidates(self, codes: tuple[str, ...]) -> tuple[Candidate, ...]:
        """One parcel found by two of its numbers is one candidate."""
        merged: dict[frozenset[tuple[str, str]], Candidate] = {}
        for code in codes:
            for found in self._reference.find(code):
                key = frozenset((line.rma, line.line) for line in found.lines)
                merged.setdefault(key, self._candidate(found))
        return tuple(merged.values())[:CANDIDATES_MAX]

    def _candidate(self, found: ParcelCandidate) -> Candidate:
        rmas = tuple(dict.fromkeys(line.rma for line in found.lines))
        announced = {rma: self._announced(rma, found.lines) for rma in rmas}
        here = {(line.rma, line.line) for line in found.lines}
        earlier = {rma: self._parcels_of(rma) for rma in rmas}
        whole = tuple(
            rma
            for rma in rmas
            if not earlier[rma] and all((rma, line) in here for line in announced[rma])
        )
        return Candidate(
            matched_by=found.matched_by,
            key=found.key,
            lines=found.lines,
            whole_rmas=whole,
            so_far=tuple(
                returns.so_far(rma, announced[rma], map(self._reader.of_parcel, earlier[rma]))
                for rma in rmas
                if rma not in whole
            ),
        )

    def _parcels_of(self, rma: str) -> tuple[str, ...]:
        """Return the parcels that something of this return was expected in, oldest first."""
        found = self._reader.subjects_of(returns.name_of(rma))
        return tuple(subject.removeprefix("parcel/") for subject in reversed(found))

    def _announced(self, rma: str, lines: tuple[ReturnLine, ...]) -> dict[str, int]:
        """Return the quantity of every line of a return, whatever parcel it is announced in."""
        tenants = {line.tenant for line in lines if line.rma == rma}
        return {
            line.line: line.qty
            for found in self._reference.find(rma)
            if found.matched_by == "rma"
            for line in found.lines
            if line.tenant in tenants
        }
