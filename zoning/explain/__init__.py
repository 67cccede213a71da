"""Why a unit goes where it goes, what each row says about it, and what would change that."""

from collections.abc import Iterator, Mapping

from zoning.checklist.values import Checklist
from zoning.evaluate import decided, flags_asked, outcome_of
from zoning.explain.changes import one_change
from zoning.explain.values import Cause, Change, Explanation, rejecting
from zoning.explain.words import explanation_lines, reason
from zoning.index import positions
from zoning.model import UNGRADED, Deciding, Facts, Members, Raised, Value, Verdict
from zoning.pack import Pack
from zoning.table import Cell, Row

__all__ = [
    "Cause",
    "Change",
    "Explanation",
    "explain",
    "explanation_lines",
    "reason",
    "why_not",
]


def explain(pack: Pack, facts: Facts, checklist: Checklist | None = None) -> Explanation:
    """Return the verdict of a record with everything that led to it. Never raises.

    With the checklist of the run the answers are told in its words.
    """
    index = pack.index
    parts = index.parts(facts.values)
    both = index.joined(parts) if parts else 0
    verdict = decided(pack, facts, both)
    if not both:
        return Explanation(pack=pack, facts=facts, checklist=checklist, verdict=verdict)
    true = both >> index.width
    at = outcome_of(pack, both).row
    applied = [(cap, when) for cap, when in index.caps if cap.id in verdict.caps]
    return Explanation(
        pack=pack,
        facts=facts,
        checklist=checklist,
        verdict=verdict,
        row=pack.table.rows[at] if at >= 0 else None,
        causes=tuple(_causes(pack, facts, checklist, (at, parts))) if at >= 0 else (),
        caps=tuple(cap for cap, _ in applied),
        unproved=tuple(cap.id for cap, when in applied if not when.holds(true)),
        also_true=_also_true(pack, true, verdict),
        one_change=one_change(pack, facts.values, parts, verdict),
        parts=parts,
    )


def _also_true(pack: Pack, true: int, verdict: Verdict) -> tuple[Row, ...]:
    """Return the later rows that are definitely true, too, where a row fires."""
    if not verdict.also_matched:
        return ()
    _, *later = positions(true & pack.index.rows)
    return tuple(pack.table.rows[at] for at in later)


def why_not(pack: Pack, facts: Facts, row: str) -> tuple[str, ...]:
    """Return the columns that reject a row for these facts; empty = it is or may be true."""
    return rejecting(pack, pack.index.parts(facts.values), row)


def _causes(
    pack: Pack, facts: Facts, checklist: Checklist | None, look: tuple[int, Mapping[str, int]]
) -> Iterator[Cause]:
    """Yield the conditions of the row at a position, by the masks of the columns."""
    at, parts = look
    bit = 1 << pack.index.width + at
    for name, cell in pack.table.rows[at].cells.items():
        yield Cause(
            column=name,
            cell=cell,
            value=facts.values.get(name),
            is_met=parts[name] & bit != 0,
            source=facts.source.get(name, ""),
            answers=_answers(facts, checklist, name, cell),
        )


def _answers(
    facts: Facts, checklist: Checklist | None, name: str, cell: Cell
) -> tuple[Deciding, ...]:
    """Return the answers that gave a fact: raised a flag, set the grade, or fed the column."""
    value = facts.values.get(name)
    if name in ("flags", "grade"):
        asked = flags_asked(cell)
        told = [item for item in facts.raised if _gives(item, value, asked)]
        return tuple(Deciding(step=item.step, answer=item.answer) for item in told)
    source = facts.source.get(name, "")
    is_step = checklist is not None and checklist.step(source) is not None
    return (Deciding(step=source, answer=_answer(value)),) if is_step else ()


def _gives(item: Raised, value: Value | None, asked: frozenset[str]) -> bool:
    """Return whether an answer raised a flag that is asked for, or made the grade."""
    if value == UNGRADED:
        return item.ungraded
    return not asked.isdisjoint(item.flags) or (item.cap is not None and item.cap == value)


def _answer(value: Value | None) -> str | int:
    """Return a fact as the answer that gave it: several options are written `a|b`."""
    if isinstance(value, Members):
        return "|".join(sorted(value.present))
    return value if isinstance(value, str | int) else ""
