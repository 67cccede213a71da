"""Checks of the zone table and the policy: G20 to G24. Each refusal shows a plain unit."""

from collections.abc import Iterator

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import rail_of
from zoning.encode.space import EnumColumn, Space
from zoning.evaluate import INVALID, MISSING, NO_POLICY, engine_disposition
from zoning.findings import Finding
from zoning.gate.monotone import check_monotone
from zoning.gate.regions import region_around
from zoning.gate.report import Checked, joined
from zoning.gate.seeds import reached_rows
from zoning.gate.theory import (
    Theory,
    Unit,
    checked,
    decided_columns,
    is_sound,
    line_of,
    needed,
    outcome,
    plain_unit,
    promises,
    shown,
    texts,
    unsound,
)
from zoning.grammar import names, show
from zoning.model import Label, Move, Zone
from zoning.pack import TABLE, Pack
from zoning.policy import Invariant
from zoning.table import Row

GAPS_MAX = 5
UNITS_MAX = 3
POLICY = "policy.toml"


def check_table(pack: Pack) -> Checked:
    """Return what is proved of the table, or every refusal with a unit that shows it."""
    with Cnf() as cnf:
        theory = Theory.of(cnf, pack)
        return joined(
            (
                check_complete(theory),
                check_reachable(theory),
                *(check_invariant(theory, rule) for rule in promises(pack)),
                *(check_monotone(theory, rule) for rule in pack.policy.monotone),
                check_dispositions(theory),
                check_hazmat(theory),
            )
        )


def check_complete(theory: Theory) -> Checked:
    """G20: every valid unit meets a row."""
    return checked("G20", "table", _gaps(theory))


def _gaps(theory: Theory) -> Iterator[Finding]:
    """Yield a finding per region that no row takes, at most GAPS_MAX."""
    cnf, space, none = theory.cnf, theory.space, theory.encoded.none
    for _ in range(GAPS_MAX):
        unit = plain_unit(theory, none)
        if unit is None:
            return
        if not is_sound(theory, unit):
            yield unsound(unit, "table")
            return
        found = region_around(space, -theory.encoded.none, theory.pack.policy.domains)
        yield Finding(
            check="G20",
            file=TABLE,
            line=1,
            text=texts("ни одна строка не берёт такой товар", "no row takes such a unit"),
            subject="table",
            item=shown(unit, decided_columns(theory.pack)),
            got=outcome(unit.verdict),
            region=found.words,
        )
        none = cnf.conj((none, -cnf.conj(found.limits)))


def check_reachable(theory: Theory) -> Checked:
    """G21: every row fires for some valid unit. Only rows that no cheap draw hits are asked."""
    pack, fires = theory.pack, theory.encoded.fires
    drawn = reached_rows(pack, tuple(theory.space.columns))
    parts = []
    for at, row in enumerate(pack.table.rows):
        is_reached = row.id in drawn or theory.cnf.solve(fires[at])
        parts.append(checked("G21", row.id, () if is_reached else (_unreachable(theory, at),)))
    return joined(tuple(parts))


def _unreachable(theory: Theory, at: int) -> Finding:
    """Return the finding of a dead row: the rows that take its units, and one of these units."""
    row = theory.pack.table.rows[at]
    unit = plain_unit(theory, theory.encoded.true[at])
    if unit is None:
        ru = "строка недостижима: её условия вместе невозможны"
        en = "the row never fires: its conditions cannot hold together"
        return _dead(row, ru, en)
    if not is_sound(theory, unit):
        return unsound(unit, row.id)
    covering = ", ".join(_covering(theory, at))
    return _dead(
        row,
        f"строка недостижима: всё забирают {covering}",
        f"the row never fires: {covering} take all its units",
        unit,
        decided_columns(theory.pack),
    )


def _dead(
    row: Row, ru: str, en: str, unit: Unit | None = None, columns: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        check="G21",
        file=TABLE,
        line=row.line,
        text=texts(ru, en),
        row=row.id,
        subject=row.id,
        item=shown(unit, columns) if unit else None,
        got=outcome(unit.verdict) if unit else "",
    )


def _covering(theory: Theory, at: int) -> list[str]:
    """Return a smallest set of earlier rows that together take all units of a row."""
    true = theory.encoded.true
    kept = needed(theory.cnf, (true[at],), [-lit for lit in true[:at]])
    return [
        row.id for row, lit in zip(theory.pack.table.rows, true[:at], strict=False) if -lit in kept
    ]


def check_invariant(theory: Theory, rule: Invariant) -> Checked:
    """G22: no valid unit breaks a sentence of the policy."""
    return checked("G22", rule.id, _breaches(theory, rule))


