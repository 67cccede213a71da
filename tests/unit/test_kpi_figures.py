"""Key figures of a day counted by hand: what stands counts, what was taken back does not."""

from dataclasses import replace
from typing import Any

import pytest

from edge.events import (
    ADJUDICATED,
    DiverterChanged,
    DiverterState,
    HoldPlaced,
    Milliseconds,
    Outcome,
    ParcelArrived,
    ParcelOpened,
    PhotoLost,
    PhotoMissing,
    PhotoTaken,
    PutConfirmed,
    RefundEligible,
    UnitClosed,
    UnitIdentified,
    UnitMissing,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
    utc_text,
)
from edge.kpi.book import collect, taken_back
from edge.kpi.figure import Figure, percentile
from edge.kpi.measure import Period, figures
from journal_kit import WALL_MS
from kpi_kit import BANDS, LIST, PACK, Days

VERDICT = VerdictMade(
    zone="resale", disposition="RESTOCK", row="R13", refund="eligible", move="auto",
    grade_exact=True, policy=PACK, checklist=LIST, engine="1", facts={"known": {"value": 5}},
)  # fmt: skip
PHOTO = PhotoTaken(
    sha256="c3" * 32, bytes=1, mime="image/jpeg", width=1, height=1, slot="defect", camera="top",
    sharpness=9, mean=1, clipped=0, bound_by="open_window", step="wear",
)  # fmt: skip
LANE = DiverterChanged(
    move="m", leg=0, state=DiverterState.DONE, conveyor="c1", lane=1, token=1, wire_seq=1,
    plc_boot=1, count_before=0, exit_before=0, exit_lane=1,
)  # fmt: skip
EVER = Period(since_ms=0, until_ms=2**60, at_ms=WALL_MS + 3_600_000)


class Morning(Days):
    """One parcel of one return, told piece by piece."""

    def __init__(self, mode: str = "live") -> None:
        super().__init__(7, mode)
        self.parcel = self.new_id()

    def arrive(self, **changes: Any) -> None:
        whole = ParcelArrived(codes=("T",), matched_by="tracking", rmas=("88",), seal="intact")
        self.tell(replace(whole, **changes), parcel=self.parcel)
        self.tell(ParcelOpened(), parcel=self.parcel)

    def take(self, match: str = "expected", **more: Any) -> dict[str, Any]:
        about: dict[str, Any] = {"parcel": self.parcel, "unit": self.new_id()}
        self.tell(UnitOpened(), **about, **more)
        self.tell(
            UnitIdentified(
                how="scan", basis="parcel", match=match, confirmed=True, epc="x", rma="88"
            ),
            **about,
            **more,
        )
        return about

    def put(self, about: dict[str, Any], **more: Any) -> list[str]:
        touch = Milliseconds(active=8_000, waiting=100, interrupted=0)
        return [
            self.tell(
                PutConfirmed(zone="resale", proof="tray", how="hand", after_verdict_ms=1),
                **about,
                **more,
            ),
            self.tell(RefundEligible(row="R13"), **about, **more),
            self.tell(UnitClosed(ms=touch, acts_n=3), **about, **more),
        ]

    def figures(self, period: Period = EVER) -> dict[tuple[str, str, str], Figure]:
        events = self.events()
        found = figures(collect(events, taken_back(events)), period, BANDS)
        return {(one.name, one.statistic, one.of): one for one in found}


def test_an_empty_journal_measures_nothing() -> None:
    found = Morning().figures()
    assert {one.value for one in found.values()} == {None}
    assert {one.n for one in found.values()} == {0}


