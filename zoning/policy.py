"""policy.toml: fact columns, flags, dispositions, caps and the sentences that must always hold."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from zoning.findings import CODE, NAME, Section
from zoning.grammar import Expression, GrammarError, Scope, parse, read_range
from zoning.model import (
    ANY_NUMBER,
    UNGRADED,
    Domain,
    Grade,
    Kind,
    Label,
    Move,
    Range,
    Refund,
    Zone,
    digest,
)

MEMBERS_MAX = 62
COLUMNS_MAX = 24
OUTPUTS: Scope = {
    "zone": Domain(kind=Kind.ENUM, values=tuple(Zone)),
    "refund": Domain(kind=Kind.ENUM, values=tuple(Refund), ordered=True),
    "move": Domain(kind=Kind.ENUM, values=tuple(Move), ordered=True),
}
SETTLE = (*OUTPUTS, "disposition", "evidence", "actions")
_GRADES = (*Grade, UNGRADED)
_TERM = re.compile(r"[A-Z][0-9]{1,3}")
WORD = re.compile(r"[A-Z][A-Z0-9_]{0,31}")


class HazardScope(StrEnum):
    """How far a danger reaches: one item, or the room around it."""

    ITEM = "item"
    AREA = "area"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """What a raised flag means beside the table. `hazard` = its reach, None for no danger."""

    label: Label
    hazard: HazardScope | None = None
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What is done with a unit in its zone."""

    zone: Zone
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Lowers `refund` or `move` when its condition is not definitely false."""

    id: str
    output: str
    at_most: str
    when: Expression
    text: Label
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What must hold for every unit."""

    id: str
    when: Expression
    then: Expression
    text: Label
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monotone:
    """A worse value of a column never moves a unit up the zone order."""

    id: str
    column: str
    zone_order: tuple[Zone, ...]
    exempt: Mapping[str, str] = field(default_factory=dict)
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axiom:
    """Two conditions that are always equal; a record that breaks it is invalid."""

    id: str
    when: Expression
    iff: Expression
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything of a pack that is neither question nor table row."""

    id: str
    version: int
    sha256: str
    currency: str
    domains: Mapping[str, Domain]
    flags: Mapping[str, Flag]
    ungraded_flags: tuple[str, ...]
    dispositions: Mapping[str, Disposition]
    caps: tuple[Cap, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    monotone: tuple[Monotone, ...] = ()
    axioms: tuple[Axiom, ...] = ()
    settle: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()

    def is_hazard(self, flags: Iterable[str]) -> bool:
        """Return whether one of these flags is a danger."""
        return self.hazard(flags) is not None

    def hazard(self, flags: Iterable[str]) -> HazardScope | None:
        """Return the widest reach of the dangers among these flags."""
        scopes = {self.flags[flag].hazard for flag in flags if flag in self.flags}
        return next(
            (scope for scope in (HazardScope.AREA, HazardScope.ITEM) if scope in scopes), None
        )


def expression(section: Section, key: str, scope: Scope, default: str = "") -> Expression | None:
    """Return the condition of a key; None when it is absent or refused."""
    text = section.text(key, default, needed=not default)
    if not text:
        return None
    try:
        return parse(text, scope)
    except GrammarError as error:
        section.place.at(key).refuse("expression", {"key": key, "ru": error.ru, "en": error.en})
        return None


def read_policy(section: Section, languages: tuple[str, ...]) -> Policy:
    """Build the policy of a TOML document; what is wrong lands in the section's report."""
    section.one_of("format", ("policy/1",), "")
    domains = _domains(section)
    grade = section.table("grade")
    values = domains["flags"].values
    policy = Policy(
        id=section.code("id", re.compile(r"[a-z][a-z0-9-]{0,31}"), needed=True),
        version=section.integer("version", needed=True),
        sha256=digest(section.raw),
        currency=section.code("currency", re.compile(r"[A-Z]{3}"), needed=True),
        domains=domains,
        flags=_flags(section, values, languages),
        ungraded_flags=_known(grade, "ungraded_flags", values),
        dispositions=_dispositions(section, languages),
        caps=_caps(section, domains, languages),
        invariants=_invariants(section, domains, languages),
        monotone=_monotone(section, domains),
        axioms=_axioms(section, domains),
        settle=_known(section, "settle", SETTLE),
        retired=section.codes("retired"),
    )
    grade.finish()
    section.finish()
    return policy


