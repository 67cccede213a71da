"""Explanations over random packs: what they say is what deciding again shows."""

from collections.abc import Iterator, Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from policy_kit import Oracle, slow_truth
from random_policies import packs, random_values
from zoning.evaluate import decide
from zoning.explain import Change, Explanation, explain, explanation_lines, why_not
from zoning.model import Facts, Kind, Members, Value, Verdict
from zoning.pack import Pack


def facts_of(values: Mapping[str, Value]) -> Facts:
    return Facts(policy_sha256="", values=values)


@st.composite
def explained(draw: st.DrawFn) -> Explanation:
    """Some record of some pack that is not refused as a whole."""
    pack = draw(packs())
    values = random_values(Random(draw(st.integers(0, 2**32 - 1))), pack)
    return explain(pack, facts_of(values))


def outputs(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.zone, verdict.disposition, verdict.refund


@given(explained())
def test_the_verdict_is_that_of_deciding(found: Explanation) -> None:
    assert found.verdict == decide(found.pack, found.facts)
    if found.verdict.row.startswith("R"):
        assert found.row is not None
        assert found.row.id == found.verdict.row
        assert tuple(row.id for row in found.also_true) == found.verdict.also_matched


@given(explained())
def test_why_not_names_the_columns_that_reject_and_no_other(found: Explanation) -> None:
    oracle, values = Oracle(found.pack), found.facts.values
    for row in found.pack.table.rows:
        rejecting = {n for n, c in row.cells.items() if oracle.cell(c, values.get(n)) is False}
        assert set(found.why_not(row.id)) == rejecting
        assert found.why_not(row.id) == why_not(found.pack, found.facts, row.id)


@given(explained())
def test_a_cause_is_met_as_its_cell_says(found: Explanation) -> None:
    oracle, values = Oracle(found.pack), found.facts.values
    for cause in found.causes:
        assert cause.value == values.get(cause.column)
        assert cause.is_met is (oracle.cell(cause.cell, cause.value) is True)
    if found.row is not None:
        assert {cause.column: cause.cell for cause in found.causes} == found.row.cells
        is_open = found.verdict.row == "#missing"
        assert is_open is not all(cause.is_met for cause in found.causes)


@given(explained())
def test_caps_are_those_of_the_verdict_and_the_unproved_are_unknown(found: Explanation) -> None:
    assert tuple(cap.id for cap in found.caps) == found.verdict.caps
    truths = {cap.id: slow_truth(cap.when, found.facts.values) for cap in found.caps}
    assert set(truths.values()) <= {True, None}
    assert list(found.unproved) == [name for name, truth in truths.items() if truth is None]


def changed(found: Explanation, column: str, value: Value) -> Verdict:
    return decide(found.pack, facts_of({**found.facts.values, column: value}))


@given(explained())
def test_one_change_leads_where_it_says(found: Explanation) -> None:
    for change in found.one_change:
        assert found.why_not(change.row.id) == (change.column,)
        assert change.before == found.facts.values[change.column]
        after = changed(found, change.column, change.after)
        assert (after.row, after.zone) == (change.row.id, change.row.zone)
        assert outputs(after) != outputs(found.verdict)
    order = [row.id for row in found.pack.table.rows]
    places = [order.index(change.row.id) for change in found.one_change]
    assert places == sorted(set(places))


@given(explained())
def test_no_nearer_value_leads_to_the_same_row_and_another_outcome(found: Explanation) -> None:
    for change in found.one_change:
        for value in nearer(found, change):
            after = changed(found, change.column, value)
            assert after.row != change.row.id or outputs(after) == outputs(found.verdict)


def nearer(found: Explanation, change: Change) -> Iterator[Value]:
    domain = found.pack.policy.domains[change.column]
    if isinstance(change.before, Members):
        for member in change.added if len(change.added) > 1 else ():
            present = (change.before.present - change.removed) | {member}
            yield Members(present=present, unknown=change.before.unknown - present)
        return
    assert not isinstance(change.after, Members)
    values: list[Value] = list(domain.values)
    if domain.is_number:
        values = [*range(domain.range.low or 0, (domain.range.high or 0) + 1)]
    elif not domain.ordered:
        return
    here, there = values.index(change.before), values.index(change.after)
    yield from (v for at, v in enumerate(values) if abs(at - here) < abs(there - here))


@given(explained())
def test_no_row_that_one_value_reaches_is_left_out(found: Explanation) -> None:
    told = {change.row.id for change in found.one_change}
    if found.verdict.row == "#invalid" and not found.parts:
        return
    for row in found.pack.table.rows:
        columns = found.why_not(row.id)
        if len(columns) != 1 or row.id in told:
            continue
        for value in others(found.pack, columns[0], found.facts.values[columns[0]]):
            after = changed(found, columns[0], value)
            assert after.row != row.id or outputs(after) == outputs(found.verdict)


def others(pack: Pack, column: str, before: Value) -> Iterator[Value]:
    """Every other value; of a set those with one more member."""
    domain = pack.policy.domains[column]
    if isinstance(before, Members):
        for member in domain.values:
            present = before.present | {member}
            yield Members(present=present, unknown=before.unknown - present)
        return
    if domain.kind is Kind.BOOL:
        yield from (False, True)
    elif domain.is_number:
        yield from range(domain.range.low or 0, (domain.range.high or 0) + 1)
    else:
        yield from domain.values


@given(explained(), st.sampled_from(("ru", "en", "de")))
def test_every_explanation_has_words(found: Explanation, language: str) -> None:
    lines = explanation_lines(found, language)
    assert f"{found.verdict.row}" in lines[0]
    told = 1 + (not found.verdict.row.startswith("#")) + len(found.causes) + len(found.caps)
    told += len(found.also_true) + len(found.verdict.missing) + len(found.one_change)
    assert len(lines) == told
    assert all(line.strip() and "{" not in line for line in lines)


@given(
    packs(),
    st.dictionaries(
        st.sampled_from(("grade", "flags", "value", "nose")),
        st.one_of(st.none(), st.integers(), st.text(max_size=3), st.builds(Members)),
    ),
)
def test_any_record_at_all_is_explained(pack: Pack, values: dict[str, Value]) -> None:
    found = explain(pack, facts_of(values))
    assert found.verdict == decide(pack, facts_of(values))
    assert explanation_lines(found, "en")
