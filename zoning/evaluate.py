"""Facts to one verdict: the first row that is not definitely false, then the caps. Total."""

from collections.abc import Iterable, Mapping

from zoning.grammar import Test, names, truth
from zoning.model import (
    UNGRADED,
    Deciding,
    Facts,
    Grade,
    Label,
    Members,
    Missing,
    Move,
    Refund,
    Value,
    Verdict,
    Zone,
)
from zoning.pack import Pack
from zoning.policy import Cap
from zoning.table import Cell, OneOfCell, Row, SetCell, cell_truth

MISSING = "#missing"
INVALID = "#invalid"
NO_POLICY = "#nopolicy"
_REFUNDS = tuple(Refund)
_MOVES = tuple(Move)
_ENGINE: Mapping[str, tuple[str, Label]] = {
    MISSING: (
        "HOLD_MISSING_FACT",
        {
            "ru": "Не хватает сведений: решает старший",
            "en": "A fact is missing: decided by hand",
        },
    ),
    INVALID: (
        "HOLD_INVALID_FACTS",
        {"ru": "Сведения противоречивы", "en": "The facts contradict each other"},
    ),
    NO_POLICY: (
        "HOLD_NO_POLICY",
        {"ru": "Нет правила для такого случая", "en": "No rule for such a case"},
    ),
}


def decide(pack: Pack, facts: Facts) -> Verdict:
    """Return the one outcome of a record. Never raises: what has no row goes to hold."""
    broken = _broken(pack, facts)
    if broken:
        return _engine(facts, INVALID, broken, ())
    true, possible = pack.index.match(facts.values)
    first = possible & -possible
    caps = _caps(pack, facts.values)
    if not first:
        return _engine(facts, NO_POLICY, (), caps)
    row = pack.table.rows[first.bit_length() - 1]
    if not true & first:
        return _engine(facts, MISSING, _lacking(row, facts), caps)
    return _fired(pack, facts, row, caps, later=true & ~first)


def _fired(pack: Pack, facts: Facts, row: Row, caps: tuple[Cap, ...], *, later: int) -> Verdict:
    grade = _grade(facts)
    by_hand = row.zone is Zone.HAZMAT or _reaches(caps, "move", Move.MANUAL)
    return Verdict(
        grade=grade,
        grade_exact=facts.grade_exact,
        zone=row.zone,
        disposition=row.disposition,
        row=row.id,
        refund=_refund(row.refund, caps),
        move=Move.MANUAL if by_hand else Move.AUTO,
        note=row.note,
        actions=_actions(pack, facts, row),
        caps=tuple(cap.id for cap in caps),
        missing=_unknown_guards(facts, caps),
        also_matched=tuple(r.id for at, r in enumerate(pack.table.rows) if later >> at & 1),
        deciding=_deciding(facts, row, grade),
    )


def engine_disposition(row: str) -> str:
    """Return where a unit goes by one of the engine's own outcomes: #missing, #invalid, …"""
    return _ENGINE[row][0]


def _engine(facts: Facts, row: str, missing: tuple[Missing, ...], caps: tuple[Cap, ...]) -> Verdict:
    """Return the outcome where no row may speak: hold, by hand, refund under review."""
    disposition, note = _ENGINE[row]
    return Verdict(
        grade=_grade(facts),
        grade_exact=facts.grade_exact,
        zone=Zone.HOLD,
        disposition=disposition,
        row=row,
        refund=_refund(Refund.REVIEW, caps),
        move=Move.MANUAL,
        note=note,
        caps=tuple(cap.id for cap in caps),
        missing=missing,
    )


def _broken(pack: Pack, facts: Facts) -> tuple[Missing, ...]:
    """Return the columns that break the schema or an axiom."""
    domains = pack.policy.domains
    wrong = [
        name
        for name, value in facts.values.items()
        if name not in domains or not domains[name].holds(value)
    ]
    if not wrong:
        for axiom in pack.policy.axioms:
            sides = (truth(axiom.when, facts.values), truth(axiom.iff, facts.values))
            if None not in sides and sides[0] is not sides[1]:
                wrong.append(axiom.id)
    return tuple(Missing(column=name, why="invalid") for name in sorted(wrong))


def _caps(pack: Pack, values: Mapping[str, Value]) -> tuple[Cap, ...]:
    """Return the caps that apply; an unknown condition applies."""
    return tuple(cap for cap in pack.policy.caps if truth(cap.when, values) is not False)


def _refund(proposed: Refund, caps: Iterable[Cap]) -> Refund:
    limits = [Refund(cap.at_most) for cap in caps if cap.output == "refund"]
    return max([proposed, *limits], key=_REFUNDS.index)


def _reaches(caps: Iterable[Cap], output: str, limit: str) -> bool:
    return any(cap.output == output and cap.at_most == limit for cap in caps)


def _grade(facts: Facts) -> Grade | None:
    value = facts.values.get("grade")
    return Grade(value) if value in tuple(Grade) and value != UNGRADED else None


def _lacking(row: Row, facts: Facts) -> tuple[Missing, ...]:
    """Return the columns that leave a row undecided."""
    why = {item.column: item.why for item in facts.missing}
    unknown = [n for n, c in row.cells.items() if cell_truth(c, facts.values.get(n)) is None]
    return tuple(Missing(column=name, why=why.get(name, "open")) for name in unknown)


def _unknown_guards(facts: Facts, caps: Iterable[Cap]) -> tuple[Missing, ...]:
    """Return the missing columns for whose sake a cap was applied unproved."""
    read = {
        name for cap in caps if truth(cap.when, facts.values) is None for name in names(cap.when)
    }
    return tuple(item for item in facts.missing if item.column in read)


def _actions(pack: Pack, facts: Facts, row: Row) -> tuple[str, ...]:
    """Return the row's extra work and that of every flag, each once, flags in declared order."""
    flags = facts.values.get("flags")
    present = flags.present if isinstance(flags, Members) else frozenset()
    policy = pack.policy
    raised = [policy.flags[f].action for f in policy.domains["flags"].values if f in present]
    return tuple(dict.fromkeys(filter(None, (*row.actions, *raised))))


def _deciding(facts: Facts, row: Row, grade: Grade | None) -> tuple[Deciding, ...]:
    """Return the answers the row rests on: its flags, and the caps that equal the grade."""
    wanted = _row_flags(row.cells.get("flags"))
    graded = isinstance(row.cells.get("grade"), OneOfCell)
    return tuple(
        Deciding(step=item.step, answer=item.answer)
        for item in facts.raised
        if wanted.intersection(item.flags) or (graded and grade is not None and item.cap is grade)
    )


def _row_flags(cell: Cell | None) -> frozenset[str]:
    """Return the members whose presence a set cell asks for."""
    if not isinstance(cell, SetCell):
        return frozenset()
    asked = (Test.ANY, Test.ALL)
    return frozenset(member for test, members in cell.tests if test in asked for member in members)