def _known(section: Section, key: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """Return a list of codes that are all declared."""
    found, known = section.codes(key), frozenset(allowed)
    for code in sorted(set(found) - known):
        section.place.at(key).refuse("unknown_name", {"key": key, "got": code})
    return tuple(code for code in found if code in known)


def _domains(section: Section) -> dict[str, Domain]:
    found = {name: _domain(name, part) for name, part in section.named("domain")}
    if len(found) > COLUMNS_MAX:
        section.place.at("domain").refuse("too_big", {"max": COLUMNS_MAX})
    for name in {"flags", "attrs"} - found.keys():
        section.place.refuse("required", {"key": f"domain.{name}"})
        found[name] = Domain(kind=Kind.SET)
    for name in ("flags", "attrs"):
        _need_kind(section, found, name, Kind.SET)
    if found.get("grade", Domain(kind=Kind.SET)).values != _GRADES:
        section.place.at("domain", "grade").refuse(
            "bad_value", {"key": "domain.grade", "got": "values", "want": " ".join(_GRADES)}
        )
    return found


def _need_kind(section: Section, found: dict[str, Domain], name: str, kind: Kind) -> None:
    if found[name].kind is not kind:
        section.place.at("domain", name).refuse(
            "wrong_type", {"key": name, "want": f"kind = {kind}"}
        )
        found[name] = Domain(kind=kind)


def _domain(name: str, section: Section) -> Domain:
    section.place.refuse("bad_code", {"key": name, "got": name}) if not NAME.fullmatch(
        name
    ) else None
    kind = Kind(section.one_of("kind", tuple(Kind), "bool", needed=True))
    listed = kind in (Kind.ENUM, Kind.SET)
    number = kind in (Kind.INT, Kind.DECIMAL)
    precision = section.integer("precision") if kind is Kind.DECIMAL else 0
    values = section.codes("values") if listed else ()
    if len(values) > MEMBERS_MAX and kind is Kind.SET:
        section.place.at("values").refuse("too_big", {"max": MEMBERS_MAX})
    if not 0 <= precision <= 4:
        section.place.at("precision").refuse("too_big", {"max": 4})
    domain = Domain(
        kind=kind,
        values=values,
        ordered=section.flag("ordered") if kind is Kind.ENUM else False,
        range=_limits(section) if number else ANY_NUMBER,
        precision=min(max(precision, 0), 4),
        unit=section.text("unit") if number else "",
        classes=_classes(section, precision) if number else {},
        retired=_known(section, "retired", values) if listed else (),
    )
    section.finish()
    return domain


def _limits(section: Section) -> Range:
    low, high = section.integer("min", needed=True), section.integer("max", needed=True)
    if low > high:
        section.place.at("max").refuse(
            "bad_value", {"key": "max", "got": high, "want": f">= {low}"}
        )
    return Range(low=low, high=high)


def _classes(section: Section, precision: int) -> dict[str, Range]:
    part = section.table("classes")
    found = {}
    for name in part.raw:
        try:
            found[name] = read_range(part.text(name), precision)
        except GrammarError as error:
            part.place.at(name).refuse("expression", {"key": name, "ru": error.ru, "en": error.en})
        if not CODE.fullmatch(name):
            part.place.at(name).refuse("bad_code", {"key": "classes", "got": name})
    return found


def _flags(
    section: Section, values: tuple[str, ...], languages: tuple[str, ...]
) -> dict[str, Flag]:
    found = {}
    for name, part in section.named("flag"):
        if name not in values:
            part.place.refuse("unknown_name", {"key": "flag", "got": name})
        scope = part.one_of("scope", tuple(HazardScope), HazardScope.ITEM)
        found[name] = Flag(
            label=part.label("label", languages),
            hazard=HazardScope(scope) if part.flag("hazard") else None,
            action=part.code("action", WORD),
        )
        part.finish()
    for name in sorted(set(values) - found.keys()):
        section.place.at("flag").refuse("required", {"key": f"flag.{name}"})
    return found


def _dispositions(section: Section, languages: tuple[str, ...]) -> dict[str, Disposition]:
    found = {}
    for name, part in section.named("disposition"):
        zone = Zone(part.one_of("zone", tuple(Zone), Zone.HOLD, needed=True))
        found[name] = Disposition(zone=zone, label=part.label("label", languages))
        part.finish()
    return found


def _caps(section: Section, scope: Scope, languages: tuple[str, ...]) -> tuple[Cap, ...]:
    found = []
    for part in section.tables("cap"):
        output = part.one_of("output", ("refund", "move"), "move", needed=True)
        words = OUTPUTS[output].values
        at_most = part.one_of("at_most", words, words[-1], needed=True)
        when = expression(part, "when", scope)
        text = part.label("text", languages)
        name = part.code("id", _TERM, needed=True)
        part.finish()
        if when is not None:
            found.append(
                Cap(
                    id=name,
                    output=output,
                    at_most=at_most,
                    when=when,
                    text=text,
                    line=part.place.line,
                )
            )
    return _unique(section, found)


def _invariants(
    section: Section, columns: Scope, languages: tuple[str, ...]
) -> tuple[Invariant, ...]:
    found = []
    for part in section.tables("invariant"):
        when = expression(part, "when", columns)
        then = expression(part, "then", OUTPUTS)
        name, text = part.code("id", _TERM, needed=True), part.label("text", languages)
        part.finish()
        if when is not None and then is not None:
            found.append(Invariant(id=name, when=when, then=then, text=text, line=part.place.line))
    return _unique(section, found)


def _monotone(section: Section, columns: Scope) -> tuple[Monotone, ...]:
    found = []
    for part in section.tables("monotone"):
        column = part.one_of("column", columns, "flags", needed=True)
        exempt = part.table("exempt")
        reasons = {name: exempt.text(name) for name in exempt.raw}
        for name in reasons.keys() - set(columns[column].values):
            exempt.place.refuse("unknown_name", {"key": "exempt", "got": name})
        order = _known(part, "zone_order", OUTPUTS["zone"].values)
        name = part.code("id", _TERM, needed=True)
        zones = tuple(Zone(zone) for zone in order)
        found.append(
            Monotone(id=name, column=column, zone_order=zones, exempt=reasons, line=part.place.line)
        )
        part.finish()
    return _unique(section, found)


def _axioms(section: Section, columns: Scope) -> tuple[Axiom, ...]:
    found = []
    for part in section.tables("axiom"):
        when, iff = expression(part, "when", columns), expression(part, "iff", columns)
        name = part.code("id", _TERM, needed=True)
        part.finish()
        if when is not None and iff is not None:
            found.append(Axiom(id=name, when=when, iff=iff, line=part.place.line))
    return _unique(section, found)


Named = TypeVar("Named", Cap, Invariant, Monotone, Axiom)


def _unique(section: Section, found: list[Named]) -> tuple[Named, ...]:
    """Return the entries; an id that occurs twice is refused."""
    seen: set[str] = set()
    for entry in found:
        if entry.id in seen:
            place = section.place
            place.report.add(place.file, entry.line, "duplicate", {"key": entry.id})
        seen.add(entry.id)
    return tuple(found)
