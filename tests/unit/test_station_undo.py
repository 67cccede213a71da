"""F9: the newest act is taken back, step by step, as long as the load is at the bench."""

from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from bench import FLOOR, ROBOT, SHIRT, TRACKING, Bench, context
from drivers.protocols import Symbology
from edge.events import CorrectionMade, EventId, MoveState
from edge.station.apply import apply
from edge.station.decision import state_name
from edge.station.inputs import LegInput
from edge.station.state import State, UnitWork
from move_kit import ordered


def _corrected(bench: Bench) -> list[str]:
    """Return the kinds that the newest act declared not to stand, as they are named."""
    named = [e.payload for e in bench.events if isinstance(e.payload, CorrectionMade)]
    kinds = {e.id: e.kind for e in bench.events}
    return [kinds[EventId(one.of)] for one in named]


def _where(bench: Bench) -> str:
    return state_name(bench.state, bench.screen)


def _without_counts(unit: UnitWork) -> UnitWork:
    return replace(unit, acts=0, refund=None)  # what was said of the money is named as superseded


def _bench(state: State) -> tuple[object, ...]:
    units = {name: _without_counts(unit) for name, unit in state.units.items()}
    return (
        state.parcels,
        units,
        state.moves,
        state.bench,
        state.hand,
        state.shift,
        state.last_put,
        set(state.holds),
    )


def test_a_put_is_undone_with_its_refund_its_verdict_and_its_move() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    before = _bench(bench.state)
    bench.tray("A1")
    assert bench.state.moves
    bench.press("f9")
    assert _bench(bench.state) == before
    assert _where(bench) == "UNIT"
    assert _corrected(bench) == [
        "unit.closed",
        "refund.review",
        "put.confirmed",
        "verdict.made",
        "inspection.finished",
    ]
    assert bench.events[-6].kind == "move.cancelled"


def test_step_by_step_back_to_the_start_of_the_parcel_and_no_further() -> None:
    bench = Bench()
    bench.parcel()
    opened = _bench(bench.state)
    bench.shirt()
    bench.press("1", "enter")
    bench.press("f9", "f9")
    assert _where(bench) == "UNIT"
    bench.press("f9")
    assert _bench(bench.state) == opened
    bench.press("f9")
    assert bench.no == "E45"
    assert _bench(bench.state) == opened


def test_a_closed_parcel_is_open_again_after_its_last_put_is_undone() -> None:
    bench = Bench(lines=(replace(Bench().lines[0]),))
    bench.parcel()
    bench.shirt()
    assert "parcel.closed" in bench.tray("A1")
    assert _where(bench) == "IDLE"
    bench.press("f9")
    assert _where(bench) == "UNIT"
    assert bench.tray("A1")[-3:-1] == ["parcel.closed", "return.completed"]


def test_what_a_robot_is_picking_up_is_not_undone_by_a_key() -> None:
    bench = Bench(given=context(floor=replace(FLOOR, routes={"resale": (ROBOT,)})))
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    move = next(iter(bench.state.moves))
    assert bench.take(ordered(move, 0)) == ["move.sent"]
    bench.take(LegInput(move=move, leg=0, state=MoveState.PICKING, robot="r1"))
    after = _bench(bench.state)
    bench.press("f9")
    assert bench.no == "E41"
    assert _bench(bench.state) == after


def test_the_next_parcel_ends_what_can_be_undone() -> None:
    bench = Bench(lines=(replace(Bench().lines[0]),))
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.scan("NOBODY-KNOWS-IT")
    bench.press("1")
    bench.press("f9")
    assert bench.no == "E45"


def test_a_danger_is_never_undone_by_a_key() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("f11")
    bench.press("f9")
    assert bench.no == "E45"
    assert _where(bench) == "HAZARD"


_ACTS = st.sampled_from(
    ("shirt", "phone", "A1", "B1", "R1", "H1", "1", "2", "3", "0", "enter", "esc", "backspace")
)


def _do(bench: Bench, act: str) -> None:
    match act:
        case "shirt":
            bench.scan(SHIRT[1:], symbology=Symbology.EAN13, aim_id="]E0")
        case "phone":
            bench.phone()
        case _ if act[0] in "ABRH" and len(act) == 2:
            bench.tray(act)
        case _:
            bench.press(act)


@given(st.lists(_ACTS, max_size=25))
def test_undo_after_any_act_gives_the_bench_before_it_and_a_replay_the_same_state(
    acts: list[str],
) -> None:
    bench = Bench()
    bench.parcel()
    for act in acts:
        before, could = _bench(bench.state), len(bench.state.past)
        _do(bench, act)
        if len(bench.state.past) == could + 1:
            trial = Bench(
                state=bench.state, events=list(bench.events), count=bench.count, now_ms=bench.now_ms
            )
            trial.press("f9")
            assert _bench(trial.state) == before
            assert reduce(apply, trial.events, State()) == trial.state
        if state_name(bench.state, bench.screen) == "IDLE":
            bench.scan(TRACKING)
