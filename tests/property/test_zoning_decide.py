"""The decision over every kind of record: total, monotone in knowledge, equal to a slow oracle."""

from collections.abc import Mapping
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from policy_kit import Oracle, begun, default_pack, record, slow_truth
from random_policies import complete_records, packs, random_values
from zoning import session
from zoning.evaluate import decide
from zoning.grammar import names, show_range, truth
from zoning.model import (
    AnsweredBy,
    Facts,
    Grade,
    Kind,
    Members,
    Missing,
    Move,
    Refund,
    Static,
    Value,
    Verdict,
)
from zoning.pack import Pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run

POLICY = default_pack().policy
FLAGS = POLICY.domains["flags"].values
ATTRS = POLICY.domains["attrs"].values
OUTCOMES = {"#missing", "#nopolicy", "#invalid", *(row.id for row in default_pack().table.rows)}
REFUNDS, MOVES = tuple(Refund), tuple(Move)


@st.composite
def members(draw: st.DrawFn, values: tuple[str, ...], *, whole: bool = False) -> Members:
    present = draw(st.frozensets(st.sampled_from(values), max_size=4))
    unknown = frozenset() if whole else draw(st.frozensets(st.sampled_from(values), max_size=3))
    return Members(present=present, unknown=unknown - present)


@st.composite
def complete(draw: st.DrawFn) -> dict[str, Value]:
    """A record without a gap that the axiom allows."""
    flags = draw(members(FLAGS, whole=True))
    is_disputed = bool(flags.present & set(POLICY.ungraded_flags))
    grade = "ungraded" if is_disputed else draw(st.sampled_from(tuple(Grade))).value
    return {
        "category": draw(st.sampled_from(POLICY.domains["category"].values)),
        "grade": grade,
        "flags": flags,
        "attrs": draw(members(ATTRS, whole=True)),
        "value": draw(st.sampled_from((0, 499_999, 500_000, 999_999, 1_000_000, 10**9))),
        "in_window": draw(st.booleans()),
    }


@st.composite
def partial(draw: st.DrawFn) -> dict[str, Value]:
    """A record with gaps: columns taken out, members unknown."""
    values = draw(complete())
    gone = draw(st.sets(st.sampled_from(("category", "grade", "value", "in_window"))))
    values = {name: value for name, value in values.items() if name not in gone}
    for name in ("flags", "attrs"):
        values[name] = blurred(values[name], draw(st.frozensets(_members_of(name), max_size=3)))
    return values


def _members_of(column: str) -> st.SearchStrategy[str]:
    return st.sampled_from(POLICY.domains[column].values)


def blurred(value: Value, lost: frozenset[str]) -> Members:
    assert isinstance(value, Members)
    return Members(present=value.present - lost, unknown=value.unknown | lost)


def outputs(verdict: Verdict) -> Mapping[str, str]:
    return {"zone": verdict.zone, "refund": verdict.refund, "move": verdict.move}


@given(complete())
def test_a_complete_record_meets_exactly_one_row(values: dict[str, Value]) -> None:
    found = decide(default_pack(), record(values))
    assert found.row in OUTCOMES
    assert not found.row.startswith("#")


@given(complete())
def test_every_invariant_holds_for_complete_records(values: dict[str, Value]) -> None:
    found = outputs(decide(default_pack(), record(values)))
    broken = [
        invariant.id
        for invariant in POLICY.invariants
        if truth(invariant.when, values) and truth(invariant.then, found) is not True
    ]
    assert broken == []


@given(complete(), st.data())
def test_a_worse_unit_never_moves_up_the_zones(
    values: dict[str, Value], data: st.DataObject
) -> None:
    """Invariant I8: another flag, a worse grade or a lower value; wiping comes before disposal."""
    worse = dict(values)
    flags = values["flags"]
    assert isinstance(flags, Members)
    neutral = [f for f in FLAGS if f != "wipe" and f not in POLICY.ungraded_flags]
    worse["flags"] = Members(present=flags.present | {data.draw(st.sampled_from(neutral))})
    worse["value"] = data.draw(st.integers(0, int(values["value"])))  # type: ignore[arg-type]
    if values["grade"] != "ungraded":
        later = [grade for grade in Grade if grade >= str(values["grade"])]
        worse["grade"] = data.draw(st.sampled_from(later)).value
    order = POLICY.monotone[0].zone_order
    first = decide(default_pack(), record(values)).zone
    second = decide(default_pack(), record(worse)).zone
    if first in order and second in order:
        assert order.index(second) >= order.index(first)


@given(partial())
def test_the_masks_agree_with_a_slow_look_at_every_row(values: dict[str, Value]) -> None:
    found = decide(default_pack(), record(values))
    assert found.row in ("#invalid", Oracle().row(values))


