"""The day so far, counted by hand: what was taken back does not count; any stretch of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import (
    ADJUDICATED,
    Answer,
    CorrectionMade,
    Graded,
    InspectionFinished,
    Milliseconds,
    OperatorIn,
    Outcome,
    PhotoMissing,
    PutConfirmed,
    QualityRechecked,
    UnitClosed,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
)
from edge.kpi.bound import upper_bound
from edge.kpi.day import KINDS, Day, DayFigures
from kpi_kit import LIST, PACK, Days, days

VERDICT = VerdictMade(
    zone="resale", disposition="RESTOCK", row="R13", refund="eligible", move="auto",
    grade_exact=True, policy=PACK, checklist=LIST, engine="1", facts={"known": {}},
)  # fmt: skip
MINUTE_MS = 60_000


DAYS = {seed: days(40, seed).events() for seed in range(3)}


def named(policy: str, checklist: str, step: str, answer: str) -> Mapping[str, str] | None:
    assert (policy, checklist) == (PACK.sha256, LIST.id)
    return {"en": step} if answer == "bad" else None


class Bench(Days):
    """A bench where pieces come one after the other."""

    def piece(
        self, zone: str = "resale", *, wait_ms: int = 0, **times: int
    ) -> tuple[str, list[str]]:
        """Take and put one piece; its id, and the ids of its put and its closing."""
        ms = Milliseconds(**({"active": 9_000, "waiting": 1_000, "interrupted": 0} | times))
        about: dict[str, Any] = {"parcel": self.new_id(), "unit": self.new_id()}
        self.now_ms += wait_ms
        self.tell(UnitOpened(), **about)
        answers = (
            Answer(step="stain", answer="bad", by="key"),
            Answer(step="tags", answer="ok", by="key"),
            Answer(step="wear", answer="bad", by="default"),
        )
        self.tell(
            InspectionFinished(answers=answers, defaulted_n=1, confirm_ms=1, fast_ok=False), **about
        )
        self.tell(VERDICT, **about)
        put = PutConfirmed(zone=zone, proof="tray", how="hand", after_verdict_ms=1, tray="A1")
        done = [self.tell(put, **about), self.tell(UnitClosed(ms=ms, acts_n=3), **about)]
        return str(about["unit"]), done

    def figures(self, since_ms: int = 0) -> DayFigures:
        """Return what a day that took these events tells."""
        day = Day(named)
        for event in self.events():
            if event.kind in KINDS:
                day.take(event)
        return day.figures(since_ms)


def test_an_empty_day_measures_nothing() -> None:
    found = Bench(1).figures()
    assert (found.units, found.pace.n, found.checked, found.upper) == (0, 0, 0, None)
    assert found.zones == {}


def test_a_day_counts_zones_acts_and_seconds_in_three_parts() -> None:
    bench = Bench(1)
    bench.piece()
    bench.piece("repair", active=4_000, waiting=2_000, interrupted=120_000)
    found = bench.figures()
    assert found.zones == {"resale": 1, "repair": 1}
    assert found.units == found.pace.n == 2
    assert found.pace.acts == 3
    assert found.pace.seconds == pytest.approx((10 + 6) / 2)
    assert (found.pace.active, found.pace.waiting, found.pace.interrupted) == (6.5, 1.5, 60)
    assert found.pace.best == 6
    assert found.pace.recent == (10, 6)
    assert [(one.name, one.n) for one in found.defects] == [({"en": "stain"}, 2)]


def test_a_put_that_was_taken_back_is_in_no_figure_but_its_correction_is() -> None:
    bench = Bench(1)
    unit, done = bench.piece()
    first = bench.tell(CorrectionMade(of=done[1], act="undo", reason="operator"), unit=unit)
    again = CorrectionMade(of=done[0], act="undo", reason="operator")
    bench.tell(again, unit=unit, cause=first)
    found = bench.figures()
    assert (found.units, found.pace.n, found.zones) == (0, 0, {})
    assert found.corrections == 1


def test_a_later_stretch_leaves_out_what_came_before() -> None:
    bench = Bench(1)
    bench.piece()
    since_ms = bench.now_ms + 1
    bench.piece("hold")
    assert bench.figures(since_ms).zones == {"hold": 1}
    assert bench.figures(since_ms).pace.n == 1


def test_a_long_gap_between_pieces_is_a_pause_and_the_night_is_none() -> None:
    bench = Bench(1)
    bench.tell(OperatorIn(operator="0417", role="operator", method="badge"))
    bench.piece(wait_ms=5 * MINUTE_MS)
    bench.piece(interrupted=3 * MINUTE_MS)
    bench.now_ms += 600 * MINUTE_MS
    bench.tell(OperatorIn(operator="0502", role="operator", method="badge"))
    assert bench.figures().pause_min == 8


def test_a_photo_that_a_supervisor_waived_counts_as_missing_and_as_supervised() -> None:
    bench = Bench(1)
    unit, _ = bench.piece()
    bench.tell(PhotoMissing(slot="top", reason="camera", supervisor="0001"), unit=unit)
    found = bench.figures()
    assert (found.photos_missing, found.supervised) == (1, 1)


def looked(way: str, right: str | None) -> QualityRechecked:
    """Return a second look: both agree, or the one who was `right` by a supervisor's word."""
    other = Graded(zone="repair" if right else "resale", grade="B")
    return QualityRechecked(
        way=way,
        first=Graded(zone="resale", grade="B"),
        second=other,
        agree=right is None,
        adjudicated=right,
    )


