"""G33: a worse answer never gives a better grade or zone, whatever it opens or closes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zoning import session
from zoning.checklist.values import Option, Step
from zoning.encode.checklist import Asked, Joint, encode_checklist
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.space import Column, EnumColumn, NumberColumn, SetColumn
from zoning.findings import Finding
from zoning.gate.report import Checked
from zoning.gate.runs import Runs, Told
from zoning.gate.theory import checked, outcome, shrink, texts
from zoning.grammar import Has, atoms
from zoning.model import UNGRADED, Grade, Members, Zone
from zoning.session.walk import outcomes
from zoning.table import SetCell

_NO_LETTER = len(Grade)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two runs of one unit. `same[step]` = both answer that step alike, if both are asked it.

    `weighty` are the flags that speak against a unit: read by the decision, and not exempt.
    """

    first: Runs
    second: Joint
    same: Mapping[str, Lit]
    weighty: frozenset[str]


def check_worse(runs: Runs) -> Checked:
    """Return whether a lower cap, or the same cap with more flags, can improve grade or zone.

    Compared are the zones of the `zone_order` of each monotone rule, for units that agree in the
    members the rule exempts; a unit without a letter has no worse or better grade. More flags are
    worse only if the decision reads them: a mere note, such as "sealed", speaks against nothing.
    """
    return checked("G33", runs.checklist.id, _improving(runs))


def _improving(runs: Runs) -> Iterator[Finding]:
    cnf, joint = runs.cnf, runs.joint
    second = encode_checklist(cnf, runs.pack, runs.checklist, joint.statics)
    same = {n: _alike(cnf, one, second.steps[n]) for n, one in joint.steps.items()}
    pair = Pair(first=runs, second=second, same=same, weighty=_weighty(runs))
    improved = cnf.disj((_better_grade(pair), *_better_zones(pair)))
    for name, one in joint.steps.items():
        worse = _worse(pair, one, second.steps[name])
        if worse == cnf.false or one.step.by_parcel:
            continue
        others = [lit for other, lit in same.items() if other != name]
        asked = (*runs.base, *second.obeying(), *others, worse, improved)
        if shrink(cnf, asked, (*joint.preferences(), *second.preferences())):
            yield _finding(pair, one.step)


def _weighty(runs: Runs) -> frozenset[str]:
    """Return the flags that a row or a cap reads and no monotone rule exempts."""
    pack = runs.pack
    cells = [row.cells["flags"] for row in pack.table.rows if "flags" in row.cells]
    read = {m for cell in cells if isinstance(cell, SetCell) for _, ms in cell.tests for m in ms}
    for cap in pack.policy.caps:
        tests = [atom for atom in atoms(cap.when) if isinstance(atom, Has) and atom.name == "flags"]
        read |= {member for test in tests for member in test.members}
    return frozenset(read).difference(*_orders(runs).values())


def _alike(cnf: Cnf, one: Asked, other: Asked) -> Lit:
    """Return an assumption under which two runs answer a step alike.

    Where an END answer stands before the step in one run alone, it may be cut off there.
    """
    same = cnf.var()
    for left, right in zip(_literals(one.choice), _literals(other.choice), strict=True):
        cnf.add(-same, -left, right)
        cnf.add(-same, left, -right)
    both = (-one.asked, -other.asked)
    for reached in ((one.reached, other.reached), (-one.reached, -other.reached)):
        ended = [-lit for lit in reached]
        cnf.add(-same, *both, *ended, -one.given, other.given)
        cnf.add(-same, *both, *ended, one.given, -other.given)
    return same


def _literals(choice: Column | None) -> tuple[Lit, ...]:
    match choice:
        case EnumColumn(values=values):
            return tuple(values.values())
        case NumberColumn(reached=reached):
            return reached
        case SetColumn(members=members):
            return tuple(rail.yes for rail in members.values())
    return ()


def _worse(pair: Pair, one: Asked, other: Asked) -> Lit:
    """Return whether the second run's answer to a step is worse than the first run's."""
    cnf, options = pair.first.cnf, one.step.outcomes
    if one.step.is_multiple:
        kept = [cnf.disj((-one.chosen[o.id], other.chosen[o.id])) for o in options]
        loaded = [o for o in options if _depth(o) or pair.weighty.intersection(o.flags)]
        more = [cnf.conj((other.chosen[o.id], -one.chosen[o.id])) for o in loaded]
        return cnf.conj((one.counts, *kept, cnf.disj(more)))
    return cnf.disj(
        [
            cnf.conj((one.chosen[better.id], other.chosen[worse.id]))
            for better in options
            for worse in options
            if is_worse(worse, better, pair.weighty)
        ]
    )