def seeds() -> st.SearchStrategy[int]:
    return st.integers(0, 2**32 - 1)


def told(values: Mapping[str, Value]) -> Facts:
    """A record that says why its absent columns are absent, as a run does."""
    columns = ("grade", "value", "mass", "in_window", "seal")
    lacking = tuple(Missing(column=c, why="absent") for c in columns if c not in values)
    return Facts(policy_sha256="", values=values, missing=lacking)


def slow_caps(pack: Pack, values: Mapping[str, Value]) -> dict[str, bool | None]:
    found = {cap.id: slow_truth(cap.when, values) for cap in pack.policy.caps}
    return {name: truth for name, truth in found.items() if truth is not False}


def slow_broken(pack: Pack, values: Mapping[str, Value]) -> list[str]:
    sides = {
        axiom.id: {slow_truth(axiom.when, values), slow_truth(axiom.iff, values)}
        for axiom in pack.policy.axioms
    }
    return sorted(name for name, pair in sides.items() if pair == {True, False})


@given(packs(), seeds())
def test_any_pack_decides_as_a_slow_look_at_its_rows_caps_and_axioms(pack: Pack, seed: int) -> None:
    rng = Random(seed)
    for _ in range(10):
        values = random_values(rng, pack)
        found = decide(pack, told(values))
        broken = slow_broken(pack, values)
        if broken:
            assert (found.row, [item.column for item in found.missing]) == ("#invalid", broken)
            continue
        caps = slow_caps(pack, values)
        assert (found.row, found.caps) == (Oracle(pack).row(values), tuple(caps))
        assert_outputs(pack, found)
        if not found.row.startswith("#"):
            assert_told(pack, values, found)


def assert_outputs(pack: Pack, found: Verdict) -> None:
    """Caps only lower; dangerous goods and what has no row go by hand."""
    row = pack.table.row(found.row)
    limits = [cap.at_most for cap in pack.policy.caps if cap.id in found.caps]
    proposed = row.refund if row else Refund.REVIEW
    refunds = [proposed, *(limit for limit in limits if limit in REFUNDS)]
    assert found.refund == max(refunds, key=lambda refund: REFUNDS.index(Refund(refund)))
    by_hand = row is None or row.zone == "hazmat" or "manual" in limits
    assert found.move == ("manual" if by_hand else "auto")
    assert found.zone == (row.zone if row else "hold")


def assert_told(pack: Pack, values: Mapping[str, Value], found: Verdict) -> None:
    """Later rows that are true, the work to do, and the absent facts that caps waited for."""
    oracle = Oracle(pack)
    true = [
        row.id
        for row in pack.table.rows
        if all(oracle.cell(cell, values.get(name)) for name, cell in row.cells.items())
    ]
    assert found.also_matched == tuple(true[1:])
    flags = values.get("flags")
    present = flags.present if isinstance(flags, Members) else frozenset()
    row = pack.table.row(found.row)
    assert row is not None
    work = [
        pack.policy.flags[f].action for f in pack.policy.domains["flags"].values if f in present
    ]
    assert found.actions == tuple(dict.fromkeys(filter(None, [*row.actions, *work])))
    unproved = {name for name, truth in slow_caps(pack, values).items() if truth is None}
    read = {c for cap in pack.policy.caps if cap.id in unproved for c in names(cap.when)}
    assert {item.column for item in found.missing} == {
        item.column for item in told(values).missing if item.column in read
    }


@given(packs(), seeds())
def test_every_record_of_a_small_pack_is_decided_as_by_the_oracle(pack: Pack, seed: int) -> None:
    start = seed % 5000
    for values in islice(complete_records(pack), start, start + 40):
        found = decide(pack, told(values))
        assert found.row in ("#invalid", Oracle(pack).row(values))
        assert found.row != "#missing"


@given(packs(), seeds())
def test_losing_a_fact_of_any_pack_keeps_the_row_or_stops(pack: Pack, seed: int) -> None:
    rng = Random(seed)
    values = random_values(rng, pack)
    before = decide(pack, told(values))
    for name in values:
        less = {column: value for column, value in values.items() if column != name}
        after = decide(pack, told(less))
        if before.row == "#invalid":
            continue
        assert after.row in (before.row, "#missing")
        assert set(before.caps) <= set(after.caps)
        if after.row == before.row:
            assert REFUNDS.index(after.refund) >= REFUNDS.index(before.refund)
            assert MOVES.index(after.move) >= MOVES.index(before.move)


