"""The gate's questions answered by deciding every unit of a small pack, one after the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod

from zoning.evaluate import decide
from zoning.grammar import names, truth
from zoning.model import Domain, Facts, Kind, Members, Value
from zoning.pack import Pack
from zoning.policy import Invariant, Monotone

UNITS_MAX = 100_000


@dataclass(slots=True)
class Judged:
    """What deciding everything has shown."""

    units: int = 0
    has_gap: bool = False
    rows: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    improved: set[str] = field(default_factory=set)

    def refused(self, pack: Pack) -> set[tuple[str, str]]:
        """Return the checks (check, subject) that must refuse this pack."""
        return {
            *([("G20", "table")] if self.has_gap else []),
            *(("G21", row.id) for row in pack.table.rows if row.id not in self.rows),
            *(("G22", name) for name in self.broken),
            *(("G23", name) for name in self.improved),
        }


def judge(pack: Pack) -> Judged:
    """Decide every unit over the columns that the policy mentions."""
    found = Judged()
    columns = mentioned(pack)
    groups: dict[str, dict[tuple[object, ...], list[tuple[Value, str]]]] = {}
    unkept: dict[tuple[str, str, str], list[Invariant]] = {}
    for values in units(pack, columns):
        verdict = decide(pack, Facts(policy_sha256="", values=values))
        if verdict.row == "#invalid":
            continue
        found.units += 1
        found.rows.add(verdict.row)
        found.has_gap |= verdict.row == "#nopolicy"
        told = (verdict.zone, verdict.refund, verdict.move)
        if told not in unkept:
            unkept[told] = [rule for rule in pack.policy.invariants if not _keeps(rule, told)]
        found.broken.update(rule.id for rule in unkept[told] if truth(rule.when, values))
        for order in pack.policy.monotone:
            key = tuple(value for name, value in values.items() if name != order.column)
            group = groups.setdefault(order.id, {}).setdefault(key, [])
            group.append((values[order.column], verdict.zone))
    for order in pack.policy.monotone:
        if any(_improves(order, pack, group) for group in groups.get(order.id, {}).values()):
            found.improved.add(order.id)
    return found


def _keeps(rule: Invariant, told: tuple[str, str, str]) -> bool:
    return truth(rule.then, dict(zip(("zone", "refund", "move"), told, strict=True))) is True


def mentioned(pack: Pack) -> tuple[str, ...]:
    """Return the columns that a row, cap, rule or axiom names."""
    policy = pack.policy
    found = {name for row in pack.table.rows for name in row.cells}
    guards = [*(cap.when for cap in policy.caps), *(rule.when for rule in policy.invariants)]
    guards += [side for axiom in policy.axioms for side in (axiom.when, axiom.iff)]
    found |= {name for guard in guards for name in names(guard)}
    found |= {rule.column for rule in policy.monotone}
    return tuple(name for name in policy.domains if name in found)


def size(pack: Pack, columns: tuple[str, ...]) -> int:
    """Return how many units there are over these columns."""
    return prod(len(every_value(pack.policy.domains[name])) for name in columns)


def units(pack: Pack, columns: tuple[str, ...]) -> Iterator[dict[str, Value]]:
    """Yield every unit without a gap, valid or not."""
    assert size(pack, columns) < UNITS_MAX, "small packs only"
    lists = [every_value(pack.policy.domains[name]) for name in columns]
    for values in product(*lists):
        yield dict(zip(columns, values, strict=True))


def every_value(domain: Domain) -> list[Value]:
    """Return all values of a domain, best first."""
    match domain.kind:
        case Kind.BOOL:
            return [False, True]
        case Kind.ENUM:
            return list(domain.values)
        case Kind.SET:
            sizes = range(len(domain.values) + 1)
            chosen = (c for size in sizes for c in combinations(domain.values, size))
            return [Members(present=frozenset(members)) for members in chosen]
    assert domain.range.low is not None
    assert domain.range.high is not None
    return list(range(domain.range.low, domain.range.high + 1))


def is_worse(rule: Monotone, domain: Domain, before: Value, after: Value) -> bool:
    """Return whether a value is at least as bad as another by the order of its column."""
    if isinstance(before, Members) and isinstance(after, Members):
        changed = after.present ^ before.present
        return before.present <= after.present and not changed & rule.exempt.keys()
    if isinstance(before, int) and isinstance(after, int):
        return after <= before
    return domain.values.index(str(after)) >= domain.values.index(str(before))


def _improves(rule: Monotone, pack: Pack, group: list[tuple[Value, str]]) -> bool:
    place: Mapping[str, int] = {zone: at for at, zone in enumerate(rule.zone_order)}
    listed = [(value, place[zone]) for value, zone in group if zone in place]
    if len({at for _, at in listed}) < 2:
        return False
    domain = pack.policy.domains[rule.column]
    return any(
        now < was and is_worse(rule, domain, before, after)
        for before, was in listed
        for after, now in listed
    )
