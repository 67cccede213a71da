"""All valid units of a pack and what becomes of them, as clauses; plain units out of its models."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.space import EnumColumn, Space, cut_points, free_column, space_of
from zoning.encode.table import Encoded, encode_table
from zoning.evaluate import INVALID, MISSING, NO_POLICY, decide
from zoning.findings import Finding, item_json
from zoning.gate.report import Checked, status_of
from zoning.grammar import names, parse
from zoning.model import Facts, Label, Value, Verdict
from zoning.pack import TABLE, Pack
from zoning.policy import OUTPUTS, Invariant
from zoning.table import Row

UNSOUND = "GATE_UNSOUND"
_UNOWNED = ("blind", "undeclared")  # flags of what nobody announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """One free unit of a pack: its columns keep their domains and the axioms."""

    pack: Pack
    cnf: Cnf
    space: Space
    encoded: Encoded

    @classmethod
    def of(cls, cnf: Cnf, pack: Pack) -> "Theory":
        """Return the unit over the columns that the policy reads, those of the table first."""
        domains = {name: pack.policy.domains[name] for name in read_columns(pack)}
        return cls._held(cnf, pack, space_of(cnf, domains, cut_points(pack)))

    def other(self, column: str) -> "Theory":
        """Return a second unit that may differ from this one in a single column."""
        domain = self.pack.policy.domains[column]
        fresh = free_column(self.cnf, domain, cut_points(self.pack).get(column, frozenset()))
        space = replace(self.space, columns={**self.space.columns, column: fresh})
        return self._held(self.cnf, self.pack, space)

    @classmethod
    def _held(cls, cnf: Cnf, pack: Pack, space: Space) -> "Theory":
        encoded = encode_table(cnf, pack, space)
        cnf.add(-encoded.invalid)
        return cls(pack=pack, cnf=cnf, space=space, encoded=encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A concrete unit and what the evaluator, not the solver, makes of it."""

    values: Mapping[str, Value]
    verdict: Verdict


def decided_columns(pack: Pack) -> tuple[str, ...]:
    """Return the columns that choose the row: those of the table, then those of the axioms."""
    used = {name for row in pack.table.rows for name in row.cells}
    axioms = [name for a in pack.policy.axioms for name in sorted(names(a.when) | names(a.iff))]
    return tuple(dict.fromkeys([*(c for c in pack.table.columns if c in used), *axioms]))


def read_columns(pack: Pack) -> tuple[str, ...]:
    """Return every column that the decision or a promise about it reads."""
    policy = pack.policy
    guards = [*(cap.when for cap in policy.caps), *(rule.when for rule in promises(pack))]
    read = {name for guard in guards for name in names(guard)}
    read |= {rule.column for rule in policy.monotone}
    rest = [name for name in policy.domains if name in read]
    return tuple(dict.fromkeys([*decided_columns(pack), *rest]))


def promises(pack: Pack) -> tuple[Invariant, ...]:
    """Return the sentences that must hold: the policy's, and one that none can switch off.

    A pack that names no tenants decides goods of unknown owners, too: it lets none of them go.
    """
    domains = pack.policy.domains
    flags = [name for name in _UNOWNED if name in domains["flags"].values]
    if pack.terms.tenants or not flags:
        return pack.policy.invariants
    rule = Invariant(
        id="OWNER",
        when=parse(f"flags has any({', '.join(flags)})", domains),
        then=parse("zone in {'hold', 'hazmat'}", OUTPUTS),
        text=texts(
            "Чужое без хозяина остаётся в разборе", "Goods of an unknown owner stay in hold"
        ),
    )
    return (*pack.policy.invariants, rule)


def shrink(cnf: Cnf, asked: Iterable[Lit], wanted: Iterable[Lit]) -> bool:
    """Find a model of what is asked that has the wanted literals, earlier ones first.

    Returns whether there is a model at all; `cnf.value` then reads the plain one.
    """
    fixed = list(asked)
    if not cnf.solve(*fixed):
        return False
    for lit in wanted:
        has = cnf.value(lit) or cnf.solve(*fixed, lit)
        fixed.append(lit if has else -lit)
    return True