def _breaches(theory: Theory, rule: Invariant) -> Iterator[Finding]:
    """Yield a unit per row that breaks a rule, at most UNITS_MAX."""
    asked = [broken(theory, rule)]
    columns = {*decided_columns(theory.pack), *names(rule.when)}
    outputs = tuple(sorted(names(rule.then) | {"zone"}))
    for _ in range(UNITS_MAX):
        unit = plain_unit(theory, *asked)
        if unit is None:
            return
        if not is_sound(theory, unit):
            yield unsound(unit, rule.id)
            return
        row = unit.verdict.row
        told = {lang: f"«{text}»" for lang, text in rule.text.items()}
        yield Finding(
            check="G22",
            file=TABLE,
            line=line_of(theory.pack, row),
            text=texts(
                f"нарушено правило {told.get('ru', rule.id)}",
                f"the rule {told.get('en', rule.id)} is broken",
            ),
            row="" if row.startswith("#") else row,
            subject=rule.id,
            item=shown(unit, columns | _guarding(theory.pack, rule)),
            got=outcome(unit.verdict, outputs),
            expected=show(rule.then),
        )
        asked.append(-fired(theory, row))


def broken(theory: Theory, rule: Invariant) -> Lit:
    """Return whether a rule's condition holds and what it promises does not."""
    outputs = output_space(theory)
    when = rail_of(theory.cnf, rule.when, theory.space.atom)
    then = rail_of(theory.cnf, rule.then, outputs.atom)
    return theory.cnf.conj((when.yes, -then.yes))


def output_space(theory: Theory) -> Space:
    """Return zone, refund and move as columns that a rule can read."""
    encoded, cnf = theory.encoded, theory.cnf
    outputs = {"zone": encoded.zone, "refund": encoded.refund, "move": encoded.move}
    columns = {
        name: EnumColumn(values=values, missing=cnf.false) for name, values in outputs.items()
    }
    return Space(cnf=cnf, columns=columns)


def fired(theory: Theory, row: str) -> Lit:
    """Return whether a row, or the engine's own outcome of this name, decides."""
    encoded = theory.encoded
    engine = {MISSING: encoded.missing, NO_POLICY: encoded.none, INVALID: encoded.invalid}
    if row in engine:
        return engine[row]
    at = next(at for at, found in enumerate(theory.pack.table.rows) if found.id == row)
    return encoded.fires[at]


def _guarding(pack: Pack, rule: Invariant) -> set[str]:
    """Return the columns of the caps that could have kept a rule's promise."""
    outputs = names(rule.then)
    return {n for cap in pack.policy.caps if cap.output in outputs for n in names(cap.when)}


def check_dispositions(theory: Theory) -> Checked:
    """G24: a disposition is given out in its own zone only, the engine's are in hold."""
    return checked("G24", "zones", [*_misplacements(theory), *_engine_misplaced(theory.pack)])


def misplaced(theory: Theory) -> Iterator[tuple[str, Lit]]:
    """Yield per declared disposition whether it is given out outside its zone."""
    declared, encoded = theory.pack.policy.dispositions, theory.encoded
    for name, lit in encoded.disposition.items():
        if name in declared:
            yield name, theory.cnf.conj((lit, -encoded.zone[declared[name].zone]))


def _misplacements(theory: Theory) -> Iterator[Finding]:
    for name, lit in misplaced(theory):
        zone = theory.pack.policy.dispositions[name].zone
        unit = plain_unit(theory, lit)
        if unit is not None:
            yield _g24(
                theory,
                unit,
                "zones",
                texts(f"{name} относится к зоне {zone}", f"{name} belongs to the zone {zone}"),
                expected=zone,
            )


def _engine_misplaced(pack: Pack) -> Iterator[Finding]:
    for outcome_name in (MISSING, INVALID, NO_POLICY):
        name = engine_disposition(outcome_name)
        declared = pack.policy.dispositions.get(name)
        if declared is not None and declared.zone is not Zone.HOLD:
            yield Finding(
                check="G24",
                file=POLICY,
                line=1,
                text=texts(
                    f"{name} движка относится к зоне hold",
                    f"the engine's {name} belongs to the zone hold",
                ),
                subject="zones",
                got=declared.zone,
                expected=Zone.HOLD,
            )


def check_hazmat(theory: Theory) -> Checked:
    """G24: what is dangerous is moved by hand; no policy can switch that off."""
    encoded = theory.encoded
    unit = plain_unit(theory, encoded.zone[Zone.HAZMAT], encoded.move[Move.AUTO])
    text = texts("опасное перевозит автомат", "dangerous goods go without a hand")
    found = [] if unit is None else [_g24(theory, unit, "hazmat", text, expected=Move.MANUAL)]
    return checked("G24", "hazmat", found)


def _g24(theory: Theory, unit: Unit, subject: str, text: Label, *, expected: str) -> Finding:
    if not is_sound(theory, unit):
        return unsound(unit, subject)
    row = unit.verdict.row
    return Finding(
        check="G24",
        file=TABLE,
        line=line_of(theory.pack, row),
        text=text,
        row=row,
        subject=subject,
        item=shown(unit, decided_columns(theory.pack)),
        got=outcome(unit.verdict, ("zone", "move")),
        expected=expected,
    )
