"""What is held: its owner, its clock, its ways out; the money is said once and superseded."""

from dataclasses import replace

import pytest

from bench import IMEI, LINES, START_MS, Bench, context
from drivers.protocols import Symbology
from edge.catalogue import ReturnLine
from edge.events import (
    Event,
    HoldPlaced,
    HoldReleased,
    MovePlanned,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    SlaWarning,
    VerdictMade,
    parse_utc,
    utc_text,
)
from edge.floor import HoldRules, LpnMode, LpnRules
from edge.station import overdue
from edge.station.doubts import doubts
from edge.station.history import former, held_of
from edge.station.inputs import DataInput, DueTimer, ReleaseInput
from edge.station.state import Hold

STRANGER = "04600000000015"
HOUR_MS = 3_600_000
REFUNDS = (RefundEligible, RefundReview, RefundBlocked)


def held_bench(lines: tuple[ReturnLine, ...] = LINES) -> Bench:
    """A bench whose units get numbers off a roll."""
    rules = LpnRules(zones={"hold": LpnMode.PREPRINTED})
    bench = Bench(given=context(lpn=rules, hold=HoldRules(by_reason={"unannounced": 5})))
    bench.lines = lines
    bench.parcel()
    return bench


def hold_stranger(bench: Bench, lpn: str = "0500-0001") -> Hold:
    """An article that nobody announced, put into hold."""
    bench.scan(STRANGER[1:], symbology=Symbology.EAN13, aim_id="]E0")
    bench.press("2")
    bench.scan(lpn)
    bench.tray("H1")
    (hold,) = bench.state.holds.values()
    return hold


def hold_phone(bench: Bench) -> Hold:
    """A telephone whose shipped serial number is not in the cache: to be verified."""
    bench.phone()
    for _ in range(12):
        bench.scan("0500-0002")
        bench.tray("H1")
        if bench.state.holds:
            break
        bench.press("2" if "data" in str(bench.screen.note) or "дан" in str(bench.screen.note)
                    else "1")  # fmt: skip
    (hold,) = bench.state.holds.values()
    return hold


def all_of(bench: Bench, kind: type) -> list[Event]:
    return [event for event in bench.events if isinstance(event.payload, kind)]


# ---------------------------------------------------------------- placed, and late


def test_a_hold_says_whose_word_it_waits_for_until_when_and_where_it_lies() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    (event,) = all_of(bench, HoldPlaced)
    placed = event.payload
    assert isinstance(placed, HoldPlaced)
    assert (placed.reason, placed.owner, placed.place) == ("unannounced", "owner", "H1")
    assert placed.due is not None
    assert parse_utc(placed.due) == event.time_ms + 5 * HOUR_MS
    assert hold.due_ms == parse_utc(placed.due)


def test_a_late_hold_is_told_once() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    assert hold.due_ms is not None
    assert bench.take(DueTimer(wall_ms=hold.due_ms - 1)) == []
    assert bench.take(DueTimer(wall_ms=hold.due_ms + 1)) == ["sla.warning"]
    assert bench.take(DueTimer(wall_ms=hold.due_ms + HOUR_MS)) == []
    (warning,) = all_of(bench, SlaWarning)
    assert isinstance(warning.payload, SlaWarning)
    assert warning.payload.left_ms == -1
    assert warning.unit == hold.unit.unit


def test_a_late_parcel_is_told_once_an_undo_notwithstanding_and_says_so_on_its_screen() -> None:
    due = utc_text(START_MS + HOUR_MS)
    bench = held_bench(tuple(replace(one, due_at=due) for one in LINES))
    (parcel,) = bench.state.parcels.values()
    assert parcel.due == due
    due_ms = START_MS + HOUR_MS
    assert not overdue.is_past(parcel, due_ms - 1)
    bench.shirt()
    assert bench.take(DueTimer(wall_ms=due_ms - 1)) == []
    assert bench.take(DueTimer(wall_ms=due_ms + 60_001)) == ["sla.warning"]
    bench.press("f9")
    assert bench.state.hand is None
    assert bench.take(DueTimer(wall_ms=due_ms + HOUR_MS)) == []
    (warning,) = all_of(bench, SlaWarning)
    told = SlaWarning(rule="parcel", due=due, left_ms=-60_001)
    assert (warning.payload, warning.parcel, warning.unit) == (told, parcel.parcel, None)
    assert [one.kind for one in doubts(bench.state)] == ["parcel_late"]
    assert overdue.is_past(parcel, due_ms)


