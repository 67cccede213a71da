"""A candidate beside the active policy: without effect, recorded, counted with its exact bound."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import Bench, context, pack
from edge.events import DocumentRef, ShadowVerdict, VerdictMade
from edge.events.envelope import canonical
from edge.feeds.shadow_report import shadow_report, upper_bound
from edge.records import from_json, to_json
from seal_kit import candidate
from zoning.pack import Pack, load_pack

OTHER_LANE = ("zone.csv", "R13,A,,,resale,RESTOCK,", "R13,A,,,resale,BSTOCK,")


def _beside(other: Pack) -> Bench:
    packs = {pack().sha256: pack(), other.sha256: other}
    return Bench(given=context(packs=packs, shadow=other.sha256))


def _verdict(bench: Bench) -> VerdictMade:
    found = [event.payload for event in bench.events if isinstance(event.payload, VerdictMade)]
    return found[-1]


def _shirt_in_a1(bench: Bench) -> VerdictMade:
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    return _verdict(bench)


def test_a_candidate_is_heard_and_changes_nothing_else() -> None:
    other = load_pack(candidate(2, OTHER_LANE))
    alone, beside = _shirt_in_a1(Bench()), _shirt_in_a1(_beside(other))
    assert (alone.row, alone.disposition) == ("R13", "RESTOCK")
    assert replace(beside, shadow=()) == alone
    assert alone.shadow == ()
    assert beside.shadow == (
        ShadowVerdict(
            sha256=other.sha256,
            row="R13",
            zone="resale",
            disposition="BSTOCK",
            refund=alone.refund,
            move=alone.move,
        ),
    )
    assert from_json(VerdictMade, to_json(beside)) == beside


def test_a_candidate_that_is_the_active_pack_or_is_not_loaded_says_nothing() -> None:
    assert _shirt_in_a1(_beside(pack())).shadow == ()
    assert _shirt_in_a1(Bench(given=context(shadow="f" * 64))).shadow == ()


def _with_colour(row: str) -> Pack:
    """A candidate with a column of its own that one row reads."""
    files = candidate(2)
    files["policy.toml"] += b"""
[domain.colour]
kind = "enum"
values = ["red", "blue"]
"""
    first, head, *rows = files["zone.csv"].decode().splitlines()
    cells = (line.partition(",") for line in rows)
    read = [f"{name},{'red' if name == row else ''},{rest}" for name, _, rest in cells]
    files["zone.csv"] = "\n".join([first, head.replace("id,", "id,colour,", 1), *read]).encode()
    return load_pack(files)


def test_a_fact_that_the_active_checklist_lacks_is_a_gap_only_where_it_matters() -> None:
    (said,) = _shirt_in_a1(_beside(_with_colour("R14"))).shadow
    assert (said.row, said.gap) == ("R13", "")
    (said,) = _shirt_in_a1(_beside(_with_colour("R13"))).shadow
    assert (said.row, said.zone, said.gap) == ("#missing", "hold", "colour")


# ---------------------------------------------------------------- counting


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [
        (0, 100, 0.0295),
        (0, 298, 0.01000),
        (0, 299, 0.00997),
        (0, 320, 0.00932),
        (9, 1000, 0.01565),
        (5, 5, 1.0),
        (0, 0, 1.0),
        (0, 1, 0.95),
    ],
)
def test_the_bound_is_that_of_clopper_and_pearson(k: int, n: int, bound: float) -> None:
    assert upper_bound(k, n) == pytest.approx(bound, abs=0.00005)


@pytest.mark.parametrize(
    ("k", "n"),
    [(0, 299), (1, 473), (2, 628), (3, 773), (4, 913), (5, 1049), (8, 1441), (10, 1693)],
)
def test_less_than_one_percent_takes_so_many_units(k: int, n: int) -> None:
    assert upper_bound(k, n) < 0.01 <= upper_bound(k, n - 1)


@given(n=st.integers(1, 100_000), share=st.floats(0, 1))
def test_the_bound_lies_above_the_share_and_rises_with_it(n: int, share: float) -> None:
    k = min(n, int(share * n))
    bound = upper_bound(k, n)
    assert k / n < bound <= 1 or k == n
    assert upper_bound(min(n, k + 1), n) >= bound


def _body(unit: str, said: str, *, policy: str = "base", gap: str = "", row: str = "R13") -> bytes:
    shadow = ShadowVerdict(
        sha256="new", row=row, zone=said, disposition="X", refund="review", move="auto", gap=gap
    )
    verdict = VerdictMade(
        zone="resale",
        disposition="X",
        row=row,
        refund="review",
        move="auto",
        grade_exact=True,
        policy=DocumentRef(id="p", version=1, sha256=policy),
        checklist=DocumentRef(id="c", version=1, sha256="c"),
        engine="zoning/1",
        facts={},
        shadow=(shadow,),
    )
    return canonical({"data": {"unit": unit, **to_json(verdict)}})


def test_disagreement_is_counted_by_row_over_the_newest_verdict_of_each_unit() -> None:
    bodies = [
        _body("u1", "repair"),
        _body("u1", "resale"),
        _body("u2", "resale"),
        _body("u3", "repair"),
        _body("u4", "hold", gap="colour"),
        _body("u5", "repair", policy="older"),
        _body("u6", "repair", row="R14"),
    ]
    report = shadow_report(enumerate(bodies, start=1), candidate="new", base="base")
    assert [(row.row, row.units, row.differ) for row in report.rows] == [
        ("R13", 3, 1),
        ("R14", 1, 1),
    ]
    assert (report.units, report.differ) == (4, 2)
    assert (report.not_comparable, report.elsewhere) == (1, 1)
    assert [one["unit"] for one in report.examples] == ["u3", "u6"]
    assert report.rows[0].bound == upper_bound(1, 3)
    told = report.to_json()
    assert told["rows"][1] == {"row": "R14", "units": 1, "differ": 1, "bound_permille": 1000}
    nobody = shadow_report(enumerate(bodies), candidate="unheard", base="base")
    assert (nobody.units, nobody.rows) == (0, ())
