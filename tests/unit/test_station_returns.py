"""Returns and parcels that do not match one to one, surplus and what is missing: books balance."""

from dataclasses import replace

from bench import LINES, MUG, PHONE, SHIRT, Bench
from drivers.protocols import Symbology
from edge.catalogue import ReturnLine
from edge.events import (
    CorrectionMade,
    Event,
    EventId,
    LineCount,
    ParcelClosed,
    ParcelId,
    ReturnCompleted,
    ReturnSoFar,
    UnitIdentified,
    VerdictMade,
)
from edge.station.decision import state_name
from edge.station.inputs import Candidate
from edge.station.parcels import arrive
from edge.station.returns import so_far

BOX_A, BOX_B = "RB000000014RU", "RB000000028RU"
TWO_SHIRTS = replace(LINES[0], qty=2)
LINE_A = replace(LINES[0], tracking=BOX_A)
LINE_B = replace(LINES[0], line="2", gtin=MUG, tracking=BOX_B, title={"ru": "Кружка", "en": "Mug"})


class TwoBoxes(Bench):
    """A bench whose look-up knows what each return announced in all its parcels."""

    def _candidates(self, codes: set[str]) -> tuple[Candidate, ...]:
        found = super()._candidates(codes)
        return tuple(replace(one, whole_rmas=(), so_far=self._told(one)) for one in found)

    def _told(self, candidate: Candidate) -> tuple[ReturnSoFar, ...]:
        parcels: dict[str, list[Event]] = {}
        for event in self.events:
            parcels.setdefault(str(event.parcel), []).append(event)
        rmas = dict.fromkeys(line.rma for line in candidate.lines)
        return tuple(
            so_far(
                rma, {one.line: one.qty for one in self.lines if one.rma == rma}, parcels.values()
            )
            for rma in rmas
        )


def _mug(bench: Bench) -> list[str]:
    return bench.scan(MUG[1:], symbology=Symbology.EAN13, aim_id="]E0")


def _completed(bench: Bench) -> list[ReturnCompleted]:
    return [e.payload for e in bench.events if isinstance(e.payload, ReturnCompleted)]


def test_a_return_in_two_parcels_is_complete_with_the_second_one_and_not_before() -> None:
    bench = TwoBoxes(lines=(LINE_A, LINE_B))
    bench.badge()
    bench.scan(BOX_A)
    bench.shirt()
    assert "parcel.closed" in bench.tray("A1")
    assert not _completed(bench)
    bench.scan(BOX_B)
    _mug(bench)
    bench.press("enter", "4")
    bench.tray("H1")
    (done,) = _completed(bench)
    assert [(line.expected, line.received) for line in done.lines] == [(1, 1), (1, 1)]
    assert len(done.parcels) == 2


def test_the_other_parcel_may_lie_open_beside_it() -> None:
    bench = TwoBoxes(lines=(LINE_A, LINE_B))
    bench.badge()
    bench.scan(BOX_B)
    bench.press("esc")
    bench.scan(BOX_A)
    bench.shirt()
    bench.tray("A1")
    assert not _completed(bench)
    bench.scan(BOX_B)
    bench.press("f7", "1")
    (done,) = _completed(bench)
    assert [(line.received, line.missing) for line in done.lines] == [(1, 0), (0, 1)]


def test_an_undone_closing_does_not_count() -> None:
    bench = TwoBoxes(lines=(LINE_A, LINE_B))
    bench.badge()
    bench.scan(BOX_B)
    bench.press("esc")
    bench.scan(BOX_A)
    bench.press("f7", "1", "f9")
    assert not bench.state.closed
    bench.press("esc")
    bench.scan(BOX_B)
    bench.press("f7", "1")
    assert not _completed(bench)


