"""Facts to one verdict: the first row that is not definitely false, then the caps. Total."""

from collections.abc import Iterable, Mapping

from zoning.grammar import Test, names
from zoning.index import positions
from zoning.model import (
    UNGRADED,
    Deciding,
    Facts,
    Grade,
    Label,
    Missing,
    Move,
    Outcome,
    Raised,
    Refund,
    Verdict,
    Zone,
)
from zoning.pack import Pack
from zoning.policy import Cap
from zoning.table import Cell, OneOfCell, Row, SetCell, cell_truth

OUTCOMES_KEPT = 8192  # per pack; full: emptied, an outcome is built again from its mask

MISSING = "#missing"
INVALID = "#invalid"
NO_POLICY = "#nopolicy"
_REFUNDS = tuple(Refund)
_STRICTNESS: Mapping[str, int] = {refund: at for at, refund in enumerate(_REFUNDS)}
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
    return decided(pack, facts, pack.index.match(facts.values))


def decided(pack: Pack, facts: Facts, both: int) -> Verdict:
    """Return the outcome of a record by the mask that the pack's index gives for it."""
    if not both:
        return _undeclared(pack, facts)
    outcome = outcome_of(pack, both)
    if outcome.is_open:
        missing = _lacking(pack.table.rows[outcome.row], facts)
    elif facts.raised or facts.missing or not facts.grade_exact:
        missing = outcome.verdict.missing or _guarding(facts, outcome)
    else:
        return outcome.verdict
    return _told(facts, outcome, missing)


def engine_disposition(row: str) -> str:
    """Return where a unit goes by one of the engine's own outcomes: #missing, #invalid, …"""
    return _ENGINE[row][0]


# ---------------------------------------------------------------- what the record adds


def _told(facts: Facts, outcome: Outcome, missing: tuple[Missing, ...]) -> Verdict:
    """Return the verdict with what this record says beside its masks."""
    known = outcome.verdict
    return Verdict(
        grade=known.grade,
        grade_exact=facts.grade_exact,
        zone=known.zone,
        disposition=known.disposition,
        row=known.row,
        refund=known.refund,
        move=known.move,
        note=known.note,
        actions=known.actions,
        caps=known.caps,
        missing=missing,
        also_matched=known.also_matched,
        deciding=tuple(
            Deciding(step=item.step, answer=item.answer)
            for item in facts.raised
            if _decides(item, outcome)
        ),
    )


def _decides(item: Raised, outcome: Outcome) -> bool:
    """Return whether an answer raised a flag the row asks for, or set the grade it asks for."""
    return not outcome.flags.isdisjoint(item.flags) or (
        outcome.is_graded and item.cap is not None and item.cap is outcome.verdict.grade
    )


def _lacking(row: Row, facts: Facts) -> tuple[Missing, ...]:
    """Return the columns that leave a row undecided."""
    why = {item.column: item.why for item in facts.missing}
    unknown = [n for n, c in row.cells.items() if cell_truth(c, facts.values.get(n)) is None]
    return tuple(Missing(column=name, why=why.get(name, "open")) for name in unknown)


def _guarding(facts: Facts, outcome: Outcome) -> tuple[Missing, ...]:
    """Return the missing columns for whose sake a cap was applied unproved."""
    return tuple(item for item in facts.missing if item.column in outcome.guards)


def _undeclared(pack: Pack, facts: Facts) -> Verdict:
    """Return the outcome of a record with names or values that the policy does not know."""
    domains = pack.policy.domains
    wrong = sorted(
        name
        for name, value in facts.values.items()
        if name not in domains or not domains[name].holds(value)
    )
    value = facts.values.get("grade")
    grade = Grade(value) if value in tuple(Grade) and value != UNGRADED else None
    return _told(facts, Outcome(verdict=_engine(INVALID, grade, ())), _invalid(wrong))


# ---------------------------------------------------------------- what a mask means


def outcome_of(pack: Pack, both: int) -> Outcome:
    """Return the outcome of all records with this mask, which is not 0; it is kept for the next."""
    memo = pack.index.memo
    found = memo.get(both)
    if found is None:
        if len(memo) >= OUTCOMES_KEPT:
            memo.clear()
        memo[both] = found = _outcome(pack, both)
    return found


