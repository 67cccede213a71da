"""The decision over every kind of record: total, monotone in knowledge, equal to a slow oracle."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from policy_kit import Oracle, begun, default_pack, record
from zoning import session
from zoning.evaluate import decide
from zoning.grammar import show_range, truth
from zoning.model import AnsweredBy, Grade, Kind, Members, Move, Refund, Static, Value, Verdict
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
