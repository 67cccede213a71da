"""The literals of what is known of a unit before its first question, and back to a `Static`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoning.checklist.values import Checklist, Match
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import Rail, rail_of
from zoning.encode.space import (
    BoolColumn,
    Column,
    EnumColumn,
    NumberColumn,
    SetColumn,
    Space,
    cut_points,
    free_column,
)
from zoning.model import Domain, Kind, Members, Static, Value
from zoning.pack import UNKNOWN_ITEM, Pack
from zoning.session.walk import FEEDS, static_values

STATION_FLAGS = ("blind", "over_qty", "non_returnable")  # what a station sets from its own data
_UNDECLARED = "undeclared_flag"
_FEED_KINDS: Mapping[str, Kind] = {
    "category": Kind.ENUM,
    "tenant": Kind.ENUM,
    "channel": Kind.ENUM,
    "customer_reason": Kind.ENUM,
    "in_window": Kind.BOOL,
    "warranty": Kind.BOOL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statics:
    """What feeds, parcel and station say of one unit. `strange` = a flag that no policy declares.

    `columns` are the fact columns a feed may fill; `tenant` holds every tenant that a checklist
    names, whether the policy has such a column or not. `attrs` stands in `columns`, too.
    """

    cnf: Cnf
    columns: Mapping[str, Column]
    category: EnumColumn
    tenant: EnumColumn
    attrs: SetColumn
    parcel: Mapping[str, Lit]
    station: Mapping[str, Lit]
    strange: Lit

    def known(self, name: str) -> Lit:
        """Return whether a column has a value, and of a set every member."""
        match self.columns.get(name):
            case None:
                return self.cnf.false
            case SetColumn(members=members):
                return self.cnf.conj([self.cnf.disj(rail) for rail in members.values()])
            case BoolColumn(yes=rail):
                return self.cnf.disj(rail)
            case EnumColumn(missing=missing) | NumberColumn(missing=missing):
                return -missing

    def first_flags(self) -> Mapping[str, Rail]:
        """Return the flags that stand before the first answer."""
        found = {}
        for name, parcel in self.parcel.items():
            present = self.cnf.disj((parcel, self.station[name]))
            found[name] = Rail(present, self.cnf.conj((-present, -self.strange)))
        return found

    def lawful(self, checklist: Checklist) -> Lit:
        """Return whether parcel and station raise only what they can raise."""
        steps = (step for step in checklist.steps if step.by_parcel)
        raised = {flag for step in steps for option in step.options for flag in option.flags}
        no_parcel = [-lit for name, lit in self.parcel.items() if name not in raised]
        no_station = [-lit for name, lit in self.station.items() if name not in STATION_FLAGS]
        return self.cnf.conj([*no_parcel, *no_station])

    def preferences(self) -> tuple[Lit, ...]:
        """Return literals, most wanted first, that make a unit plain."""
        quiet = [-self.strange, *(-lit for lit in (*self.station.values(), *self.parcel.values()))]
        space = Space(cnf=self.cnf, columns=self.columns)
        known = [rail.yes for rail in self.attrs.members.values()]
        return (*quiet, *space.preferences(), *known, self.category.missing, self.tenant.missing)

    def read(self, currency: str) -> Static:
        """Return the static facts of the last model."""
        values = Space(cnf=self.cnf, columns=self.columns).model(self.cnf)
        attrs, value = _members(values.get("attrs")), values.get("value")
        station = frozenset(name for name, lit in self.station.items() if self.cnf.value(lit))
        odd = frozenset((_UNDECLARED,) if self.cnf.value(self.strange) else ())
        return Static(
            category=_chosen(self.cnf, self.category),
            tenant=_chosen(self.cnf, self.tenant),
            attrs=attrs.present,
            unknown_attrs=attrs.unknown,
            parcel_flags=frozenset(n for n, lit in self.parcel.items() if self.cnf.value(lit)),
            station_flags=station | odd,
            value_minor=value if isinstance(value, int) else None,
            currency=currency,
            in_window=_yes_no(values.get("in_window")),
            warranty=_yes_no(values.get("warranty")),
            channel=_text(values.get("channel")),
            customer_reason=_text(values.get("customer_reason")),
        )

    def assume(self, pack: Pack, static: Static) -> Iterator[Lit]:
        """Yield literals that hold this unit's static facts, and nothing else, to be true."""
        known, _ = static_values(pack, static)
        for name, column in self.columns.items():
            yield from _held(column, known.get(name))
        yield from _held(self.category, static.category)
        yield from _held(self.tenant, static.tenant)
        yield from _raised(self.parcel, static.parcel_flags)
        yield from _raised(self.station, static.station_flags)
        given = static.parcel_flags | static.station_flags
        yield self.strange if given - self.parcel.keys() else -self.strange