def test_the_error_rate_is_of_settled_random_looks_alone_and_has_its_exact_bound() -> None:
    bench = Bench(1)
    for n in range(40):
        bench.tell(looked("random", None if n else "second"), unit=bench.new_id())
    for other in (looked("gold", "second"), replace(looked("random", None), agree=False)):
        bench.tell(other, unit=bench.new_id())
    found = bench.figures()
    assert (found.wrong, found.checked) == (1, 40)
    assert found.upper == upper_bound(1, 40)


def test_a_supervisor_s_word_between_two_graders_is_no_correction_of_the_shift() -> None:
    bench = Bench(1)
    unit, _ = bench.piece()
    outcome = Outcome(zone="repair", disposition="REFURB", refund="review")
    settled = CorrectionMade(of="x", act="replace", reason=ADJUDICATED, supervisor="0001")
    bench.tell(settled, unit=unit)
    for reason in (ADJUDICATED, "O1"):
        changed = VerdictChanged(
            of="x", recommended=outcome, decided=outcome, reason=reason, by="supervisor"
        )
        bench.tell(changed, unit=unit)
    found = bench.figures()
    assert (found.corrections, found.supervised) == (0, 1)


def test_training_and_test_pieces_never_count() -> None:
    training = Bench(1, "training")
    training.piece()
    assert training.figures().units == 0


@given(seed=st.sampled_from(sorted(DAYS)), begin=st.integers(0, 300), every=st.integers(1, 50))
def test_figures_asked_for_all_day_are_those_of_one_who_asks_in_the_evening(
    seed: int, begin: int, every: int
) -> None:
    """Whatever is said twice, taken back or put again, and whichever stretch is asked for."""
    told = [event for event in DAYS[seed] if event.kind in KINDS]
    since_ms = told[min(begin, len(told) - 1)].time_ms
    asked, evening = Day(_any_defect), Day(_any_defect)
    for n, event in enumerate(told):
        asked.take(event)
        evening.take(event)
        if n % every == 0:
            asked.figures(0)
            asked.figures(since_ms)
    for since in (0, since_ms):
        assert asked.figures(since) == evening.figures(since)


def _any_defect(_: str, __: str, step: str, answer: str) -> Mapping[str, str]:
    return {"en": f"{step} {answer}"}