def is_worse(option: Option, than: Option, weighty: frozenset[str]) -> bool:
    """Return whether an answer caps lower, or as low with more flags. No letter is below D."""
    mine, other = _depth(option), _depth(than)
    more = weighty.intersection(option.flags) > weighty.intersection(than.flags)
    return mine > other or (mine == other and more)


def _depth(option: Option) -> int:
    if option.ungraded:
        return _NO_LETTER
    return tuple(Grade).index(option.cap) if option.cap else 0


def _better_grade(pair: Pair) -> Lit:
    cnf = pair.first.cnf
    first, second = (_grades(joint) for joint in (pair.first.joint, pair.second))
    letters = tuple(Grade)
    return cnf.disj(
        [
            cnf.conj((first[worse], second[better]))
            for at, worse in enumerate(letters)
            for better in letters[:at]
        ]
    )


def _grades(joint: Joint) -> Mapping[str, Lit]:
    column = joint.space.columns["grade"]
    assert isinstance(column, EnumColumn), "the loader has checked the grades"
    return column.values


def _better_zones(pair: Pair) -> Iterator[Lit]:
    cnf = pair.first.cnf
    first, second = pair.first.joint.encoded.zone, pair.second.encoded.zone
    for order, exempt in _orders(pair.first).items():
        alike = cnf.conj([_agree(pair, flag) for flag in sorted(exempt)])
        for at, worse in enumerate(order):
            better = cnf.disj([second[zone] for zone in order[:at]])
            yield cnf.conj((alike, first[worse], better))


def _orders(runs: Runs) -> dict[tuple[Zone, ...], frozenset[str]]:
    """Return each order of zones with the flags that its rules exempt."""
    found: dict[tuple[Zone, ...], frozenset[str]] = {}
    for rule in runs.pack.policy.monotone:
        exempt = frozenset(rule.exempt) if rule.column == "flags" else frozenset()
        found[rule.zone_order] = found.get(rule.zone_order, frozenset()) | exempt
    return found


def _agree(pair: Pair, flag: str) -> Lit:
    """Return whether both runs know the same of a flag."""
    cnf = pair.first.cnf
    rails = []
    for joint in (pair.first.joint, pair.second):
        column = joint.space.columns["flags"]
        assert isinstance(column, SetColumn), "the loader has checked the flags"
        rails.append(column.members[flag])
    first, second = rails
    pairs = ((first.yes, second.yes), (first.no, second.no))
    return cnf.conj([cnf.disj((cnf.conj((a, b)), cnf.conj((-a, -b)))) for a, b in pairs])


def _finding(pair: Pair, step: Step) -> Finding:
    runs = pair.first
    first = runs.told()
    static = runs.joint.statics.read(runs.pack.policy.currency)
    second = Told.of(session.resume(runs.pack, static, pair.second.answers()))
    before, after = _said(first, step), _said(second, step)
    change = f"{step.name}: {before} -> {after}"
    new = [option for option in outcomes(step, after) if option not in outcomes(step, before)]
    return replace(
        runs.finding(
            "G33",
            first,
            new[0],
            text=texts("ответ хуже, а товар лучше", "a worse answer, yet a better unit"),
            subject=f"{runs.checklist.id}.{step.name}",
            is_shown=second.run.is_finished and bool(_told_by(first, second, runs)),
        ),
        got=f"{_words(first)}; {change}: {_words(second)}",
        expected=" > ".join(_told_by(first, second, runs)),
    )


def _said(told: Told, step: Step) -> str | int:
    """Return the answer that counts, explicit or not."""
    value = told.run.answered[step.name]
    if isinstance(value, Members):
        return "|".join(option.id for option in step.options if option.id in value.present)
    return value


def _told_by(first: Told, second: Told, runs: Runs) -> tuple[str, ...]:
    """Return the order in which the second run stands above the first; empty = it does not.

    By session and evaluator: what the solver claims is not trusted.
    """
    grades = [str(told.facts.values.get("grade", UNGRADED)) for told in (first, second)]
    if UNGRADED not in grades and grades[1] < grades[0]:
        return tuple(Grade)
    zones = [told.verdict.zone for told in (first, second)]
    for order, exempt in _orders(runs).items():
        is_ranked = all(zone in order for zone in zones)
        is_alike = _known(first, exempt) == _known(second, exempt)
        if is_ranked and is_alike and order.index(zones[1]) < order.index(zones[0]):
            return order
    return ()


def _known(told: Told, flags: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    value = told.facts.values["flags"]
    assert isinstance(value, Members), "flags are a set"
    return value.present & flags, value.unknown & flags


def _words(told: Told) -> str:
    return f"grade={told.facts.values.get('grade', '?')} {outcome(told.verdict)}"