def test_an_undone_put_takes_its_hold_with_it() -> None:
    bench = held_bench()
    hold_stranger(bench)
    bench.press("f9")
    assert not bench.state.holds
    bench.tray("H1")
    assert len(bench.state.holds) == 1


def test_hours_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="verify: 0"):
        HoldRules(by_reason={"verify": 0})


def test_a_hold_is_found_again_from_its_unit_s_events_alone() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    events = [event for event in bench.events if event.unit == hold.unit.unit]
    again = held_of(hold.unit.unit, events)
    assert again is not None
    assert again.unit.verdict == hold.unit.verdict
    assert (again.reason, again.place, again.due_ms) == (hold.reason, hold.place, hold.due_ms)
    assert former(hold.unit.unit, events) is not None


# ---------------------------------------------------------------- out by a supervisor


def test_only_a_supervisor_lets_a_held_unit_go() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    bench.press("esc")
    bench.scan("0500-0001")
    assert bench.no == "E48"
    bench.press("4")
    assert bench.no == "E00"
    bench.press("3")
    assert bench.no == "E83", "the policy forbids it for what nobody announced"
    assert bench.state.holds == {hold.unit.unit: hold}


def test_a_supervisor_has_a_held_unit_inspected_again() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    bench.press("esc")
    bench.scan("0500-0001")
    bench.press("5")
    assert bench.no == "E80"
    kinds = bench.supervise()
    assert kinds[-5:][0:2] == ["hold.released", "unit.opened"] or "hold.released" in kinds
    assert not bench.state.holds
    assert bench.state.unit is not None
    assert bench.state.unit.n == 2
    assert bench.state.unit.refund == hold.unit.refund


def test_a_released_unit_stands_on_the_list_of_moves() -> None:
    bench = held_bench()
    bench.shirt()
    bench.press("enter")
    bench.press("4")  # the operator alone may always send a unit to hold
    bench.scan("0500-0003")
    bench.tray("H1")
    bench.press("esc")
    bench.scan("0500-0003")
    bench.press("1")
    kinds = bench.supervise()
    assert kinds[-4:] == ["verdict.changed", "hold.released", "move.planned", "move.by_hand"]
    assert not bench.state.holds
    (work,) = bench.state.moves.values()
    assert (work.zone, work.tray) == ("resale", "H1")
    released = all_of(bench, HoldReleased)[-1].payload
    assert isinstance(released, HoldReleased)
    assert (released.by, released.to_zone, released.supervisor) == ("supervisor", "resale", "0001")


def test_a_release_by_a_supervisor_may_be_undone() -> None:
    bench = held_bench()
    bench.shirt()
    bench.press("enter")
    bench.press("4")
    bench.scan("0500-0003")
    bench.tray("H1")
    bench.press("esc")
    bench.scan("0500-0003")
    bench.press("1")
    bench.supervise()
    bench.press("f9")
    assert len(bench.state.holds) == 1
    assert not bench.state.moves


def test_backing_out_of_the_question_changes_nothing() -> None:
    bench = held_bench()
    hold_stranger(bench)
    bench.press("esc")
    before = bench.state.holds
    bench.scan("0500-0001")
    bench.press("esc")
    assert bench.state.holds == before


# ---------------------------------------------------------------- out by the centre


def test_the_centre_releases_and_its_word_is_not_the_operator_s_to_undo() -> None:
    bench = held_bench()
    bench.shirt()
    bench.press("enter")
    bench.press("4")
    bench.scan("0500-0003")
    bench.tray("H1")
    (hold,) = bench.state.holds.values()
    stack = bench.state.past
    given = ReleaseInput(input="release/1", unit=hold.unit.unit, decision="release", zone="repair")
    kinds = bench.take(given)
    assert kinds == ["verdict.changed", "hold.released", "move.planned", "move.by_hand"]
    assert not bench.state.holds
    assert bench.state.past == stack
    assert bench.take(given) == [], "it is gone"