@given(partial(), st.data())
def test_losing_a_fact_keeps_the_row_or_stops_and_only_tightens(
    values: dict[str, Value], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(values)))
    less = {column: value for column, value in values.items() if column != name}
    if name in ("flags", "attrs"):
        less[name] = blurred(values[name], data.draw(st.frozensets(_members_of(name))))
    before, after = decide(default_pack(), record(values)), decide(default_pack(), record(less))
    if before.row == "#invalid":
        return
    assert after.row in (before.row, "#missing")
    assert set(before.caps) <= set(after.caps)
    if after.row == before.row:
        assert REFUNDS.index(after.refund) >= REFUNDS.index(before.refund)
        assert MOVES.index(after.move) >= MOVES.index(before.move)


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(tuple(POLICY.domains)), st.text(max_size=5)),
        st.one_of(st.text(max_size=5), st.integers(), st.booleans(), members(("fix", "nose"))),
    )
)
def test_any_record_at_all_gets_a_verdict(values: dict[str, Value]) -> None:
    found = decide(default_pack(), record(values))
    assert found.row in OUTCOMES
    if found.row.startswith("#"):
        assert (found.zone, found.move) == ("hold", "manual")


@st.composite
def statics(draw: st.DrawFn) -> Static:
    attrs = draw(members(ATTRS))
    return Static(
        category=draw(st.sampled_from((None, "boats", *POLICY.domains["category"].values))),
        attrs=draw(st.sampled_from((attrs.present, None))),
        unknown_attrs=attrs.unknown,
        parcel_flags=draw(st.frozensets(st.sampled_from(("tamper", "carrier_damage")))),
        station_flags=draw(st.frozensets(st.sampled_from(("blind", "over_qty")), max_size=1)),
        value_minor=draw(st.sampled_from((None, 1, 700_000, 5_000_000))),
        currency=draw(st.sampled_from(("RUB", "EUR", None))),
        in_window=draw(st.sampled_from((True, False, None))),
    )


@st.composite
def replies(draw: st.DrawFn, static: Static) -> dict[str, str | int]:
    """Answers to some steps of the checklist that these facts select."""
    steps = session.begin(default_pack(), static).checklist.steps
    chosen = draw(st.lists(st.sampled_from(steps), unique_by=lambda step: step.name))
    found: dict[str, str | int] = {}
    for step in chosen:
        if step.is_number:
            found[step.name] = draw(st.integers(step.range.low or 0, step.range.high))
        elif step.options:
            found[step.name] = draw(st.sampled_from(step.options)).id
    return found


def taken(static: Static, answers: Mapping[str, str | int]) -> Run:
    """Give each answer that is not refused."""
    run = session.begin(default_pack(), static)
    for step, value in answers.items():
        try:
            run = session.answer(run, step, value, AnsweredBy.AUTO)
        except AnswerRefusedError as refused:
            if refused.code != "not_asked":
                raise
    return run


@given(statics(), st.data())
def test_any_run_gives_facts_that_are_valid_and_decided(
    static: Static, data: st.DataObject
) -> None:
    run = taken(static, data.draw(replies(static)))
    found = decide(run.pack, session.facts(run))
    assert found.row in OUTCOMES - {"#invalid", "#nopolicy"}
    if session.inhibit(run) is not None:
        assert found.move == "manual"
        assert found.zone in ("hazmat", "hold")


@given(statics(), st.data())
def test_the_order_of_answers_does_not_matter(static: Static, data: st.DataObject) -> None:
    run = taken(static, data.draw(replies(static)))
    shuffled = data.draw(st.permutations([(g.step, g.value, g.by) for g in run.answers]))
    again = session.resume(run.pack, static, shuffled)
    assert session.facts(again) == session.facts(run)
    assert session.slots_due(again) == session.slots_due(run)


@given(statics(), st.data())
def test_a_finished_run_knows_its_grade_and_asks_nothing(
    static: Static, data: st.DataObject
) -> None:
    run = session.neutral(taken(static, data.draw(replies(static))))
    assert session.open_must(run) == ()
    facts = session.facts(run)
    unknown = [item.why for item in facts.missing if item.column == "grade"]
    assert unknown in ([], ["cut_off"])
    counted = {step for step, _, _ in session.final_answers(run)}
    assert counted <= {step.name for step in run.checklist.steps}


def test_the_default_pack_is_cut_at_the_limits_its_classes_name() -> None:
    pack: Pack = default_pack()
    classes = pack.policy.domains["value"].classes
    assert pack.policy.domains["value"].kind is Kind.INT
    assert {name: show_range(limits) for name, limits in classes.items()} == {
        "low": "0..499999",
        "mid": "500000..999999",
        "high": "1000000..1000000000",
    }
    assert begun("books").checklist.id == "books"