def needed(cnf: Cnf, asked: Iterable[Lit], limits: Iterable[Lit]) -> list[Lit]:
    """Return limits without which what is asked could hold; none of those returned is spare.

    Asked and limits together must be impossible.
    """
    given = list(limits)
    is_possible = cnf.solve(*asked, *given)
    assert not is_possible, "the limits keep out what is asked"
    core = cnf.core()
    kept = [lit for lit in given if lit in core]
    for lit in tuple(kept):
        rest = [other for other in kept if other != lit]
        if not cnf.solve(*asked, *rest):
            kept = rest
    return kept


def cases(rows: Iterable[Row], space: Space, but: str = "") -> list[Lit]:
    """Return the values of the column that most rows test: one of these literals always holds.

    Two decisions are compared case by case: with that value fixed most rows are out of the
    question at once, which a solver left alone finds out late (4 to 100 times slower).
    """
    tested = Counter(name for row in rows for name in row.cells if name != but)
    for name, _ in tested.most_common():
        column = space.columns.get(name)
        if isinstance(column, EnumColumn):
            return [*column.values.values(), column.missing]
    return [space.cnf.true]


def plain_unit(theory: Theory, *asked: Lit, wanted: Iterable[Lit] = ()) -> Unit | None:
    """Return the plainest unit for which all literals hold; None if there is none."""
    preferred = (*theory.space.preferences(), *wanted)
    return unit_of(theory) if shrink(theory.cnf, asked, preferred) else None


def unit_of(theory: Theory) -> Unit:
    """Return the unit of the last model, decided again by the evaluator."""
    values = theory.space.model(theory.cnf)
    facts = Facts(policy_sha256=theory.pack.sha256, values=values)
    return Unit(values=values, verdict=decide(theory.pack, facts))


def is_sound(theory: Theory, unit: Unit) -> bool:
    """Return whether the last model and the evaluator say the same of a unit."""
    verdict, encoded, cnf = unit.verdict, theory.encoded, theory.cnf
    rows = {row.id: lit for row, lit in zip(theory.pack.table.rows, encoded.fires, strict=True)}
    engine = {MISSING: encoded.missing, NO_POLICY: encoded.none, INVALID: encoded.invalid}
    said = (
        (rows | engine).get(verdict.row),
        encoded.zone.get(verdict.zone),
        encoded.disposition.get(verdict.disposition),
        encoded.refund.get(verdict.refund),
        encoded.move.get(verdict.move),
    )
    return all(lit is not None and cnf.value(lit) for lit in said)


def unsound(unit: Unit, subject: str) -> Finding:
    """Return the finding of a unit that solver and evaluator judge differently: a bug of ours."""
    return Finding(
        check=UNSOUND,
        file=TABLE,
        line=1,
        text={
            "ru": "проверка и решение расходятся: это ошибка программы, набор не принят",
            "en": "proof and decision disagree: a fault of this program, the pack is refused",
        },
        subject=subject,
        item=item_json(unit.values),
        got=outcome(unit.verdict),
    )


def outcome(verdict: Verdict, outputs: Iterable[str] = ("zone",)) -> str:
    """Return an outcome in words: `disposal (R08)` or `hold, refund=review (R03)`."""
    told = {
        "zone": str(verdict.zone),
        "refund": f"refund={verdict.refund}",
        "move": f"move={verdict.move}",
    }
    return (
        f"{', '.join(text for name, text in told.items() if name in set(outputs))} ({verdict.row})"
    )


def shown(unit: Unit, columns: Iterable[str]) -> dict[str, object]:
    """Return the columns of a unit that matter, as JSON."""
    chosen = set(columns)
    return item_json({name: value for name, value in unit.values.items() if name in chosen})


def line_of(pack: Pack, row: str) -> int:
    """Return the line of a row in the table; 1 for an outcome of the engine."""
    found = pack.table.row(row)
    return found.line if found else 1


def checked(check: str, subject: str, findings: Iterable[Finding]) -> Checked:
    """Return the outcome of one check of one subject."""
    told = tuple(findings)
    return Checked(findings=told, statuses=(status_of(check, subject, told),))


def texts(ru: str, en: str) -> Label:
    """Return a text in both languages."""
    return {"ru": ru, "en": en}