def refund_under(pack: Pack, both: int, proposed: Refund) -> Refund:
    """Return a proposed refund after the caps that apply to records with this mask."""
    return _refund(proposed, [cap for cap, when in pack.index.caps if when.holds(both)])


def _outcome(pack: Pack, both: int) -> Outcome:
    """Return the outcome of all records with this mask."""
    index = pack.index
    true = both >> index.width
    grade = next((grade for bit, grade in index.grades if true & bit), None)
    broken = index.broken(both)
    if broken:
        return Outcome(verdict=_engine(INVALID, grade, (), missing=_invalid(broken)))
    caps = tuple(cap for cap, when in index.caps if when.holds(both))
    possible = both & index.rows
    first = possible & -possible
    if not first:
        return Outcome(verdict=_engine(NO_POLICY, grade, caps))
    if not true & first:
        verdict = _engine(MISSING, grade, caps)
        return Outcome(verdict=verdict, row=first.bit_length() - 1, is_open=True)
    return _fired(pack, true, first, grade=grade, caps=caps)


def _fired(
    pack: Pack, true: int, first: int, *, grade: Grade | None, caps: tuple[Cap, ...]
) -> Outcome:
    """Return the outcome of the row with the bit `first`."""
    row = pack.table.rows[first.bit_length() - 1]
    by_hand = row.zone is Zone.HAZMAT or any(
        cap.output == "move" and cap.at_most == Move.MANUAL for cap in caps
    )
    verdict = Verdict(
        grade=grade,
        grade_exact=True,
        zone=row.zone,
        disposition=row.disposition,
        row=row.id,
        refund=_refund(row.refund, caps),
        move=Move.MANUAL if by_hand else Move.AUTO,
        note=row.note,
        actions=_actions(pack, row, true),
        caps=tuple(cap.id for cap in caps),
        also_matched=_ids(pack, true & pack.index.rows & ~first),
    )
    return Outcome(
        verdict=verdict,
        row=first.bit_length() - 1,
        flags=flags_asked(row.cells.get("flags")),
        is_graded=isinstance(row.cells.get("grade"), OneOfCell),
        guards=_guards(pack, true, caps),
    )


def _engine(
    row: str, grade: Grade | None, caps: tuple[Cap, ...], missing: tuple[Missing, ...] = ()
) -> Verdict:
    """Return the outcome where no row may speak: hold, by hand, refund under review."""
    disposition, note = _ENGINE[row]
    return Verdict(
        grade=grade,
        grade_exact=True,
        zone=Zone.HOLD,
        disposition=disposition,
        row=row,
        refund=_refund(Refund.REVIEW, caps),
        move=Move.MANUAL,
        note=note,
        caps=tuple(cap.id for cap in caps),
        missing=missing,
    )


def _invalid(wrong: Iterable[str]) -> tuple[Missing, ...]:
    return tuple(Missing(column=name, why="invalid") for name in wrong)


def _refund(proposed: Refund, caps: Iterable[Cap]) -> Refund:
    limits = [_STRICTNESS[cap.at_most] for cap in caps if cap.output == "refund"]
    return _REFUNDS[max([_STRICTNESS[proposed], *limits])]


def _guards(pack: Pack, true: int, caps: tuple[Cap, ...]) -> frozenset[str]:
    """Return the columns read by caps that apply because they are not known to be false."""
    proved = [cap for cap, when in pack.index.caps if when.holds(true)]
    if len(proved) == len(caps):  # what is definitely true is possibly true
        return frozenset()
    return frozenset(name for cap in caps if cap not in proved for name in names(cap.when))


def _actions(pack: Pack, row: Row, true: int) -> tuple[str, ...]:
    """Return the row's extra work and that of every flag, each once, flags in declared order."""
    raised = [action for bit, action in pack.index.actions if true & bit]
    return tuple(dict.fromkeys((*row.actions, *raised)))


def _ids(pack: Pack, rows: int) -> tuple[str, ...]:
    """Return the ids of rows given as bits."""
    return tuple(pack.table.rows[at].id for at in positions(rows))


def flags_asked(cell: Cell | None) -> frozenset[str]:
    """Return the members whose presence a set cell asks for."""
    if not isinstance(cell, SetCell):
        return frozenset()
    asked = (Test.ANY, Test.ALL)
    return frozenset(member for test, members in cell.tests if test in asked for member in members)