def test_the_centre_cannot_send_a_unit_where_a_rule_forbids() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    given = ReleaseInput(input="release/1", unit=hold.unit.unit, decision="release", zone="resale")
    assert bench.take(given) == ["config.refused"]
    assert hold.unit.unit in bench.state.holds


def test_an_unlocked_unit_is_inspected_again_without_a_supervisor() -> None:
    bench = held_bench()
    hold = hold_stranger(bench)
    given = ReleaseInput(input="release/1", unit=hold.unit.unit, decision="unlocked")
    assert bench.take(given) == ["hold.released"]
    bench.press("esc")
    kinds = bench.scan("0500-0001")
    assert "unit.opened" in kinds


# ---------------------------------------------------------------- out by the missing fact


@pytest.fixture
def verified() -> tuple[Bench, Hold]:
    lines = (LINES[0], replace(LINES[1], serials=()))
    bench = held_bench(lines)
    return bench, hold_phone(bench)


def test_when_the_shipped_serial_arrives_the_same_answers_are_decided_again(
    verified: tuple[Bench, Hold],
) -> None:
    bench, hold = verified
    assert hold.reason == "verify"
    line = replace(LINES[1], serials=(IMEI,))
    kinds = bench.take(DataInput(unit=hold.unit.unit, line=line))
    assert kinds[:2] == ["verdict.made", "hold.released"]
    assert kinds[-2:] == ["move.planned", "move.by_hand"]
    released = all_of(bench, HoldReleased)[-1].payload
    assert isinstance(released, HoldReleased)
    assert released.by == "data"
    planned = all_of(bench, MovePlanned)[-1].payload
    verdict = all_of(bench, VerdictMade)[-1].payload
    assert isinstance(planned, MovePlanned)
    assert isinstance(verdict, VerdictMade)
    assert planned.zone == verdict.zone == released.to_zone


def test_another_serial_keeps_it_held_in_dispute_and_blocks_the_money(
    verified: tuple[Bench, Hold],
) -> None:
    bench, hold = verified
    line = replace(LINES[1], serials=("356938035643999",))
    kinds = bench.take(DataInput(unit=hold.unit.unit, line=line))
    assert kinds == ["verdict.made", "hold.placed", "refund.blocked"]
    (now,) = bench.state.holds.values()
    assert now.reason == "dispute"
    blocked = all_of(bench, RefundBlocked)[-1].payload
    assert isinstance(blocked, RefundBlocked)
    assert blocked.supersedes == hold.unit.refund


def test_nothing_new_changes_nothing(verified: tuple[Bench, Hold]) -> None:
    bench, hold = verified
    assert bench.take(DataInput(unit=hold.unit.unit, line=replace(LINES[1], serials=()))) == []
    assert bench.take(DataInput(unit=hold.unit.unit)) == []


# ---------------------------------------------------------------- the money


def valid_refunds(bench: Bench) -> dict[str, int]:
    """How many milestones of a piece nobody superseded; a new inspection goes on with it."""
    root: dict[str, str] = {}
    standing: dict[str, set[str]] = {}
    for event in bench.events:
        unit = str(event.unit)
        if event.kind == "unit.opened":
            previous = getattr(event.payload, "previous", None)
            root[unit] = root.get(previous, previous) if previous else unit
        if isinstance(event.payload, REFUNDS):
            said = standing.setdefault(root[unit], set())
            said.discard(str(event.payload.supersedes))
            said.add(event.id)
    return {unit: len(said) for unit, said in standing.items()}


def test_each_unit_has_exactly_one_valid_milestone_after_undo_and_another_put() -> None:
    bench = held_bench()
    bench.shirt()
    bench.tray("A1")
    bench.press("f9")
    bench.press("enter")
    bench.press("4")
    bench.scan("0500-0004")
    bench.tray("H1")
    assert list(valid_refunds(bench).values()) == [1]
    assert len([e for e in bench.events if isinstance(e.payload, REFUNDS)]) == 2
    assert len(all_of(bench, PutConfirmed)) == 2


def test_a_new_inspection_supersedes_the_milestone_of_the_former() -> None:
    bench = held_bench()
    bench.shirt()
    bench.scan("0500-0005")
    bench.tray("A1")
    bench.press("esc")
    bench.scan("0500-0005")
    bench.tray("A1")
    assert list(valid_refunds(bench).values()) == [1]