def test_a_put_that_was_taken_back_is_no_put_and_no_first_pass() -> None:
    morning = Morning()
    morning.arrive()
    first, second = morning.take(), morning.take()
    for about in (first, second):
        morning.tell(VERDICT, **about)
        done = morning.put(about)
        if about is first:
            morning.undo(*done, **about)
            before = morning.figures()
            assert before["dock_to_placed", "median", ""].n == 0
            assert before["touch_unit", "median", ""].value is None
            morning.put(about)
    found = morning.figures()
    passed = found["first_pass", "share", ""]
    assert (passed.value, passed.k, passed.n) == (0.5, 1, 2)
    assert passed.lower == pytest.approx(1 - 0.95**0.5)
    assert found["dock_to_placed", "median", ""].n == 2
    assert found["touch_unit", "p90", ""].value == 8_100
    assert found["system_wait", "share", ""].value == pytest.approx(200 / 16_200)


def test_a_unit_that_never_was_counts_nowhere() -> None:
    morning = Morning()
    morning.arrive()
    about: dict[str, Any] = {"parcel": morning.parcel, "unit": morning.new_id()}
    opened = morning.tell(UnitOpened(), **about)
    verdict = morning.tell(VERDICT, **about)
    morning.undo(opened, verdict, **about)
    assert morning.figures()["first_pass", "share", ""].n == 0


def test_what_the_unit_told_after_its_verdict_changes_its_figures() -> None:
    morning = Morning()
    morning.arrive(due=utc_text(WALL_MS))
    about = morning.take("surplus")
    morning.tell(replace(VERDICT, zone="hold", row="#missing"), **about)
    morning.put(about)
    morning.tell(HoldPlaced(reason="missing_fact"), **about)
    missing = UnitMissing(line="2", rma="88", qty=3)
    morning.tell(missing, parcel=morning.parcel)
    found = morning.figures()
    assert found["first_touch", "share", ""].value == 0.0
    assert found["missing_fact", "share", "#missing"].value == 1.0
    assert found["refund_late", "share", ""].value == 1.0
    kinds = {of: (one.k, one.n) for (name, _, of), one in found.items() if name == "discrepancy"}
    assert kinds == {"missing": (3, 4), "surplus": (1, 4), "default": (4, 4)}
    assert found["recovery", "share", "low/hold"].value == 1.0


def test_what_a_person_saw_is_a_discrepancy_though_the_code_was_as_announced() -> None:
    morning = Morning()
    morning.arrive()
    morning.tell(
        replace(VERDICT, facts={"known": {"flags": ["used", "empty_box"]}}), **morning.take()
    )
    assert morning.figures()["discrepancy", "share", "empty"].k == 1


def test_evidence_is_what_is_bound_and_still_there() -> None:
    morning = Morning()
    morning.arrive()
    about = morning.take()
    taken = [
        replace(PHOTO, slot=slot, sha256=sha * 32)
        for slot, sha in (("defect", "c3"), ("label", "d4"))
    ]
    for photo in (*taken, replace(PHOTO, slot="item", step=None)):
        morning.tell(photo, **about)
    morning.tell(PhotoMissing(slot="screen", reason="dark", supervisor="0001"), **about)
    morning.tell(PhotoMissing(slot="item", reason="no_camera"), **about)
    morning.tell(PhotoLost(sha256="d4" * 32, reason="absent"))
    morning.tell(VERDICT, **about)
    found = morning.figures()["evidence", "share", ""]
    assert (found.k, found.n) == (1, 3)


def test_lanes_without_a_sensor_are_not_measured_and_with_one_are() -> None:
    morning = Morning()
    morning.arrive()
    morning.tell(replace(LANE, exit_lane=None), **morning.take())
    assert morning.figures()["mis_sort", "share", ""].value is None
    morning.tell(LANE, **morning.take())
    morning.tell(replace(LANE, state=DiverterState.WRONG_LANE, exit_lane=2), **morning.take())
    found = morning.figures()["mis_sort", "share", ""]
    assert (found.value, found.n, round(found.upper or 0, 3)) == (0.5, 2, 0.975)


@pytest.mark.parametrize("mode", ["training", "demo"])
def test_training_is_in_no_figure(mode: str) -> None:
    morning = Morning(mode)
    morning.arrive()
    about = morning.take()
    morning.tell(VERDICT, **about)
    morning.put(about)
    assert {one.n for one in morning.figures().values()} == {0}


