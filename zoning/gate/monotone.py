"""G23: a worse unit never gets a better zone. Two units that differ in one column are compared."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.space import Column, EnumColumn, NumberColumn, SetColumn, Space
from zoning.findings import Finding
from zoning.gate.report import Checked
from zoning.gate.theory import (
    Theory,
    Unit,
    cases,
    checked,
    decided_columns,
    is_sound,
    line_of,
    outcome,
    shown,
    shrink,
    texts,
    unit_of,
    unsound,
)
from zoning.model import Domain, Label, Members
from zoning.pack import TABLE, Pack
from zoning.policy import Monotone

EXEMPT_MAX = 3
WHY = "…"
POLICY = "policy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two units: `worse` is not better than `unit` in one column and equal in the others."""

    unit: Theory
    worse: Theory
    is_worse: Lit
    rule: Monotone

    def improved(self) -> list[Lit]:
        """Return, per place in the zone order, whether the worse unit gets past it to the front."""
        order, cnf = self.rule.zone_order, self.unit.cnf
        found = []
        for place in range(1, len(order)):
            behind = cnf.disj([self.unit.encoded.zone[zone] for zone in order[place:]])
            ahead = cnf.disj([self.worse.encoded.zone[zone] for zone in order[:place]])
            found.append(cnf.conj((self.is_worse, behind, ahead)))
        return found

    def is_kept(self) -> bool:
        """Return whether no worse unit gets past any place."""
        cnf, rows = self.unit.cnf, self.unit.pack.table.rows
        question = cnf.disj(self.improved())
        parts = cases(rows, self.unit.space, but=self.rule.column)
        return not any(cnf.solve(question, part) for part in parts)


def pair_of(theory: Theory, rule: Monotone) -> Pair:
    """Return the two units of a rule over a column that has an order."""
    worse = theory.other(rule.column)
    columns = theory.space.columns[rule.column], worse.space.columns[rule.column]
    is_worse = theory.cnf.conj(list(_worse(theory.cnf, *columns, frozenset(rule.exempt))))
    return Pair(unit=theory, worse=worse, is_worse=is_worse, rule=rule)


def has_order(domain: Domain) -> bool:
    """Return whether values of a column can be worse than others."""
    return domain.is_number or domain.ordered or domain.kind == "set"


def check_monotone(theory: Theory, rule: Monotone) -> Checked:
    """G23: more members, a later value or a lower number never improve the zone."""
    if not has_order(theory.pack.policy.domains[rule.column]):
        return checked("G23", rule.id, [_no_order(rule)])
    return checked("G23", rule.id, _improvements(pair_of(theory, rule)))


def exempted(theory: Theory, rule: Monotone) -> Monotone | None:
    """Return the rule with the fewest further exempt members under which it holds, if few do."""
    column = theory.space.columns[rule.column]
    if not isinstance(column, SetColumn):
        return None
    for _ in range(EXEMPT_MAX):
        added = _first_added(pair_of(theory, rule))
        if not added:
            return rule
        rule = replace(rule, exempt={**rule.exempt, **dict.fromkeys(added, WHY)})
    return None if _first_added(pair_of(theory, rule)) else rule


def repaired(pack: Pack, refused: frozenset[str]) -> Pack | None:
    """Return the pack with members exempted so that the refused rules hold; None if that fails."""
    with Cnf() as cnf:
        theory = Theory.of(cnf, pack)
        rules = [
            exempted(theory, rule) if rule.id in refused else rule for rule in pack.policy.monotone
        ]
    kept = tuple(rule for rule in rules if rule is not None)
    if len(kept) < len(rules):
        return None
    return replace(pack, policy=replace(pack.policy, monotone=kept))


def repair_text(old: Monotone, new: Monotone) -> Label:
    """Return what to exempt, in words."""
    members = ", ".join(name for name in new.exempt if name not in old.exempt)
    return texts(
        f"исключить {members} в monotone {new.id}", f"exempt {members} in monotone {new.id}"
    )


