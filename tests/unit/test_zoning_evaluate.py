"""The verdict of a record: outputs, caps, what is missing, what decided, what is kept."""

from collections.abc import Mapping
from itertools import product

import pytest

from random_policies import small_axiom, small_cap, small_pack
from zoning.evaluate import (
    INVALID,
    MISSING,
    NO_POLICY,
    OUTCOMES_KEPT,
    decide,
    decided,
    engine_disposition,
    flags_asked,
    outcome_of,
    refund_under,
)
from zoning.model import (
    Deciding,
    Facts,
    Grade,
    Members,
    Missing,
    Move,
    Raised,
    Refund,
    Value,
    Verdict,
    Zone,
)
from zoning.pack import Pack


def members(present: str = "", unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


def verdict(pack: Pack, **values: Value) -> Verdict:
    return decide(pack, Facts(policy_sha256="", values=values))


def test_a_row_that_fires_gives_its_outputs() -> None:
    pack = small_pack("grade,flags", "A, -> resale", "B,any:fix -> repair review WEIGH|PACK")
    found = verdict(pack, grade="B", flags=members("fix"))
    assert found == Verdict(
        grade=Grade.B,
        grade_exact=True,
        zone=Zone.REPAIR,
        disposition="REPAIR1",
        row="R2",
        refund=Refund.REVIEW,
        move=Move.AUTO,
        note={"ru": "заметка 2", "en": "note 2"},
        actions=("WEIGH", "PACK", "MEND"),
    )


def test_extra_work_is_told_once_the_rows_first_then_that_of_flags_as_declared() -> None:
    pack = small_pack("grade", "A -> hold eligible MEND|PACK", "B -> hold")
    everything = members("leak fix sharp wipe")
    assert verdict(pack, grade="A", flags=everything).actions == ("MEND", "PACK", "WIPE")
    assert verdict(pack, grade="B", flags=everything).actions == ("WIPE", "MEND")
    assert verdict(pack, grade="B", flags=members("leak")).actions == ("WIPE",)
    assert verdict(pack, grade="B", flags=members("", "leak")).actions == ()
    assert verdict(pack, grade="B").actions == ()


@pytest.mark.parametrize(
    ("value", "grade"),
    [("A", Grade.A), ("B", Grade.B), ("C", Grade.C), ("D", Grade.D), ("ungraded", None)],
)
def test_the_grade_is_told_and_ungraded_is_none(value: str, grade: Grade | None) -> None:
    pack = small_pack("in_window", "y -> hold")
    assert verdict(pack, grade=value, in_window=True).grade is grade
    assert verdict(pack, grade=value, in_window=False).grade is grade
    assert verdict(pack, grade=value, nose=1).grade is grade
    assert verdict(pack, in_window=True).grade is None
    assert verdict(pack, grade="E", in_window=True).grade is None


def test_later_rows_that_are_true_are_told_in_order() -> None:
    rows = (", any:fix", "B,", "A,any:fix", "A,", ",any:fix|leak", "A,none:leak")
    pack = small_pack("grade,flags", *(f"{cells} -> hold" for cells in rows))
    assert verdict(pack, grade="A", flags=members("fix")).also_matched == ("R3", "R4", "R5", "R6")
    assert verdict(pack, grade="A", flags=members("fix", "leak")).also_matched == ("R3", "R4", "R5")
    assert verdict(pack, grade="B", flags=members("leak")).also_matched == ("R5",)
    assert verdict(pack, grade="A", flags=members()).also_matched == ("R6",)


def caps(*limits: str) -> str:
    """Caps C1, C2 … `output at_most column`, each applying to one flag."""
    flags = ("wipe", "fix", "sharp", "leak")
    return "".join(
        small_cap(f"C{at + 1}", *limit.split(), when=f"flags has any({flags[at]})")  # type: ignore[misc]
        for at, limit in enumerate(limits)
    )


@pytest.mark.parametrize(
    ("present", "refund", "applied"),
    [
        ("", "review", ()),
        ("wipe", "review", ("C1",)),
        ("fix", "blocked", ("C2",)),
        ("wipe fix", "blocked", ("C1", "C2")),
        ("sharp", "review", ("C3",)),
    ],
)
def test_caps_only_lower_a_refund(present: str, refund: str, applied: tuple[str, ...]) -> None:
    policy = caps("refund review", "refund blocked", "refund eligible")
    pack = small_pack("grade", "A -> hold review", "B -> hold blocked", policy=policy)
    found = verdict(pack, grade="A", flags=members(present))
    assert (found.refund, found.caps) == (refund, applied)
    assert found.move is Move.AUTO
    assert verdict(pack, grade="B", flags=members(present)).refund == "blocked"
    assert verdict(pack, grade="C", flags=members(present)).refund == refund
    mask = pack.index.match({"grade": "B", "flags": members(present)})
    assert refund_under(pack, mask, Refund.REVIEW) == refund


@pytest.mark.parametrize(
    ("zone", "present", "move"),
    [
        ("hold", "", "auto"),
        ("hold", "wipe", "manual"),
        ("hold", "fix", "auto"),
        ("hold", "sharp", "auto"),
        ("hazmat", "", "manual"),
        ("hazmat", "fix", "manual"),
    ],
)
def test_a_cap_and_the_dangerous_zone_mean_by_hand(zone: str, present: str, move: str) -> None:
    policy = caps("move manual", "move auto", "refund review")
    pack = small_pack("grade", f"A -> {zone}", policy=policy)
    assert verdict(pack, grade="A", flags=members(present)).move == move


def test_a_cap_that_nothing_rules_out_applies_and_names_the_absent_columns() -> None:
    policy = small_cap("C1", "refund", "review", "in_window = n and value >= 3")
    policy += small_cap("C2", "move", "manual", "flags has any(sharp) or mass >= 0.3")
    policy += small_cap("C3", "refund", "blocked", "seal = 'opened'")
    pack = small_pack("grade", "A -> resale", policy=policy)
    gone = tuple(Missing(column=name, why="absent") for name in ("in_window", "mass", "seal", "x"))
    values: Mapping[str, Value] = {"grade": "A", "flags": members("sharp"), "seal": "sealed"}

    found = decide(pack, Facts(policy_sha256="", values=values, missing=gone))
    assert (found.refund, found.move, found.caps) == ("review", "manual", ("C1", "C2"))
    assert [item.column for item in found.missing] == ["in_window"]

    rest = {name: value for name, value in values.items() if name != "seal"}
    found = decide(pack, Facts(policy_sha256="", values={**rest, "value": 1}, missing=gone))
    assert (found.refund, found.caps) == ("blocked", ("C2", "C3"))
    assert found.missing == (Missing(column="seal", why="absent"),)


@pytest.mark.parametrize(
    ("row", "disposition", "ru", "en"),
    [
        (
            MISSING,
            "HOLD_MISSING_FACT",
            "Не хватает сведений: решает старший",
            "A fact is missing: decided by hand",
        ),
        (
            INVALID,
            "HOLD_INVALID_FACTS",
            "Сведения противоречивы",
            "The facts contradict each other",
        ),
        (NO_POLICY, "HOLD_NO_POLICY", "Нет правила для такого случая", "No rule for such a case"),
    ],
)
def test_what_has_no_row_is_held_by_hand_under_review(
    row: str, disposition: str, ru: str, en: str
) -> None:
    pack = small_pack(
        "grade,in_window", "A,y -> resale eligible PACK", policy=caps("refund review")
    )
    given: Mapping[str, Mapping[str, Value]] = {
        MISSING: {"grade": "A", "flags": members("fix")},
        INVALID: {"grade": "A", "nose": 1},
        NO_POLICY: {"grade": "B", "flags": members("fix")},
    }
    found = verdict(pack, **given[row])
    missing = {MISSING: (("in_window", "open"),), INVALID: (("nose", "invalid"),), NO_POLICY: ()}
    assert found == Verdict(
        grade=Grade(str(given[row]["grade"])),
        grade_exact=True,
        zone=Zone.HOLD,
        disposition=disposition,
        row=row,
        refund=Refund.REVIEW,
        move=Move.MANUAL,
        note={"ru": ru, "en": en},
        missing=tuple(Missing(column=column, why=why) for column, why in missing[row]),
    )
    assert engine_disposition(row) == disposition


def test_caps_reach_the_engine_s_outcomes_but_not_a_refused_record() -> None:
    policy = caps("refund blocked", "move manual") + small_axiom(
        "X1", "in_window = y", "grade = 'A'"
    )
    pack = small_pack("grade,seal", "A,sealed -> resale", policy=policy)
    known = members("wipe fix")
    for grade in ("A", "B"):
        found = verdict(pack, flags=known, grade=grade)
        assert (found.refund, found.caps) == ("blocked", ("C1", "C2"))
    refused: tuple[dict[str, Value], ...] = ({"nose": 1}, {"grade": "B", "in_window": True})
    for wrong in refused:
        values = {"flags": known, "grade": "A", **wrong}
        found = decide(pack, Facts(policy_sha256="", values=values))
        assert (found.row, found.refund, found.caps, found.move) == (
            INVALID,
            "review",
            (),
            "manual",
        )


def test_a_missing_fact_is_told_with_its_reason_open_where_nobody_knows_one() -> None:
    pack = small_pack("grade,value,flags,in_window", "A,low,any:fix,y -> hold")
    gone = (Missing(column="value", why="currency"), Missing(column="seal", why="absent"))
    values: Mapping[str, Value] = {"grade": "A", "flags": members("", "fix")}
    found = decide(pack, Facts(policy_sha256="", values=values, missing=gone))
    assert [(item.column, item.why) for item in found.missing] == [
        ("value", "currency"),
        ("flags", "open"),
        ("in_window", "open"),
    ]


def test_wrong_columns_are_told_in_order_and_before_any_axiom() -> None:
    policy = small_axiom("X2", "grade = 'A'", "false") + small_axiom("X1", "grade = 'A'", "false")
    pack = small_pack("grade", "A -> hold", policy=policy)
    found = verdict(pack, value=99, nose=1, in_window=True, grade="A")
    assert [(item.column, item.why) for item in found.missing] == [
        ("nose", "invalid"),
        ("value", "invalid"),
    ]
    found = verdict(pack, grade="A")
    assert (found.row, [item.column for item in found.missing]) == (INVALID, ["X1", "X2"])
    assert verdict(pack, grade="B").row == NO_POLICY


def raised(*items: tuple[str, str, Grade | None]) -> tuple[Raised, ...]:
    return tuple(
        Raised(step=step, answer=f"{step}!", flags=tuple(flags.split()), cap=cap)
        for step, flags, cap in items
    )


@pytest.mark.parametrize(
    ("row", "values", "wanted"),
    [
        ("C,any:fix|leak", {"grade": "C", "flags": members("fix sharp")}, ["a", "b"]),
        ("C,all:fix|sharp", {"grade": "C", "flags": members("fix sharp")}, ["a", "b", "c"]),
        ("C,none:leak", {"grade": "C", "flags": members("fix sharp")}, ["b"]),
        (",any:sharp", {"grade": "C", "flags": members("fix sharp")}, ["c"]),
        (",none:leak", {"grade": "C", "flags": members("fix sharp")}, []),
        ("C,", {"grade": "C", "flags": members("fix sharp")}, ["b"]),
        ("B|C,", {"grade": "B", "flags": members("fix sharp")}, ["d"]),
        ("ungraded,", {"grade": "ungraded", "flags": members()}, []),
        ("A,", {"grade": "A", "flags": members()}, []),
        ("D,any:leak", {"grade": "D", "flags": members("", "leak")}, []),
    ],
)
def test_deciding_answers_raised_what_the_row_asks_for(
    row: str, values: Mapping[str, Value], wanted: list[str]
) -> None:
    given = raised(("a", "fix", None), ("b", "", Grade.C), ("c", "sharp", None), ("d", "", Grade.B))
    pack = small_pack("grade,flags", f"{row} -> hold")
    found = decide(pack, Facts(policy_sha256="", values=values, raised=given))
    assert found.deciding == tuple(Deciding(step=name, answer=f"{name}!") for name in wanted)


def test_what_the_record_adds_does_not_stick_to_its_mask() -> None:
    pack = small_pack("grade,flags", "C,any:fix -> hold", policy=caps("refund review"))
    values: Mapping[str, Value] = {"grade": "C", "flags": members("fix", "wipe")}
    plain = Facts(policy_sha256="", values=values)
    answered = Facts(policy_sha256="", values=values, raised=raised(("a", "fix", None)))
    told = Facts(policy_sha256="", values=values, missing=(Missing(column="flags", why="open"),))
    early = Facts(policy_sha256="", values=values, grade_exact=False)
    for _ in range(2):
        assert decide(pack, plain).deciding == ()
        assert decide(pack, plain).missing == ()
        assert decide(pack, plain).grade_exact is True
        assert [item.step for item in decide(pack, answered).deciding] == ["a"]
        assert decide(pack, told).missing == told.missing
        assert decide(pack, early).grade_exact is False
    assert decide(pack, plain) is decide(pack, plain)


def test_an_early_or_partial_record_keeps_what_the_engine_says() -> None:
    policy = small_axiom("X1", "grade = 'D'", "false")
    pack = small_pack("grade,in_window", "A,y -> hold", policy=policy)
    gone = (Missing(column="value", why="absent"),)
    for grade, row in (("A", MISSING), ("B", NO_POLICY), ("D", INVALID)):
        facts = Facts(policy_sha256="", values={"grade": grade}, grade_exact=False, missing=gone)
        found = decide(pack, facts)
        assert (found.row, found.grade_exact) == (row, False)
        assert [item.column for item in found.missing] == {
            MISSING: ["in_window"],
            NO_POLICY: [],
            INVALID: ["X1"],
        }[row]
    facts = Facts(policy_sha256="", values={"nose": 1}, grade_exact=False)
    assert decide(pack, facts).grade_exact is False


def test_outcomes_are_kept_by_mask_and_tell_their_row() -> None:
    pack = small_pack("grade,flags", "A, -> hold", "B,any:fix -> hold")
    mask = pack.index.match({"grade": "B", "flags": members("", "fix")})
    found = outcome_of(pack, mask)
    assert (found.row, found.is_open, found.verdict.row) == (1, True, MISSING)
    assert outcome_of(pack, mask) is found
    mask = pack.index.match({"grade": "B", "flags": members("fix")})
    found = outcome_of(pack, mask)
    assert (found.row, found.is_open, found.is_graded) == (1, False, True)
    assert found.flags == frozenset({"fix"})
    assert outcome_of(pack, pack.index.match({"grade": "C"})).row == -1
    facts = Facts(policy_sha256="", values={"grade": "C"})
    assert decided(pack, facts, mask).row == "R2"  # the mask is what counts
    assert decided(pack, facts, 0).row == INVALID


def test_outcomes_are_kept_up_to_a_bound() -> None:
    """More different records than are kept: the store never grows beyond it and stays right."""
    when = "flags has any(sharp) or attrs = {battery, cooler} or value >= 3"
    pack = small_pack("seal", "sealed -> hold", policy=small_cap("C1", "move", "manual", when))
    sets = [members(*_split(states, "wipe fix leak sharp")) for states in product("PUA", repeat=4)]
    attrs = [members(*_split(states, "battery cooler")) for states in product("PUA", repeat=2)]
    records = tuple(product(sets, attrs, ("A", "B", "C", "D"), ({"value": 0}, {"value": 7}, {})))
    sizes = []
    for flags, attr, grade, more in records:
        values: dict[str, Value] = {"flags": flags, "attrs": attr, "grade": grade, **more}
        assert decide(pack, Facts(policy_sha256="", values=values)).grade == grade
        sizes.append(len(pack.index.memo))
    assert max(sizes) == OUTCOMES_KEPT
    assert sizes[-1] == len(records) - OUTCOMES_KEPT


def _split(states: tuple[str, ...], names: str) -> tuple[str, str]:
    pairs = tuple(zip(names.split(), states, strict=True))
    present = " ".join(name for name, state in pairs if state == "P")
    return present, " ".join(name for name, state in pairs if state == "U")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("any:fix|leak", {"fix", "leak"}),
        ("all:fix|leak", {"fix", "leak"}),
        ("none:fix", set()),
        ("only:fix", set()),
        ("any:wipe & none:fix & all:leak", {"wipe", "leak"}),
        ("", set()),
    ],
)
def test_a_row_asks_for_the_flags_whose_presence_it_tests(cell: str, wanted: set[str]) -> None:
    row = small_pack("grade,flags", f"A,{cell} -> hold").table.rows[0]
    assert flags_asked(row.cells.get("flags")) == wanted


def test_a_cell_of_another_column_asks_for_no_flag() -> None:
    row = small_pack("grade", "A -> hold").table.rows[0]
    assert flags_asked(row.cells["grade"]) == frozenset()
