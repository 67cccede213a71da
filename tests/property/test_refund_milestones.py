"""One valid refund milestone for each unit and each missing line, whatever a person does.

The ledger is written from the events' meanings alone: it shares nothing with the flow it watches.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import LINES, TRACKING, Bench, context, pack
from cases import box
from edge.events import (
    CorrectionMade,
    Event,
    ParcelArrived,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    UnitMissing,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
)
from edge.station.inputs import ReleaseInput
from walk import ACTS, LIKELY
from zoning.terms import RefundAt, Terms

REFUNDS = (RefundEligible, RefundReview, RefundBlocked)
THEIRS = "5" * 64
BOXES = {n: box(n) for n in range(901, 907)}
ROUTINE = ("next", "lacks", "shirt", "mug", "key 2", "tray A1", "tray H1", "danger", "undo")
MORE = ("release repair", "release inspection", "mug", "key 2", "key f9", "key f7", "correct")


@dataclass
class Ledger:
    """What the journal says of the money, corrections counted."""

    events: dict[str, Event] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, bench: Bench) -> "Ledger":
        """Read a journal from its beginning."""
        ledger = cls()
        for event in bench.events:
            ledger.events[event.id] = event
            if isinstance(event.payload, CorrectionMade) and event.payload.act == "undo":
                ledger.undone.add(event.payload.of)
        return ledger

    def standing(self) -> Iterator[Event]:
        """Yield events that nobody took back."""
        yield from (one for name, one in self.events.items() if name not in self.undone)

    def roots(self) -> dict[str, str]:
        """Return the first unit of each piece, by every unit that it was."""
        found: dict[str, str] = {}
        for event in self.standing():
            if isinstance(event.payload, UnitOpened):
                former = event.payload.previous
                found[str(event.unit)] = found.get(former, former) if former else str(event.unit)
        return found

    def valid(self) -> dict[str, list[Event]]:
        """Return the milestones that stand, by piece."""
        roots, found = self.roots(), dict[str, list[Event]]()
        for event in self.standing():
            if isinstance(event.payload, REFUNDS) and event.unit is not None:
                said = found.setdefault(roots[str(event.unit)], [])
                said[:] = [one for one in said if one.id != event.payload.supersedes]
                said.append(event)
        return found

    def decided(self) -> dict[str, str]:
        """Return what the newest decision says of the money, by unit."""
        found: dict[str, str] = {}
        for event in self.standing():
            match event.payload:
                case VerdictMade(refund=refund):
                    found[str(event.unit)] = refund
                case VerdictChanged(decided=decided):
                    found[str(event.unit)] = decided.refund
        return found

    def put(self) -> set[str]:
        """Return the units that lie in a zone."""
        puts = (one for one in self.standing() if isinstance(one.payload, PutConfirmed))
        return {str(event.unit) for event in puts}

    def completed(self) -> set[str]:
        """Return the parcels with which a return was complete: here each return is one parcel."""
        return {str(e.parcel) for e in self.standing() if isinstance(e.payload, ReturnCompleted)}

    def lines(self) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
        """Return missing pieces by line, and what is blocked without a unit."""
        missing, blocked = [], []
        for event in self.standing():
            match event.payload:
                case UnitMissing(rma=rma, line=line, qty=qty):
                    missing.append((rma, line, qty))
                case RefundBlocked(rma=rma, line=line, qty=qty) if event.unit is None:
                    blocked.append((str(rma), str(line), qty))
        return missing, blocked


def _bench(when: RefundAt) -> Bench:
    theirs = replace(pack(), sha256=THEIRS, terms=Terms(tenants=("shop-a",), refund_at=when))
    packs = {pack().sha256: pack(), THEIRS: theirs}
    others = (
        replace(one, rma=f"RM-{n}", tracking=number) for n, number in BOXES.items() for one in LINES
    )
    bench = Bench(given=context(packs=packs, serving=(THEIRS,)), lines=(*LINES, *others))
    bench.badge()
    bench.parcel()
    return bench


def _release(bench: Bench, zone: str) -> None:
    held = next(iter(bench.state.holds), None)
    if held is not None:
        name = f"release/{bench.count}"
        bench.take(ReleaseInput(input=name, unit=held, decision="release", zone=zone))


def _next(bench: Bench) -> None:
    """Close what is open as a person in a hurry does, and take the next box."""
    bench.press("f7", "enter", "enter")
    seen = {code for one in bench.events if isinstance(one.payload, ParcelArrived)
            for code in one.payload.codes}  # fmt: skip
    left = [number for number in BOXES.values() if number not in seen]
    bench.scan(left[0] if left else TRACKING)
    bench.shirt()


def _do(bench: Bench, name: str) -> None:
    match name.split():
        case ["release", zone]:
            _release(bench, zone)
        case ["next"]:
            _next(bench)
        case ["lacks"]:
            bench.press("f7", "2")
        case ["danger"]:
            bench.press("f11", "1")
            bench.tray("Z1")
        case ["undo"]:
            bench.press("f9", "enter")
        case _:
            ACTS[name](bench)


def _said_as(event: Event) -> str:
    return event.kind.removeprefix("refund.")


def _check(bench: Bench, when: RefundAt) -> None:
    ledger = Ledger.of(bench)
    valid, decided, put = ledger.valid(), ledger.decided(), ledger.put()
    assert all(len(said) <= 1 for said in valid.values()), valid
    missing, blocked = ledger.lines()
    assert blocked == missing, "a line that did not come is blocked, once for each telling"
    roots = ledger.roots()
    for said in valid.values():
        for event in said:
            unit = str(event.unit)
            is_reopened = unit not in put and when is not RefundAt.GRADED
            assert is_reopened or _said_as(event) == decided.get(unit, _said_as(event))
    pieces = {roots[unit] for unit in put if unit in roots}
    match when:
        case RefundAt.PLACED:
            assert {root for root, said in valid.items() if said} == pieces
        case RefundAt.GRADED:
            graded = {roots[unit] for unit in decided if unit in roots}
            assert {root for root, said in valid.items() if said} == graded
        case RefundAt.RETURN_COMPLETED:
            _check_with_the_return(bench, ledger)


def _check_with_the_return(bench: Bench, ledger: Ledger) -> None:
    """A piece of a return that is not complete has none; of one that is every placed one has."""
    roots, valid, put = ledger.roots(), ledger.valid(), ledger.put()
    ns = {str(e.unit): e.payload.n for e in ledger.standing() if isinstance(e.payload, UnitOpened)}
    found = {str(e.unit): e for e in ledger.standing() if e.kind == "unit.identified"}
    for unit in put & roots.keys():
        is_said = bool(valid.get(roots[unit]))
        rma, parcel = getattr(found[unit].payload, "rma", None), str(found[unit].parcel)
        is_due = rma is None or parcel in ledger.completed() or ns[unit] > 1
        assert is_said == is_due or (ns[unit] == 1 and is_said), (unit, is_said, is_due)


@pytest.mark.parametrize("when", RefundAt)
@settings(max_examples=30)
@given(
    names=st.lists(
        st.one_of(
            st.sampled_from(ROUTINE),
            st.sampled_from((*LIKELY, *MORE)),
            st.sampled_from(sorted(ACTS)),
        ),
        max_size=30,
    )
)
def test_each_piece_and_each_missing_line_has_one_valid_milestone(
    when: RefundAt, names: list[str]
) -> None:
    bench = _bench(when)
    for name in names:
        _do(bench, name)
        _check(bench, when)


@pytest.mark.parametrize("when", RefundAt)
def test_long_walks_over_many_parcels_leave_one_valid_milestone_each(when: RefundAt) -> None:
    kinds: Counter[str] = Counter()
    for seed in range(8):
        rng, bench = Random(seed), _bench(when)
        names = (*ROUTINE * 12, *LIKELY * 3, *MORE * 4, *ACTS)
        for _ in range(60):
            _do(bench, rng.choice(names))
            _check(bench, when)
        kinds += Counter(event.kind for event in bench.events)
    assert {"refund.review", "refund.blocked", "return.completed", "correction.made"} <= set(kinds)


@pytest.mark.parametrize("when", RefundAt)
def test_a_whole_parcel_says_each_once_at_the_moment_agreed_on(when: RefundAt) -> None:
    bench = _bench(when)
    kinds = [bench.shirt()]
    kinds.append(bench.press("0"))
    kinds.append(bench.tray("A1"))
    kinds.append(bench.press("f7", "2"))
    at = [any(one in ("refund.eligible", "refund.review") for one in part) for part in kinds]
    moment = {RefundAt.GRADED: 1, RefundAt.PLACED: 2, RefundAt.RETURN_COMPLETED: 3}[when]
    assert at == [n == moment for n in range(4)]
    (blocked,) = [one for one in bench.events if one.kind == "refund.blocked"]
    assert (blocked.unit, blocked.payload.line, blocked.payload.rma) == (None, "2", "88123")  # type: ignore[union-attr]
    _check(bench, when)


def test_no_milestone_can_carry_an_amount() -> None:
    for kind in REFUNDS:
        names = {one.name for one in fields(kind)}
        assert names == {"row", "qty", "line", "flags", "evidence", "reasons", "supersedes", "rma"}
