"""Clauses, gates and columns: each literal holds exactly where what it stands for is true."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from pinned import pins
from policy_kit import default_pack
from random_policies import random_pack, random_values
from zoning.encode.cnf import Cnf
from zoning.encode.rails import Rail, both_ways, every, negated, rail_of, some
from zoning.encode.space import (
    BoolColumn,
    EnumColumn,
    NumberColumn,
    SetColumn,
    Space,
    conditions,
    cut_points,
    free_column,
    free_space,
    space_of,
)
from zoning.encode.table import encode_table
from zoning.grammar import (
    FALSE,
    TRUE,
    All,
    Answered,
    Any,
    Expression,
    Has,
    Is,
    Not,
    OneOf,
    Test,
    Within,
    has,
    parse,
    truth,
)
from zoning.model import Domain, Kind, Members, Range, Refund, Value
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, SetCell, cell_truth

GRADE = Domain(kind=Kind.ENUM, values=("A", "B", "C"), ordered=True)
VALUE = Domain(kind=Kind.INT, range=Range(low=0, high=9))
FLAGS = Domain(kind=Kind.SET, values=("x", "y", "z"))
WINDOW = Domain(kind=Kind.BOOL)
DOMAINS = {"grade": GRADE, "value": VALUE, "flags": FLAGS, "window": WINDOW}
CUTS = {"value": frozenset((3, 5, 8))}


@pytest.fixture
def cnf() -> Iterator[Cnf]:
    with Cnf() as found:
        yield found


def models(cnf: Cnf, lits: list[int]) -> set[tuple[bool, ...]]:
    """Return every assignment of these literals that the clauses allow."""
    signs = product((False, True), repeat=len(lits))
    return {
        chosen
        for chosen in signs
        if cnf.solve(*(lit if sign else -lit for lit, sign in zip(lits, chosen, strict=True)))
    }


def test_a_conjunction_holds_exactly_if_all_parts_hold(cnf: Cnf) -> None:
    a, b, c = cnf.var(), cnf.var(), cnf.var()
    gate = cnf.conj((a, b, -c))
    assert models(cnf, [a, b, c, gate]) == {
        (x, y, z, x and y and not z) for x, y, z in product((False, True), repeat=3)
    }


def test_a_disjunction_holds_exactly_if_one_part_holds(cnf: Cnf) -> None:
    a, b, c = cnf.var(), cnf.var(), cnf.var()
    gate = cnf.disj((a, -b, c))
    assert models(cnf, [a, b, c, gate]) == {
        (x, y, z, x or not y or z) for x, y, z in product((False, True), repeat=3)
    }


def test_constants_and_single_parts_need_no_gate(cnf: Cnf) -> None:
    a, b = cnf.var(), cnf.var()
    before = cnf.variables
    assert cnf.conj(()) == cnf.true
    assert cnf.disj(()) == cnf.false == -cnf.true
    assert cnf.conj((a,)) == cnf.conj((a, cnf.true, a)) == a
    assert cnf.disj((a,)) == cnf.disj((a, cnf.false)) == a
    assert cnf.conj((a, cnf.false)) == cnf.conj((a, b, -a)) == cnf.false
    assert cnf.disj((a, cnf.true)) == cnf.disj((a, b, -a)) == cnf.true
    assert cnf.variables == before


def test_equal_gates_are_shared_and_others_are_not(cnf: Cnf) -> None:
    a, b, c = cnf.var(), cnf.var(), cnf.var()
    assert cnf.conj((a, b)) == cnf.conj((b, a, b))
    assert cnf.disj((a, b)) == -cnf.conj((-a, -b))
    assert len({cnf.conj((a, b)), cnf.conj((a, c)), cnf.conj((a, -b)), cnf.disj((a, b))}) == 4


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 8, 11, 12, 13])
def test_exactly_one_means_one_whatever_their_number(cnf: Cnf, count: int) -> None:
    lits = [cnf.var() for _ in range(count)]
    cnf.exactly_one(lits)
    assert all(cnf.solve(lit) for lit in lits)
    assert not cnf.solve(*(-lit for lit in lits))
    for at, lit in enumerate(lits):
        assert all(not cnf.solve(lit, other) for other in lits[:at])


@pytest.mark.parametrize("count", [2, 6, 7, 13])
def test_at_most_one_allows_none(cnf: Cnf, count: int) -> None:
    lits = [cnf.var() for _ in range(count)]
    cnf.at_most_one(lits)
    assert cnf.solve(*(-lit for lit in lits))
    assert all(cnf.solve(lit) for lit in lits)
    for at, lit in enumerate(lits):
        assert all(not cnf.solve(lit, other) for other in lits[:at])


def test_an_empty_clause_makes_everything_impossible(cnf: Cnf) -> None:
    cnf.add()
    assert not cnf.solve()


def test_values_are_those_of_the_last_model_found(cnf: Cnf) -> None:
    a, b = cnf.var(), cnf.var()
    cnf.add(a, b)
    assert cnf.solve(a, -b)
    assert (cnf.value(a), cnf.value(-a), cnf.value(b), cnf.value(-b)) == (True, False, False, True)
    assert not cnf.solve(-a, -b)
    assert cnf.value(a)
    assert cnf.solve(-a)
    assert not cnf.value(a)


def test_a_literal_that_no_clause_mentions_counts_as_false(cnf: Cnf) -> None:
    assert cnf.solve()
    fresh = cnf.var()
    assert not cnf.value(fresh)
    assert cnf.value(-fresh)


def test_the_core_names_only_what_cannot_hold_together(cnf: Cnf) -> None:
    a, b, c = cnf.var(), cnf.var(), cnf.var()
    cnf.add(-a, -b)
    assert not cnf.solve(c, a, b)
    assert cnf.core() == {a, b}


def test_clauses_are_kept_only_on_demand() -> None:
    with Cnf() as silent, Cnf(keep=True) as kept:
        for cnf in (silent, kept):
            cnf.add(cnf.var(), -cnf.var())
        assert silent.clauses is None
        assert kept.clauses == [(1,), (2, -3)]
        assert kept.variables == 3


def test_closing_twice_does_no_harm() -> None:
    cnf = Cnf()
    cnf.close()
    cnf.close()
    assert cnf.variables == 1


# ---------------------------------------------------------------- three values


def known(cnf: Cnf, rail: Rail) -> bool | None:
    assert not (cnf.value(rail.yes) and cnf.value(rail.no)), "true and false at once"
    return True if cnf.value(rail.yes) else False if cnf.value(rail.no) else None


TRUTHS = (True, False, None)


def kleene_and(parts: tuple[bool | None, ...]) -> bool | None:
    return False if False in parts else None if None in parts else True


@pytest.mark.parametrize("values", list(product(TRUTHS, repeat=2)))
def test_rails_follow_the_logic_of_three_values(cnf: Cnf, values: tuple[bool | None, ...]) -> None:
    rails = [Rail(cnf.var(), cnf.var()) for _ in values]
    for rail, value in zip(rails, values, strict=True):
        cnf.add(rail.yes if value is True else -rail.yes)
        cnf.add(rail.no if value is False else -rail.no)
    found = every(cnf, rails), some(cnf, rails), negated(rails[0])
    assert cnf.solve()
    either = kleene_and(tuple(None if v is None else not v for v in values))
    assert [known(cnf, rail) for rail in found] == [
        kleene_and(values),
        None if either is None else not either,
        None if values[0] is None else not values[0],
    ]


def test_what_is_always_known_needs_one_literal(cnf: Cnf) -> None:
    a = cnf.var()
    assert both_ways(a) == (a, -a)
    assert every(cnf, [both_ways(a), both_ways(cnf.true)]) == (a, -a)
    assert every(cnf, []) == (cnf.true, cnf.false)
    assert some(cnf, []) == (cnf.false, cnf.true)


EXPRESSIONS = (
    TRUE,
    FALSE,
    Not(of=OneOf(name="grade", values=("A",))),
    All(of=(Is(name="window", value=True), Has(name="flags", test=Test.ANY, members=("x",)))),
    Any(of=(Is(name="window", value=False), Within(name="value", range=Range(low=5)))),
    Not(of=Any(of=(OneOf(name="grade", values=("B", "C")), Is(name="window", value=True)))),
)


def some_values() -> Iterator[dict[str, Value]]:
    """Yield records over the small domains: whole ones and ones with gaps."""
    rng = Random(7)
    for _ in range(60):
        states = {name: rng.choice("PAU") for name in FLAGS.values}
        values: dict[str, Value] = {
            "grade": rng.choice(GRADE.values),
            "value": rng.choice((0, 2, 3, 4, 5, 7, 8, 9)),
            "window": rng.random() < 0.5,
            "flags": Members(
                present=frozenset(name for name in states if states[name] == "P"),
                unknown=frozenset(name for name in states if states[name] == "U"),
            ),
        }
        yield {name: value for name, value in values.items() if rng.random() < 0.8}


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_condition_is_true_where_the_evaluator_says_so(cnf: Cnf, expression: Expression) -> None:
    space = space_of(cnf, DOMAINS, CUTS, frozenset(DOMAINS))
    rail = rail_of(cnf, expression, space.atom)
    for values in some_values():
        assert cnf.solve(*pins(space, values))
        assert known(cnf, rail) is truth(expression, values)


CELLS: tuple[tuple[str, Cell], ...] = (
    ("grade", OneOfCell(values=("A", "C"))),
    ("window", BoolCell(value=True)),
    ("window", BoolCell(value=False)),
    ("value", NumberCell(ranges=(Range(low=3, high=4),))),
    ("value", NumberCell(ranges=(Range(high=2), Range(low=8)))),
    *(
        ("flags", SetCell(tests=((test, members),)))
        for test in Test
        for members in (("x",), ("x", "z"), ("x", "y", "z"))
    ),
    ("flags", SetCell(tests=((Test.ONLY, ()),))),
    ("flags", SetCell(tests=((Test.ANY, ("x", "y")), (Test.NONE, ("z",))))),
)


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_a_cell_accepts_what_the_evaluator_accepts(cnf: Cnf, name: str, cell: Cell) -> None:
    space = space_of(cnf, DOMAINS, CUTS, frozenset(DOMAINS))
    rail = space.cell(name, cell)
    for values in some_values():
        assert cnf.solve(*pins(space, values))
        assert known(cnf, rail) is cell_truth(cell, values.get(name))


def test_a_column_that_is_not_there_is_unknown(cnf: Cnf) -> None:
    space = Space(cnf=cnf, columns={})
    assert space.atom(Is(name="window", value=True)) == (cnf.false, cnf.false)


def test_who_answered_is_nothing_a_policy_can_ask(cnf: Cnf) -> None:
    with pytest.raises(AssertionError, match="who answered"):
        Space(cnf=cnf, columns={}).atom(Answered(name="seal"))


def test_a_test_of_another_kind_is_a_fault_of_the_caller(cnf: Cnf) -> None:
    space = space_of(cnf, DOMAINS, CUTS)
    with pytest.raises(AssertionError, match="window"):
        space.atom(OneOf(name="window", values=("A",)))


def test_a_whole_column_always_has_a_value(cnf: Cnf) -> None:
    space = space_of(cnf, DOMAINS, CUTS)
    assert cnf.solve()
    values = space.model(cnf)
    assert values.keys() == DOMAINS.keys()
    assert all(DOMAINS[name].holds(value) for name, value in values.items())
    assert (
        space.atom(Is(name="window", value=True)).yes
        == -space.atom(Is(name="window", value=False)).yes
    )


def test_a_column_may_miss_only_if_it_was_said(cnf: Cnf) -> None:
    space = space_of(cnf, DOMAINS, CUTS, frozenset(("grade", "value", "window", "flags")))
    assert cnf.solve(*pins(space, {}))
    assert space.model(cnf) == {}
    partly = Members(present=frozenset("x"), unknown=frozenset("y"))
    assert cnf.solve(*pins(space, {"flags": partly}))
    assert space.model(cnf) == {"flags": partly}


def test_a_missing_set_has_no_member_known(cnf: Cnf) -> None:
    column = free_column(cnf, FLAGS, may_miss=True)
    assert isinstance(column, SetColumn)
    assert column.missing is not None
    for rail in column.members.values():
        assert not cnf.solve(column.missing, rail.yes)
        assert not cnf.solve(column.missing, rail.no)
        assert not cnf.solve(rail.yes, rail.no)


@pytest.mark.parametrize("value", range(10))
def test_a_number_is_known_by_the_lowest_of_its_class(cnf: Cnf, value: int) -> None:
    space = space_of(cnf, {"value": VALUE}, CUTS)
    held = pins(space, {"value": value})
    assert cnf.solve(*held)
    lowest = max(cut for cut in (0, 3, 5, 8) if cut <= value)
    assert space.model(cnf) == {"value": lowest}
    column = space.columns["value"]
    assert isinstance(column, NumberColumn)
    assert [low for low, lit in column.classes(cnf) if cnf.solve(*held, lit)] == [lowest]


def test_cuts_outside_the_domain_make_no_class(cnf: Cnf) -> None:
    column = free_column(cnf, VALUE, frozenset((-4, 0, 1, 9, 10, 70)))
    assert isinstance(column, NumberColumn)
    assert (column.low, column.cuts) == (0, (1, 9))
    assert column.at_least(cnf, -4) == column.at_least(cnf, 0) == cnf.true
    assert column.at_least(cnf, 10) == column.at_least(cnf, 70) == cnf.false
    assert column.at_least(cnf, 9) == column.reached[1]
    assert [low for low, _ in column.classes(cnf)] == [0, 1, 9]


def test_a_number_without_limits_begins_below_its_first_cut(cnf: Cnf) -> None:
    column = free_column(cnf, Domain(kind=Kind.INT), frozenset((5, 7)))
    assert isinstance(column, NumberColumn)
    assert (column.low, column.cuts) == (4, (5, 7))
    below = free_column(cnf, Domain(kind=Kind.INT, range=Range(high=-3)))
    assert isinstance(below, NumberColumn)
    assert below.low == -3


def test_an_enum_has_one_value_and_a_bool_one_side(cnf: Cnf) -> None:
    grade = free_column(cnf, GRADE, may_miss=True)
    assert isinstance(grade, EnumColumn)
    lits = [*grade.values.values(), grade.missing]
    assert len(models(cnf, lits)) == 4
    window = free_column(cnf, WINDOW, may_miss=True)
    assert isinstance(window, BoolColumn)
    assert models(cnf, list(window.yes)) == {(False, False), (True, False), (False, True)}
    assert isinstance(free_column(cnf, GRADE), EnumColumn)


def test_preferences_come_by_kind_sets_first(cnf: Cnf) -> None:
    space = space_of(cnf, DOMAINS, CUTS)
    flags, value, window, grade = (
        space.columns[name] for name in ("flags", "value", "window", "grade")
    )
    assert isinstance(flags, SetColumn)
    assert isinstance(value, NumberColumn)
    assert isinstance(window, BoolColumn)
    assert isinstance(grade, EnumColumn)
    assert space.preferences() == (
        *(rail.no for rail in flags.members.values()),
        -cnf.false,
        *(-lit for lit in value.reached),
        window.yes.no,
        window.yes.yes,
        *grade.values.values(),
    )


def test_numbers_are_cut_where_any_condition_of_the_pack_looks() -> None:
    pack = default_pack()
    assert cut_points(pack)["value"] == {500_000, 1_000_000, 1_000_000_001}
    cap = pack.policy.caps[0]
    watched = replace(cap, when=parse("value in 7..9 or value > 40", pack.policy.domains))
    more = replace(pack, policy=replace(pack.policy, caps=(watched,)))
    assert cut_points(more)["value"] >= {7, 10, 41, 500_000}


def test_conditions_are_those_of_caps_rules_axioms_and_checklists() -> None:
    pack = default_pack()
    found = list(conditions(pack))
    policy = pack.policy
    for cap in policy.caps:
        assert cap.when in found
    for rule in policy.invariants:
        assert rule.when in found
    for axiom in policy.axioms:
        assert axiom.when in found
        assert axiom.iff in found
    steps = [step for checklist in pack.checklists.values() for step in checklist.steps]
    assert all(step.must in found and step.relevant in found for step in steps)
    assert all(step.constraint in found for step in steps if step.constraint is not None)
    matches = [c.match.when for c in pack.checklists.values() if c.match is not None]
    assert all(when in found for when in matches)


def test_set_tests_agree_with_the_grammar_over_every_state(cnf: Cnf) -> None:
    space = space_of(cnf, {"flags": FLAGS}, {}, frozenset(("flags",)))
    tests = [(test, members) for test in Test for members in (("x",), ("y", "z"))]
    rails = {key: space.atom(Has(name="flags", test=key[0], members=key[1])) for key in tests}
    for states in product("PAU", repeat=3):
        named = dict(zip(FLAGS.values, states, strict=True))
        value = Members(
            present=frozenset(name for name in named if named[name] == "P"),
            unknown=frozenset(name for name in named if named[name] == "U"),
        )
        assert cnf.solve(*pins(space, {"flags": value}))
        for (test, members), rail in rails.items():
            assert known(cnf, rail) is has(test, members, value)


# ---------------------------------------------------------------- the table


def test_a_whole_record_meets_one_row_or_none(cnf: Cnf) -> None:
    pack = default_pack()
    encoded = encode_table(cnf, pack, free_space(cnf, pack))
    assert encoded.missing == cnf.false
    assert encoded.fires == encoded.first
    assert encoded.true == encoded.possible
    assert not cnf.solve(encoded.none, -encoded.invalid)
    outcomes = [*encoded.fires, encoded.none, encoded.invalid]
    for at, lit in enumerate(outcomes):
        assert all(not cnf.solve(lit, other) for other in outcomes[:at])
    assert not cnf.solve(*(-lit for lit in outcomes))


def test_each_output_has_exactly_one_value(cnf: Cnf) -> None:
    pack = random_pack(Random(3))
    encoded = encode_table(cnf, pack, free_space(cnf, pack, frozenset(pack.policy.domains)))
    for output in (encoded.zone, encoded.disposition, encoded.refund, encoded.move):
        lits = list(output.values())
        assert not cnf.solve(*(-lit for lit in lits))
        for at, lit in enumerate(lits):
            assert all(not cnf.solve(lit, other) for other in lits[:at])


def test_first_is_the_row_that_decides_and_fires_if_it_is_true(cnf: Cnf) -> None:
    pack = default_pack()
    space = free_space(cnf, pack, frozenset(pack.policy.domains))
    encoded = encode_table(cnf, pack, space)
    for lit, first, true, possible in zip(
        encoded.fires, encoded.first, encoded.true, encoded.possible, strict=True
    ):
        assert not cnf.solve(lit, -first)
        assert not cnf.solve(lit, -true)
        assert not cnf.solve(first, true, -lit)
        assert not cnf.solve(true, -possible)
    assert cnf.solve(encoded.first[9], -encoded.fires[9], encoded.missing)


def test_an_invalid_record_is_held_for_review_whatever_the_caps_say(cnf: Cnf) -> None:
    pack = default_pack()
    space = free_space(cnf, pack)
    encoded = encode_table(cnf, pack, space)
    locked = space.atom(Has(name="flags", test=Test.ALL, members=("locked",))).yes
    assert cnf.solve(encoded.invalid, locked)
    for wrong in (
        -encoded.zone["hold"],
        -encoded.refund[Refund.REVIEW],
        -encoded.move["manual"],
        -encoded.disposition["HOLD_INVALID_FACTS"],
    ):
        assert not cnf.solve(encoded.invalid, wrong)


def test_random_records_are_in_the_space_of_their_pack(cnf: Cnf) -> None:
    pack = random_pack(Random(11))
    space = free_space(cnf, pack, frozenset(pack.policy.domains))
    rng = Random(5)
    for _ in range(20):
        values = random_values(rng, pack)
        assert cnf.solve(*pins(space, values))
        numbers = {n for n, d in pack.policy.domains.items() if d.is_number}
        again = space.model(cnf)
        assert again.keys() == values.keys()
        assert all(again[name] == values[name] for name in values.keys() - numbers)