def test_what_a_box_without_its_own_list_lacks_is_left_open_for_the_next_one() -> None:
    free: tuple[ReturnLine, ...] = tuple(replace(line, tracking=None) for line in LINES)
    bench = TwoBoxes(lines=free)
    bench.badge()
    bench.scan("88123")
    bench.shirt()
    bench.tray("A1")
    assert bench.press("f7", "2") == []
    assert bench.no == "E28"
    assert bench.press("enter") == ["parcel.closed", "document.data"]
    assert not _completed(bench)
    bench.scan("88123")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    assert bench.state.parcel is not None
    assert [line.gtin for line in bench.state.parcel.lines] == [PHONE]


def test_one_more_than_announced_is_asked_twice_held_and_adds_to_no_line() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.shirt()
    assert bench.no == "E27"
    assert "unit.identified" in bench.press("2")
    found = [e.payload for e in bench.events if isinstance(e.payload, UnitIdentified)][-1]
    assert (found.match, found.line) == ("surplus", None)
    bench.tray("H1")
    verdict = [e.payload for e in bench.events if isinstance(e.payload, VerdictMade)][-1]
    assert "over_qty" in verdict.facts["known"]["flags"]
    assert (verdict.zone, verdict.disposition, verdict.refund) == (
        "hold", "HOLD_UNANNOUNCED", "review",
    )  # fmt: skip
    assert bench.state.parcel is not None
    assert bench.state.parcel.received == {("88123", "1"): 1}
    assert len(bench.state.parcel.surplus) == 1


def test_the_second_of_two_announced_pieces_is_no_surplus() -> None:
    bench = Bench(lines=(TWO_SHIRTS,))
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert "unit.opened" in bench.shirt()


def _event(payload: object, name: str, parcel: str = "p1") -> Event:
    return Event(
        seq=1, id=EventId(name), kind="", parcel=ParcelId(parcel), unit=None, time_ms=0,
        recorded_ms=0, data={}, payload=payload,  # type: ignore[arg-type]
    )  # fmt: skip


def test_only_what_stands_is_counted() -> None:
    count = LineCount(line="1", rma="r", expected=1, received=1, missing=0)
    events = [
        _event(ParcelClosed(lines=(count,), units=()), "e1"),
        _event(ReturnCompleted(rma="r", lines=(count,), parcels=("p1",)), "e2"),
        _event(CorrectionMade(of="e2", act="undo", reason="operator"), "e3"),
        _event(CorrectionMade(of="e1", act="undo", reason="operator"), "e4"),
    ]
    whole = so_far("r", {"1": 1}, [events[:2]])
    assert (whole.is_completed, whole.lines[0].received) == (True, 1)
    undone = so_far("r", {"1": 1}, [events])
    assert (undone.is_completed, undone.lines[0].received, undone.parcels) == (False, 0, ())


def test_arriving_again_offers_only_what_is_left() -> None:
    bench = Bench()
    lines = (replace(TWO_SHIRTS, tracking=None),)
    count = LineCount(line="1", rma="88123", expected=2, received=1, missing=0)
    told = (ReturnSoFar(rma="88123", lines=(count,), parcels=("p0",)),)
    candidate = Candidate(matched_by="rma", key="88123", lines=lines, so_far=told)
    decision = arrive(bench.screen, candidate, "88123", bench.given)
    arrived = decision.drafts[0].payload
    assert [line.qty for line in arrived.lines] == [1]  # type: ignore[union-attr]
    assert SHIRT in {line.gtin for line in arrived.lines}  # type: ignore[union-attr]


def test_a_return_that_came_already_is_not_received_again_by_its_own_number() -> None:
    bench = TwoBoxes(lines=(LINE_A,))
    bench.badge()
    bench.scan("88123")
    bench.shirt()
    bench.tray("A1")
    assert _completed(bench)
    bench.scan("88123")
    assert bench.no == "E12"


def test_a_parcel_that_lies_open_is_gone_on_with_by_the_number_of_its_return() -> None:
    bench = TwoBoxes(lines=(LINE_A,))
    bench.badge()
    bench.scan(BOX_A)
    bench.press("esc")
    assert bench.scan("88123") == ["scan.read", "parcel.resumed"]
    assert len(bench.state.parcels) == 1