def test_gold_pieces_are_in_no_figure_of_the_work_and_never_in_the_random_rate() -> None:
    morning = Morning()
    morning.arrive()
    about = morning.take(audit=True)
    morning.tell(VERDICT, **about, audit=True)
    morning.put(about, audit=True)
    fields = {
        "first": {"grade": "A", "zone": "resale"},
        "second": {"grade": "B", "zone": "resale"},
        "agree": False,
    }
    for way, truth in (("gold", "second"), ("random", "second"), ("random", None)):
        more = {} if truth is None else {"adjudicated": truth}
        morning.tell_raw("quality.rechecked", {"way": way, **fields, **more}, **about)
    found = morning.figures()
    assert found["first_pass", "share", ""].n == 0
    wrong = found["wrong_units", "share", ""]
    assert (wrong.k, wrong.n) == (1, 1)
    assert (found["found_wrong", "share", "gold"].k, found["grade_agreement", "po", ""].n) == (1, 2)


def test_a_supervisor_s_word_between_two_graders_is_no_override_and_any_other_change_is() -> None:
    morning = Morning()
    morning.arrive()
    for reason in (ADJUDICATED, "O1"):
        about = morning.take()
        morning.tell(VERDICT, **about)
        found = Outcome(zone="resale", disposition="RESTOCK", refund="review", row="R13")
        decided = replace(found, zone="repair")
        changed = VerdictChanged(
            of="x", recommended=found, decided=decided, reason=reason, by="supervisor"
        )
        morning.tell(changed, **about)
        morning.put(about)
    share = morning.figures()["override", "share", ""]
    assert (share.k, share.n) == (1, 2)


def test_a_period_takes_the_units_first_decided_in_it() -> None:
    morning = Morning()
    morning.arrive()
    early = morning.take()
    morning.tell(VERDICT, **early)
    middle = morning.now_ms + 1
    late = morning.take()
    morning.tell(VERDICT, **late)
    morning.put(early)
    before = morning.figures(Period(since_ms=0, until_ms=middle, at_ms=middle))
    assert before["dock_to_placed", "median", ""].n == 1
    after = morning.figures(replace(EVER, since_ms=middle))
    assert (after["first_pass", "share", ""].n, after["dock_to_placed", "median", ""].n) == (1, 0)


def test_an_unknown_parcel_ages_until_it_is_claimed() -> None:
    morning = Morning()
    morning.arrive(matched_by="none", provisional="U-1", rmas=())
    arrived = morning.events()[0].time_ms
    found = morning.figures()["unknown_parcel_age", "max", ""]
    assert (found.value, found.n) == (EVER.at_ms - arrived, 1)
    fields = {"rmas": ["88"], "by": "central", "evidence": []}
    morning.tell_raw("parcel.matched", fields, parcel=morning.parcel)
    assert morning.figures()["unknown_parcel_age", "max", ""].n == 0


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([1], 99, 1),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        (list(range(1, 101)), 90, 90),
        ([], 50, None),
    ],
)
def test_percentiles_are_values_that_were_measured(
    values: list[int], percent: int, expected: int | None
) -> None:
    assert percentile(values, percent) == expected


def test_a_piece_that_is_inspected_twice_is_one_piece_with_its_newest_zone() -> None:
    morning = Morning()
    morning.arrive()
    about = morning.take("surplus")
    morning.tell(replace(VERDICT, zone="repair"), **about)
    morning.put(about)
    again = {**about, "unit": morning.new_id()}
    morning.tell(UnitOpened(n=2, previous=about["unit"]), **again)
    morning.tell(VERDICT, **again)
    morning.put(again)
    found = morning.figures()
    assert (found["first_touch", "share", ""].k, found["first_touch", "share", ""].n) == (0, 1)
    zones = [of for (name, _, of), one in found.items() if (name, one.by) == ("recovery", "zone")]
    assert zones == ["resale"]
    assert found["discrepancy", "share", "surplus"].k == 1
    assert (found["touch_unit", "median", ""].value, found["acts", "mean", ""].value) == (16_200, 6)
