"""Anything a person can do at any moment: no fault, no silence, no dead end, no forbidden order."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bench import FLOOR, KEY, Bench, context
from edge.events import UnitOpened
from edge.floor import Tray
from edge.quality import QualityRules
from edge.station.apply import apply
from edge.station.state import State
from walk import ACTS, LIKELY, Walk, stroll

SEEDS = range(8)
ACTS_EACH = 250


def test_random_walks_end_well() -> None:
    walked = [stroll(seed, ACTS_EACH) for seed in SEEDS]
    kinds = {event.kind for walk in walked for event in walk.bench.events}
    assert sum(walk.acts for walk in walked) == len(SEEDS) * ACTS_EACH
    assert {"put.confirmed", "correction.made", "danger.raised", "parcel.parked"} <= kinds
    assert {"container.unit_added", "container.unit_removed", "container.closed"} <= kinds


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(LIKELY), st.sampled_from(sorted(ACTS))), max_size=30))
def test_no_short_sequence_of_acts_breaks_anything(names: list[str]) -> None:
    walk = Walk()
    for name in names:
        walk.do(name)
    walk.leave()
    assert walk.acts == len(names)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.sampled_from(LIKELY), st.sampled_from(sorted(ACTS))), max_size=20))
def test_nothing_breaks_while_a_unit_of_a_closed_parcel_is_corrected(names: list[str]) -> None:
    walk = Walk()
    for name in ("badge 0417", "parcel", "shirt", "tray A1", "key f7", "key enter", "correct"):
        walk.do(name)
    walk.do("shirt")
    opened = [e.payload for e in walk.bench.events if isinstance(e.payload, UnitOpened)]
    assert opened[-1].corrects is not None
    for name in names:
        walk.do(name)
    walk.leave()


DRAWN = ("badge 0417", "badge 0502", "badge 0001", "pin", "tray Q1", "tray Q1", "mug", "key f12")


@settings(max_examples=40)
@given(st.lists(st.sampled_from((*LIKELY, *DRAWN, *sorted(ACTS))), max_size=40))
def test_nothing_breaks_at_a_station_that_draws_every_unit(names: list[str]) -> None:
    trays = {**FLOOR.trays, "Q1": Tray(id="Q1", zone="hold", fixed=True)}
    given_now = context(
        floor=replace(FLOOR, trays=trays),
        quality=QualityRules(tray="Q1", percent=100),
        site_key=KEY,
    )
    walk = Walk(bench=Bench(given=given_now))
    for name in ("badge 0417", "parcel", "shirt", "tray A1", "tray Q1", *names):
        walk.do(name)
    walk.leave()
    state = State()
    for event in walk.bench.events:
        state = apply(state, event)
    assert state == walk.bench.state
