"""Two packs compared: every change has a unit, no change is a proof, generosity is found."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brute_force import mentioned, units
from gate_kit import changed, with_row, with_rows, without_cap, without_row
from policy_kit import default_pack, with_file
from random_policies import random_pack, random_values
from zoning.evaluate import decide
from zoning.gate.difference import Output, decided, difference, more_generous
from zoning.grammar import parse
from zoning.model import Domain, Facts, Kind, Range, Value, Zone
from zoning.pack import Pack, load_pack
from zoning.policy import Axiom


def told(old: Pack, new: Pack) -> list[str]:
    return [str(change) for change in difference(old, new)]


def narrowed() -> Pack:
    return load_pack(with_file("zone.csv", "R14,B|C", "R14,B"))


def with_domain(pack: Pack, name: str, domain: Domain) -> Pack:
    domains = {**pack.policy.domains, name: domain}
    return replace(pack, policy=replace(pack.policy, domains=domains))


def test_a_pack_does_not_differ_from_itself() -> None:
    assert difference(default_pack(), default_pack()) == ()
    assert more_generous(default_pack(), default_pack()) is None


def test_order_of_rows_that_exclude_each_other_makes_no_difference() -> None:
    def edit(lines: list[str]) -> list[str]:
        at = next(at for at, line in enumerate(lines) if line.startswith("R13"))
        return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]

    assert difference(default_pack(), with_rows(edit)) == ()


def test_a_narrowed_row_changes_every_output_of_its_units() -> None:
    item = "grade=C flags={} value=0 attrs={} in_window"
    assert told(default_pack(), narrowed()) == [
        f"zone resale (R14) -> hold (#nopolicy): {item}=n",
        f"disposition BSTOCK (R14) -> HOLD_NO_POLICY (#nopolicy): {item}=n",
        f"refund eligible (R14) -> review (#nopolicy): {item}=y",
        f"move auto (R14) -> manual (#nopolicy): {item}=n",
    ]


def test_a_change_can_be_read_by_programs() -> None:
    change = difference(default_pack(), narrowed())[0]
    assert change.output is Output.ZONE
    assert (change.old, change.new, change.old_row, change.new_row) == (
        "resale",
        "hold",
        "R14",
        "#nopolicy",
    )
    assert change.item == {"grade": "C", "flags": [], "value": 0, "attrs": [], "in_window": False}


def test_a_cap_alone_changes_the_refund_or_the_move() -> None:
    found = difference(default_pack(), without_cap("C1"))
    assert {change.output for change in found} == {Output.REFUND}
    assert [(c.old, c.new) for c in found] == [("blocked", "eligible"), ("blocked", "review")]
    moved = difference(default_pack(), without_cap("C4"))
    assert [(c.output, c.old, c.new) for c in moved] == [(Output.MOVE, "manual", "auto")]


def test_a_row_that_asks_for_one_more_fact_changes_units_that_lack_it() -> None:
    """For whole units nothing changes: the new row only repeats what the next one says."""
    new = with_row("R99,A,,low,resale,RESTOCK,eligible,н,n", before="R13")
    found = difference(default_pack(), new)
    assert [(c.output, c.old, c.new, c.new_row) for c in found] == [
        (Output.ZONE, "resale", "hold", "#missing"),
        (Output.DISPOSITION, "RESTOCK", "HOLD_MISSING_FACT", "#missing"),
        (Output.REFUND, "eligible", "review", "#missing"),
        (Output.MOVE, "auto", "manual", "#missing"),
    ]
    assert all("value" not in change.values for change in found)


def test_a_changed_axiom_makes_records_invalid() -> None:
    policy = default_pack().policy
    axiom = Axiom(
        id="X2",
        when=parse("seal = 'sealed'", policy.domains),
        iff=parse("flags has any(sealed)", policy.domains),
    )
    found = difference(default_pack(), changed(axioms=(*policy.axioms, axiom)))
    assert {change.new_row for change in found} == {"#invalid"}
    assert (Output.ZONE, "resale", "hold") in {(c.output, c.old, c.new) for c in found}


@pytest.mark.parametrize(
    ("column", "domain", "words"),
    [
        ("seal", Domain(kind=Kind.ENUM, values=("sealed", "opened")), None),
        (
            "value",
            Domain(kind=Kind.INT, range=Range(low=0, high=7)),
            "domain value: int 0..1000000000 precision 0 -> value: int 0..7 precision 0",
        ),
    ],
)
def test_a_column_that_is_declared_otherwise_is_told(
    column: str, domain: Domain, words: str | None
) -> None:
    new = with_domain(default_pack(), column, domain)
    domains = [str(c) for c in difference(default_pack(), new) if c.output is Output.DOMAIN]
    assert domains == ([words] if words else [])  # nobody reads the seal


def test_members_that_only_one_pack_knows_are_told_and_left_out() -> None:
    flags = default_pack().policy.domains["flags"]
    known = {**default_pack().policy.flags, "torn": default_pack().policy.flags["used"]}
    more = with_domain(
        changed(flags=known), "flags", replace(flags, values=(*flags.values, "torn"))
    )
    (found,) = difference(default_pack(), more)
    assert found.output is Output.DOMAIN
    assert found.output.value == "domain"
    assert found.new == f"{found.old} torn"
    assert found.item == {}
    assert more_generous(default_pack(), more) == found


def test_numbers_are_compared_where_both_packs_know_them() -> None:
    shorter = Domain(kind=Kind.INT, range=Range(low=600_000, high=700_000))
    pack = with_domain(narrowed(), "value", shorter)
    found = next(c for c in difference(default_pack(), pack) if c.output is Output.ZONE)
    assert found.values["value"] == 600_000
    apart = Domain(kind=Kind.INT, range=Range(low=2_000_000_000, high=2_000_000_001))
    nowhere = with_domain(narrowed(), "value", apart)
    found = next(c for c in difference(default_pack(), nowhere) if c.output is Output.ZONE)
    assert "value" not in found.values


def test_a_column_of_another_kind_is_missing_in_what_is_compared() -> None:
    days = Domain(kind=Kind.INT, range=Range(low=0, high=30))
    new = with_domain(without_cap("C5"), "in_window", days)
    assert [str(change) for change in difference(default_pack(), new)] == [
        "domain in_window: bool -> in_window: int 0..30 precision 0",
        "refund review (R13) -> eligible (R13): grade=A flags={} value=0 attrs={}",
    ]


def test_a_column_of_the_new_pack_alone_is_part_of_the_unit() -> None:
    old = default_pack()
    domains = {n: d for n, d in old.policy.domains.items() if n != "in_window"}
    caps = tuple(cap for cap in old.policy.caps if cap.id != "C5")
    less = replace(old, policy=replace(old.policy, domains=domains, caps=caps))
    found = difference(less, old)
    assert [str(change) for change in found] == [
        "domain in_window: - -> in_window: bool",
        "refund eligible (R13) -> review (R13): grade=A flags={} value=0 attrs={} in_window=n",
    ]


# ---------------------------------------------------------------- generosity


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: without_cap("C4"), "move manual (R13) -> auto (R13)"),
        (lambda: without_cap("C5"), "refund review (R13) -> eligible (R13)"),
        (lambda: without_row("R08"), "zone disposal (R08) -> resale (R13)"),
        (lambda: without_row("R19"), "zone hold (R19) -> resale (R13)"),
        (lambda: without_row("R17"), None),
        (narrowed, None),
        (lambda: with_row("R99,,any:used,,hold,HOLD_QUALITY,review,н,n", before="R13"), None),
    ],
    ids=["move", "refund", "zone", "out-of-hold", "gap", "narrowed", "new-hold"],
)
def test_what_gets_better_is_found(make: Callable[[], Pack], words: str | None) -> None:
    found = more_generous(default_pack(), make())
    if words is None:
        assert found is None
    else:
        assert str(found).startswith(words), str(found)


def test_a_row_that_holds_units_is_no_gift_to_those_that_were_held_for_a_missing_fact() -> None:
    new = with_row("R99,,any:used,,hold,HOLD_QUALITY,review,н,n", before="R13")
    moves = [c for c in difference(default_pack(), new) if c.output is Output.MOVE]
    assert [(c.old, c.new, c.old_row, c.new_row) for c in moves] == [
        ("auto", "manual", "R13", "#missing"),
        ("manual", "auto", "#missing", "R99"),
    ]
    assert more_generous(default_pack(), new) is None
    paid = with_row("R99,,any:sealed,,hold,HOLD_QUALITY,eligible,н,n", before="R13")
    found = more_generous(default_pack(), paid)
    assert found is not None
    assert (found.output, found.old_row, found.new_row) == (Output.REFUND, "#missing", "R99")


def test_dropping_a_fact_is_generous_to_units_that_lack_it() -> None:
    old = with_row("R99,A,,low,resale,RESTOCK,eligible,н,n", before="R13")
    found = more_generous(old, default_pack())
    assert found is not None
    assert (found.old_row, found.new_row) == ("#missing", "R13")
    assert "value" not in found.values


def test_without_a_monotone_rule_the_usual_order_of_zones_counts() -> None:
    old, new = changed(monotone=()), replace(without_row("R08"))
    plain = replace(new, policy=replace(new.policy, monotone=()))
    found = more_generous(old, plain)
    assert found is not None
    assert (found.output, found.old, found.new) == (Output.ZONE, "disposal", "resale")


def test_each_order_of_either_pack_counts() -> None:
    """By the new order a unit in repair is better off than one for sale."""
    pack = default_pack()
    rule = replace(pack.policy.monotone[0], zone_order=(Zone.REPAIR, Zone.RESALE))
    new = with_row("R99,A,,,repair,REFURB,review,н,n", before="R13")
    assert more_generous(pack, new) is None
    again = replace(new, policy=replace(new.policy, monotone=(rule,)))
    found = more_generous(pack, again)
    assert found is not None
    assert (found.old, found.new, found.new_row) == ("resale", "repair", "R99")


# ---------------------------------------------------------------- random pairs


def varied(pack: Pack, rng: Random) -> Pack:
    """Return the pack with something about its rows, caps or axioms changed."""
    rows, policy = list(pack.table.rows), pack.policy
    at, other = rng.randrange(len(rows)), rng.choice(rows)
    match rng.randrange(6):
        case 0:
            rows.pop(at)
        case 1:
            rng.shuffle(rows)
        case 2:
            policy = replace(policy, caps=policy.caps[1:])
        case 3:
            policy = replace(policy, axioms=policy.axioms[1:])
        case 4:
            outputs = (other.zone, other.disposition, other.refund)
            zone, disposition, refund = outputs
            rows[at] = replace(rows[at], zone=zone, disposition=disposition, refund=refund)
        case 5:
            rows[at] = replace(rows[at], cells=other.cells)
    return replace(pack, policy=policy, table=replace(pack.table, rows=tuple(rows)))


def pairs_of(old: Pack, new: Pack, values: dict[str, Value]) -> dict[Output, tuple[str, str]]:
    """Return what changes for a unit, by the evaluator."""
    facts = Facts(policy_sha256="", values=values)
    before, after = decide(old, facts), decide(new, facts)
    both = {
        Output.ZONE: (before.zone, after.zone),
        Output.DISPOSITION: (before.disposition, after.disposition),
        Output.REFUND: (before.refund, after.refund),
        Output.MOVE: (before.move, after.move),
    }
    return {output: (str(was), str(is_)) for output, (was, is_) in both.items() if was != is_}


@given(st.integers(0, 2**32 - 1))
def test_the_pairs_of_whole_units_are_those_that_deciding_all_of_them_finds(seed: int) -> None:
    rng = Random(seed)
    old = random_pack(rng)
    new = varied(old, rng)
    found = difference(old, new)
    columns = tuple(dict.fromkeys((*mentioned(old), *mentioned(new))))
    expected = {
        (output, *pair)
        for values in _spread(old, columns)
        for output, pair in pairs_of(old, new, values).items()
    }
    given_pairs = {(change.output, change.old, change.new) for change in found}
    assert expected <= given_pairs
    assert len(given_pairs) == len(found)
    if not found:
        assert not expected


def _spread(pack: Pack, columns: tuple[str, ...]) -> list[dict[str, Value]]:
    """Return up to about 3,000 of all units, spread evenly."""
    every = list(units(pack, columns))
    return every[:: max(1, len(every) // 3000)]


@given(st.integers(0, 2**32 - 1))
def test_every_change_told_is_what_the_evaluator_decides(seed: int) -> None:
    rng = Random(seed)
    old = random_pack(rng)
    new = varied(old, rng)
    for change in difference(old, new):
        before, after = decided(old, change.values), decided(new, change.values)
        assert (before.row, after.row) == (change.old_row, change.new_row)
        pair = pairs_of(old, new, dict(change.values))[change.output]
        assert pair == (change.old, change.new)


@given(st.integers(0, 2**32 - 1))
def test_units_with_gaps_change_only_as_told(seed: int) -> None:
    rng = Random(seed)
    old = random_pack(rng)
    new = varied(old, rng)
    told_pairs = {(change.output, change.old, change.new) for change in difference(old, new)}
    for _ in range(60):
        for output, pair in pairs_of(old, new, random_values(rng, old)).items():
            assert (output, *pair) in told_pairs


@given(st.integers(0, 2**32 - 1))
def test_no_unit_is_better_off_where_none_was_found(seed: int) -> None:
    rng = Random(seed)
    old = random_pack(rng)
    new = varied(old, rng)
    found = more_generous(old, new)
    orders = {rule.zone_order for rule in old.policy.monotone} or {
        (Zone.RESALE, Zone.REPAIR, Zone.DISPOSAL)
    }
    if found is not None:
        assert _is_better(old, pairs_of(old, new, dict(found.values)), dict(found.values), orders)
        return
    for _ in range(60):
        values = random_values(rng, old)
        assert not _is_better(old, pairs_of(old, new, values), values, orders)


def _is_better(
    pack: Pack,
    pairs: dict[Output, tuple[str, str]],
    values: dict[str, Value],
    orders: set[tuple[Zone, ...]],
) -> bool:
    waited = decide(pack, Facts(policy_sha256="", values=values)).row == "#missing"
    better = pairs.get(Output.REFUND) in (
        ("blocked", "review"),
        ("blocked", "eligible"),
        ("review", "eligible"),
    )
    better |= pairs.get(Output.MOVE) == ("manual", "auto") and not waited
    old, new = pairs.get(Output.ZONE, ("", ""))
    return better or any(_place(order, new) < _place(order, old) for order in orders)


def _place(order: tuple[Zone, ...], zone: str) -> int:
    return order.index(Zone(zone)) if zone in tuple(order) else len(order)