def _worse(cnf: Cnf, column: Column, other: Column, exempt: frozenset[str]) -> Iterator[Lit]:
    """Yield literals that together say: `other` is as bad as `column`, or worse."""
    match column, other:
        case SetColumn(members=mine), SetColumn(members=theirs):
            for name, rail in mine.items():
                yield cnf.disj((-rail.yes, theirs[name].yes))
                if name in exempt:
                    yield cnf.disj((rail.yes, -theirs[name].yes))
        case NumberColumn(reached=mine), NumberColumn(reached=theirs):
            for own, its in zip(mine, theirs, strict=True):
                yield cnf.disj((own, -its))
        case EnumColumn(values=mine), EnumColumn(values=theirs):
            later = list(theirs.values())
            for at, lit in enumerate(mine.values()):
                yield cnf.disj((-lit, *later[at:]))
        case _:
            raise AssertionError("both are one column, and it has an order")


def _improvements(pair: Pair) -> Iterator[Finding]:
    """Yield a pair of units per place of the order that a worse unit gets past."""
    if pair.is_kept():
        return
    told: set[tuple[str, str]] = set()
    for asked in pair.improved():
        if not shrink(pair.unit.cnf, (asked,), _wanted(pair)):
            continue
        unit, worse = unit_of(pair.unit), unit_of(pair.worse)
        rows = (unit.verdict.row, worse.verdict.row)
        if not (is_sound(pair.unit, unit) and is_sound(pair.worse, worse)):
            yield unsound(unit, pair.rule.id)
        elif rows not in told:
            yield _improvement(pair, unit, worse)
        told.add(rows)


def _wanted(pair: Pair) -> tuple[Lit, ...]:
    column = pair.rule.column
    other = Space(cnf=pair.unit.cnf, columns={column: pair.worse.space.columns[column]})
    return (*pair.unit.space.preferences(), *other.preferences())


def _improvement(pair: Pair, unit: Unit, worse: Unit) -> Finding:
    row, column = unit.verdict.row, pair.rule.column
    pack = pair.unit.pack
    return Finding(
        check="G23",
        file=TABLE,
        line=line_of(pack, row),
        text=_text(column, pack.policy.domains[column]),
        row=row,
        subject=pair.rule.id,
        item=shown(unit, (*decided_columns(pack), column)),
        got=f"{outcome(unit.verdict)}; {_change(column, unit, worse)} -> {outcome(worse.verdict)}",
        expected=" > ".join(pair.rule.zone_order),
    )


def _text(column: str, domain: Domain) -> Label:
    if domain.kind == "set":
        return texts("лишний признак улучшает зону", "an extra member improves the zone")
    if domain.is_number:
        return texts(f"меньшее {column} улучшает зону", f"a lower {column} improves the zone")
    return texts(f"худшее {column} улучшает зону", f"a worse {column} improves the zone")


def _change(column: str, unit: Unit, worse: Unit) -> str:
    """Return how the worse unit differs: `plus wipe`, `with grade=D`."""
    before, after = unit.values[column], worse.values[column]
    if isinstance(before, Members) and isinstance(after, Members):
        return f"plus {', '.join(sorted(after.present - before.present))}"
    return f"with {column}={after}"


def _first_added(pair: Pair) -> frozenset[str]:
    """Return the members whose addition improves the zone in the plainest example, if any."""
    if pair.is_kept():
        return frozenset()
    for asked in pair.improved():
        if shrink(pair.unit.cnf, (asked,), _wanted(pair)):
            before = unit_of(pair.unit).values[pair.rule.column]
            after = unit_of(pair.worse).values[pair.rule.column]
            assert isinstance(before, Members), "a set column"
            assert isinstance(after, Members), "a set column"
            return after.present - before.present
    return frozenset()


def _no_order(rule: Monotone) -> Finding:
    return Finding(
        check="G23",
        file=POLICY,
        line=rule.line,
        text=texts(
            f"у колонки {rule.column} нет порядка", f"the column {rule.column} has no order"
        ),
        subject=rule.id,
    )
