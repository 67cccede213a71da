"""E12, `1`: a unit of a closed parcel is in the hand again, its old answers with it."""

from dataclasses import replace

from bench import LINES, MUG, TRACKING, Bench
from drivers.protocols import Symbology
from edge.events import (
    CorrectionMade,
    Event,
    MoveState,
    ParcelId,
    RefundReview,
    UnitId,
    UnitOpened,
    VerdictMade,
)
from edge.station import asking
from edge.station.decision import state_name
from edge.station.history import former
from edge.station.inputs import ClosedBox, LegInput, Lookups, ScanInput
from move_kit import ordered

ONE = (LINES[0],)


class Remembering(Bench):
    """A bench whose look-up finds closed parcels in the journal."""

    def take(self, given: object) -> list[str]:
        """Add what the journal would have told."""
        is_idle = self.state.parcel is None and self.state.unit is None
        if isinstance(given, ScanInput) and is_idle and given.lookups.candidates:
            box = self._box()
            seen = () if box is None else (f"parcel/{box.parcel}",)
            lookups: Lookups = replace(given.lookups, box=box, seen=seen)
            given = replace(given, lookups=lookups)
        return super().take(given)  # type: ignore[arg-type]

    def _box(self) -> ClosedBox | None:
        ends = [event for event in self.events if event.kind == "parcel.closed"]
        if not ends:
            return None
        told: dict[UnitId, list[Event]] = {}
        for event in self.events:
            if event.unit is not None:
                told.setdefault(event.unit, []).append(event)
        units = tuple(one for unit, events in told.items() if (one := former(unit, events)))
        parcel = ends[-1].parcel or ParcelId("")
        return ClosedBox(parcel=parcel, closed_ms=ends[-1].time_ms, who="0417", units=units)


def _mark(bench: Bench, step: str) -> None:
    assert bench.state.unit is not None
    shown, _ = asking.marks(bench.state.unit, 0, bench.given)
    bench.press(next(mark.k for mark in shown if mark.step == step))


def _closed_shirt(mark: str = "") -> Remembering:
    bench = Remembering(lines=ONE)
    bench.parcel()
    bench.shirt()
    if mark:
        _mark(bench, mark)
    bench.tray("R1" if mark else "A1")
    assert state_name(bench.state, bench.screen) == "IDLE"
    return bench


def _asked(bench: Bench) -> None:
    bench.scan(TRACKING)
    assert bench.no == "E12"
    bench.press("1", "1")
    assert bench.no == "E19"


def _corrections(bench: Bench) -> list[CorrectionMade]:
    return [e.payload for e in bench.events if isinstance(e.payload, CorrectionMade)]


def test_a_closed_parcel_says_when_who_and_where() -> None:
    bench = _closed_shirt()
    bench.scan(TRACKING)
    choice = bench.screen.choice
    assert choice is not None
    assert (choice.p["who"], choice.p["z"]) == ({"ru": "Иванова", "en": "Ivanova"}, "resale")
    assert choice.p["time"].startswith("2025-")
    assert len(choice.p["time"]) == len("2025-11-24 16:00")


def test_down_the_order_an_operator_corrects_alone() -> None:
    bench = _closed_shirt()
    verdict = next(e for e in bench.events if isinstance(e.payload, VerdictMade))
    _asked(bench)
    assert "unit.opened" in bench.shirt()
    assert state_name(bench.state, bench.screen) == "UNIT"
    assert not bench.state.moves
    _mark(bench, "stain")
    kinds = bench.tray("R1")
    assert kinds.index("correction.made") < kinds.index("verdict.made")
    (correction,) = _corrections(bench)
    assert (correction.of, correction.act, correction.supervisor) == (verdict.id, "replace", None)
    assert (correction.before["zone"], correction.after["zone"]) == ("resale", "repair")


def test_the_money_is_said_anew_and_names_what_it_replaces() -> None:
    bench = _closed_shirt()
    first = next(e for e in bench.events if isinstance(e.payload, RefundReview))
    _asked(bench)
    bench.shirt()
    _mark(bench, "stain")
    kinds = bench.tray("R1")
    assert sum(kind.startswith("refund.") for kind in kinds) == 1
    newest = [e.payload for e in bench.events if e.kind.startswith("refund.")][-1]
    assert newest.supersedes == first.id  # type: ignore[union-attr]


def test_the_old_answers_are_there_and_can_be_taken_back() -> None:
    bench = _closed_shirt(mark="stain")
    _asked(bench)
    bench.shirt()
    assert bench.state.unit is not None
    assert "stain" in {given.step for given in bench.state.unit.answers}
    assert bench.press("backspace") == ["inspection.withdrawn"]


def test_up_the_order_it_needs_a_supervisor() -> None:
    bench = _closed_shirt(mark="stain")
    _asked(bench)
    bench.shirt()
    bench.press("backspace")
    assert bench.tray("A1") == ["scan.read"]
    assert state_name(bench.state, bench.screen) == "OVERRIDE"
    kinds = bench.supervise()
    assert kinds.index("correction.made") < kinds.index("verdict.made")
    assert _corrections(bench)[-1].supervisor == "0001"
    assert "put.confirmed" in bench.tray("A1")


def test_another_item_is_not_corrected_in_its_place() -> None:
    bench = _closed_shirt()
    _asked(bench)
    bench.scan(MUG[1:], symbology=Symbology.EAN13, aim_id="]E0")
    assert bench.no == "E49"
    assert "unit.opened" in bench.shirt()


def test_the_new_record_points_to_the_former_one_and_adds_to_no_line() -> None:
    bench = _closed_shirt()
    _asked(bench)
    bench.shirt()
    opened = [e.payload for e in bench.events if isinstance(e.payload, UnitOpened)]
    units = [e.unit for e in bench.events if isinstance(e.payload, UnitOpened)]
    assert (opened[-1].n, opened[-1].previous) == (2, units[0])
    assert opened[-1].corrects is not None
    assert opened[-1].corrects.zone == "resale"


def test_what_a_robot_carries_is_not_in_the_hand() -> None:
    bench = _closed_shirt(mark="stain")
    move = next(iter(bench.state.moves))
    bench.take(ordered(move, 0))
    bench.take(LegInput(move=move, leg=0, state=MoveState.PICKING, robot="r1"))
    _asked(bench)
    assert "unit.opened" not in bench.shirt()
    assert bench.no == "E41"