def free_statics(cnf: Cnf, pack: Pack) -> Statics:
    """Return a unit about which no feed has said anything yet: every fact may be missing."""
    domains = pack.policy.domains
    cuts = cut_points(pack)
    matches = [c.match for c in pack.checklists.values() if c.match is not None]
    category = _named(cnf, domains, "category", {n for m in matches for n in m.categories})
    tenant = _named(cnf, domains, "tenant", {n for m in matches for n in m.tenants})
    attrs = _partly_known(cnf, domains["attrs"])
    columns = {
        name: free_column(cnf, domain, cuts.get(name, frozenset()), may_miss=True)
        for name, domain in domains.items()
        if _is_fed(name, domain) and name not in ("category", "tenant")
    }
    for name, whole in (("category", category), ("tenant", tenant)):
        if name in domains and _is_fed(name, domains[name]):
            columns[name] = _declared(cnf, whole, domains[name])
    flags = domains["flags"].values
    return Statics(
        cnf=cnf,
        columns={**columns, "attrs": attrs},
        category=category,
        tenant=tenant,
        attrs=attrs,
        parcel={name: cnf.var() for name in flags},
        station={name: cnf.var() for name in flags},
        strange=cnf.var(),
    )


def selects(cnf: Cnf, pack: Pack, statics: Statics, name: str) -> Lit:
    """Return whether a unit is asked this checklist, as `Pack.checklist_for` chooses it."""
    known = -_undeclared_category(cnf, pack, statics)
    fits = {
        other: cnf.conj((known, fitting(cnf, statics, checklist.match)))
        for other, checklist in pack.checklists.items()
        if checklist.match is not None
    }
    own = pack.checklists[name].match
    rank = (own.priority, name) if own else None
    above = [
        lit
        for other, lit in fits.items()
        if (match := pack.checklists[other].match) and rank and (match.priority, other) > rank
    ]
    chosen = cnf.conj([fits[name], *(-lit for lit in above)]) if name in fits else cnf.false
    nobody = -cnf.disj(fits.values()) if name == UNKNOWN_ITEM else cnf.false
    return cnf.disj((chosen, nobody))


def fitting(cnf: Cnf, statics: Statics, match: Match) -> Lit:
    """Return whether a unit of a known category is one that a checklist is for."""
    parts = [-rail_of(cnf, match.when, Space(cnf=cnf, columns={"attrs": statics.attrs}).atom).no]
    for column, names in ((statics.category, match.categories), (statics.tenant, match.tenants)):
        if names:
            parts.append(cnf.disj([column.values[n] for n in names if n in column.values]))
    return cnf.conj(parts)


def _undeclared_category(cnf: Cnf, pack: Pack, statics: Statics) -> Lit:
    """Return whether the category is missing, or one that the policy does not have."""
    domain = pack.policy.domains.get("category")
    declared = statics.category.values.items()
    outside = [lit for name, lit in declared if domain is not None and not domain.holds(name)]
    return cnf.disj([statics.category.missing, *outside])


def _partly_known(cnf: Cnf, domain: Domain) -> SetColumn:
    """Return a set of which any member may be unknown, but which always has a value."""
    column = free_column(cnf, domain, may_miss=True)
    assert isinstance(column, SetColumn), "the policy says it is a set"
    if column.missing is not None:
        cnf.add(-column.missing)
    return SetColumn(members=column.members)


def _named(cnf: Cnf, domains: Mapping[str, Domain], name: str, also: set[str]) -> EnumColumn:
    declared = domains[name].values if name in domains else ()
    values = tuple(dict.fromkeys((*declared, *sorted(also))))
    column = free_column(cnf, Domain(kind=Kind.ENUM, values=values), may_miss=True)
    assert isinstance(column, EnumColumn), "it was asked for as an enum"
    return column


def _declared(cnf: Cnf, whole: EnumColumn, domain: Domain) -> EnumColumn:
    """Return a column as the policy sees it: values that it does not have are missing."""
    values = {name: lit for name, lit in whole.values.items() if domain.holds(name)}
    return EnumColumn(values=values, missing=-cnf.disj(values.values()))


def _is_fed(name: str, domain: Domain) -> bool:
    """Whether a feed can ever fill a column of this kind."""
    if name not in FEEDS:
        return False
    return domain.is_number if name == "value" else domain.kind is _FEED_KINDS[name]


def _held(column: Column, value: Value | None) -> Iterator[Lit]:
    match column:
        case SetColumn(members=members):
            for name, rail in members.items():
                stated = _members(value)
                unknown = value is None or name in stated.unknown
                yield from _rail(rail, None if unknown else name in stated.present)
        case BoolColumn(yes=rail):
            yield from _rail(rail, value if isinstance(value, bool) else None)
        case EnumColumn(values=values, missing=missing):
            yield values.get(str(value), missing)
        case NumberColumn(missing=missing) if value is None:
            yield missing
        case NumberColumn(cuts=cuts, reached=reached, missing=missing):
            yield -missing
            yield from (
                lit if isinstance(value, int) and value >= cut else -lit
                for cut, lit in zip(cuts, reached, strict=True)
            )


def _rail(rail: Rail, value: bool | None) -> Iterator[Lit]:
    yield rail.yes if value is True else -rail.yes
    yield rail.no if value is False else -rail.no


def _raised(lits: Mapping[str, Lit], flags: frozenset[str]) -> Iterator[Lit]:
    return (lit if name in flags else -lit for name, lit in lits.items())


def _members(value: Value | None) -> Members:
    return value if isinstance(value, Members) else Members()


def _chosen(cnf: Cnf, column: EnumColumn) -> str | None:
    return next((name for name, lit in column.values.items() if cnf.value(lit)), None)


def _yes_no(value: Value | None) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None
