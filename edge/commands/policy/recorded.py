"""Verdicts of a journal decided again from the stored bytes, a hundred thousand a second.

Bodies are canonical JSON: a key cannot occur within a text, so what is needed is cut out. Equal
facts are decided once; values between the same two limits are equal.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from edge.journal.reader import Reader
from edge.records import from_json
from zoning.checklist.values import Checklist
from zoning.model import AnsweredBy, Facts, Static
from zoning.pack import Pack
from zoning.replay.past import (
    NO_ANSWERS,
    NO_PACK,
    Again,
    Decided,
    Past,
    View,
    decide_answers,
    number_limits,
)
from zoning.replay.tally import Group, Tally, example_of

KEPT_MAX: Final = 50_000  # different fact records that are remembered; then all are forgotten
_STATION: Final = "/station/"
_ENDS: Final = ("inspection.started", "inspection.finished")
_NOT_DECIDED: Final = Again(Decided("", "", "", "", ""), NO_PACK)


class Cut(NamedTuple):
    """What tells one verdict from another, beside the unit; the value apart, None = not known."""

    key: tuple[object, ...]
    value: int | None
    source: bytes


def cut(body: bytes, limits: Sequence[int]) -> Cut:
    """Cut a verdict's body up; values between the same two `limits` give the same key.

    Raises ValueError for bytes that are no verdict of ours.
    """
    index, rindex = body.index, body.rindex
    checklist = index(b'"checklist":{')
    facts = index(b'"disposition":"', checklist)
    unknown = index(b'"unknown":{', facts)
    unknown_end = index(b"}", unknown)
    at, end, value = _value(body, facts, unknown_end)
    move = index(b'"move":"', unknown_end)
    refund = index(b'"refund":"', move)
    row = index(b'"row":"', refund)
    tenant = index(b'"tenant":"', row) + 10
    zone = rindex(b'"zone":"')
    source = rindex(b'"source":"') + 10
    key = (
        body[checklist : index(b'"clock":"', checklist)],
        body[facts:at],
        -1 if value is None else bisect_right(limits, value),
        body[end:unknown_end],
        body[move : move + 14],
        body[refund : refund + 14],
        body[row : index(b'"', tenant)],
        body[zone : zone + 14],
    )
    return Cut(key, value, body[source : index(b'"', source)])


def _value(body: bytes, begin: int, end: int) -> tuple[int, int, int | None]:
    """Return where the known value stands and what it is; at `end` when nobody knew it."""
    at = body.find(b'"value":', begin, end)
    if at < 0 or body[at + 8 : at + 9] == b'"':  # a text: that is where other facts came from
        return end, end, None
    stop = body.index(b",", at)
    return at, stop, int(body[at + 8 : stop].rstrip(b"}"))


def past(seq: int, body: bytes) -> Past:
    """Return a verdict whole. Raises ValueError for bytes that are no verdict of ours."""
    try:
        event = json.loads(body)
        data = event["data"]
        return Past(
            station=station_of(event["source"]),
            sequence=seq,
            unit=data["unit"],
            policy_sha256=data["facts"]["policy_sha256"],
            checklist=data["checklist"]["id"],
            tenant=data["tenant"],
            facts=Facts.from_json(data["facts"]),
            decided=_decided(data),
            settled_early=data["settled_early"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"event {seq}: no verdict: {error}") from error


def station_of(source: str) -> str:
    """Return `<site>.<station>` of a CloudEvents source."""
    return source.rpartition(_STATION)[2].partition("/")[0]


def _decided(data: Mapping[str, Any]) -> Decided:
    words = (str(data[key]) for key in ("zone", "disposition", "row", "refund", "move"))
    return Decided(*words)


class VerdictFold:
    """Adds up the verdicts of a journal under a candidate; `packs` are those of the past."""

    def __init__(self, new: Pack, packs: Mapping[str, Pack], limit: int, _: Reader) -> None:
        self.tally = Tally(limit=limit)
        self._views = {sha256: View(pack, new) for sha256, pack in packs.items()}
        self._limits = number_limits(new, "value")
        self._groups: dict[tuple[object, ...], tuple[Group, bool]] = {}
        self._stations: dict[bytes, str] = {}

    def add(self, seq: int, body: bytes) -> None:
        """Take one verdict, in order. Raises ValueError for bytes that are no verdict."""
        key, value, source = cut(body, self._limits)
        found = self._groups.get(key)
        group, is_changed = self._group(key, seq, body) if found is None else found
        station = self._stations.get(source)
        if station is None:
            station = self._stations[source] = station_of(source.decode())
        self.tally.count(group, value, station)
        if is_changed and self.tally.is_shown(group):
            self.tally.show(example_of(past(seq, body), group.after))

    def _group(self, key: tuple[object, ...], seq: int, body: bytes) -> tuple[Group, bool]:
        """Decide facts that were not met before, or not lately."""
        record = past(seq, body)
        view = self._views.get(record.policy_sha256)
        again = _NOT_DECIDED
        if view is not None:
            facts = record.facts.values
            again = view.decide(facts, record.checklist, is_early=record.settled_early)
        if len(self._groups) >= KEPT_MAX:
            self._groups.clear()
        group = Group.of(record, again)
        found = self._groups[key] = (group, group.is_changed)
        return found


class AnswersFold:
    """Runs the answers of a journal through a candidate's checklists, and adds up."""

    def __init__(self, new: Pack, packs: Mapping[str, Pack], limit: int, reader: Reader) -> None:
        self.tally = Tally(limit=limit)
        self._new = new
        self._packs = packs
        self._reader = reader
        self._limits = number_limits(new, "value")
        self._again: dict[tuple[object, ...], Again] = {}

    def add(self, seq: int, body: bytes) -> None:
        """Take one verdict, in order. Raises ValueError for bytes that are no verdict."""
        record = past(seq, body)
        bodies = self._reader.inspection_before(record.unit, seq)
        inspection = _inspection(bodies)
        pack = self._packs.get(record.policy_sha256)
        if pack is None or record.checklist not in pack.checklists:
            self.tally.add(record, _NOT_DECIDED)
        elif inspection is None:
            self.tally.add(record, Again(_NOT_DECIDED.decided, NO_ANSWERS))
        else:
            checklist = pack.checklists[record.checklist]
            again = self._decided(record, checklist, inspection)
            self.tally.add(self._shown(record, checklist, inspection, again), again)

    def _decided(self, record: Past, checklist: Checklist, inspection: "_Inspection") -> Again:
        key = (
            record.policy_sha256,
            record.checklist,
            replace(inspection.static, value_minor=None),
            None
            if inspection.static.value_minor is None
            else bisect_right(self._limits, inspection.static.value_minor),
            inspection.answers,
        )
        found = self._again.get(key)
        if found is None:
            if len(self._again) >= KEPT_MAX:
                self._again.clear()
            found = self._again[key] = self._run(checklist, inspection)[0]
        return found

    def _shown(
        self, record: Past, checklist: Checklist, inspection: "_Inspection", again: Again
    ) -> Past:
        """Return the record with the facts of the new run, if it goes on the list."""
        if not self.tally.is_shown(Group.of(record, again)):
            return record
        return replace(record, facts=self._run(checklist, inspection)[1])

    def _run(self, checklist: Checklist, inspection: "_Inspection") -> tuple[Again, Facts]:
        return decide_answers(self._new, checklist, inspection.static, inspection.answers)


class _Inspection(NamedTuple):
    """What an inspection began with and what was answered."""

    static: Static
    answers: tuple[tuple[str, str | int, AnsweredBy], ...]


def _inspection(bodies: Mapping[str, bytes]) -> _Inspection | None:
    """Return an inspection as recorded; None = one of its ends is not in the journal."""
    if len(bodies) < 2:
        return None
    started, finished = (json.loads(bodies[kind])["data"] for kind in _ENDS)
    answers = ((one["step"], one["answer"], AnsweredBy(one["by"])) for one in finished["answers"])
    return _Inspection(from_json(Static, started["static"]), tuple(answers))
