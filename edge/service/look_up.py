"""Caches and journal to look-ups: what a scanned code may mean, before the station decides."""

from collections.abc import Iterable

from edge.barcodes.meanings import Meaning
from edge.catalogue import CatalogueItem, ReturnLine
from edge.events import UnitId
from edge.journal.reader import Reader
from edge.journal.reference import ParcelCandidate, Reference
from edge.station import returns
from edge.station.history import former
from edge.station.inputs import Candidate, Lookups
from edge.station.lpn import number_in
from edge.station.meanings import codes_of, item_of, names_of
from edge.station.state import UnitWork

CANDIDATES_MAX = 16
_UNIT = "unit/"


class LookUp:
    """Answers from memory-mapped indexes in well under a millisecond; runs on the loop."""

    def __init__(self, reference: Reference, reader: Reader) -> None:
        self._reference = reference
        self._reader = reader

    def __call__(self, meanings: tuple[Meaning, ...], also: Iterable[str] = ()) -> Lookups:
        """Return candidates, earlier subjects and item master rows for one code.

        `also` = articles, by GTIN, that the open work may need whatever the code says.
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
            former=self._former(meanings, seen),
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
