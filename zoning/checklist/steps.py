"""One step of a checklist from its TOML table: types, options, bands, photo slots, expressions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from zoning.checklist.values import Band, Option, Slot, Stage, Step, StepType
from zoning.findings import LABEL_MAX, NAME, Place, Section
from zoning.grammar import FALSE, TRUE, Expression, GrammarError, Scope, parse
from zoning.model import ANY_NUMBER, Grade, Kind, Label, Range
from zoning.policy import Policy

OPTIONS_MAX = 8
SHORT_MAX = 12
_COMPARED = frozenset(("match", "mismatch", "unreadable", "nodata", "missing"))
_WITH_OPTIONS = (StepType.SELECT_ONE, StepType.SELECT_MULTIPLE)
_YES = {"yes": {"ru": "Да", "en": "Yes"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a step may refer to. `scope` = columns and earlier steps, `static` = facts alone."""

    policy: Policy
    languages: tuple[str, ...]
    lists: Mapping[str, Section]
    slots: Mapping[str, Slot]
    scope: Scope
    static: Scope


def read_step(section: Section, around: Surroundings) -> Step:
    """Build one step; what is wrong lands in the report and a usable value stands in."""
    kind = StepType(section.one_of("type", tuple(StepType), StepType.SELECT_ONE))
    number = kind in (StepType.INTEGER, StepType.DECIMAL)
    precision = section.integer("precision") if kind is StepType.DECIMAL else 0
    name = section.code("name", NAME, needed=True)
    options = _options(section, kind, around)
    step = Step(
        name=name,
        type=kind,
        stage=Stage(section.one_of("stage", tuple(Stage), Stage.BODY)),
        by_parcel=section.one_of("scope", ("unit", "parcel"), "unit") == "parcel",
        label=_text(section, "label", around, LABEL_MAX, needed=True),
        short=_text(section, "short", around, SHORT_MAX),
        hint=section.label("hint", around.languages, needed=False),
        constraint_message=section.label("constraint_message", around.languages, needed=False),
        must=_must(section, around.static),
        relevant=_condition(section, "relevant", around.scope) or TRUE,
        default=section.code("default"),
        options=options,
        exclusive=section.codes("exclusive"),
        put_scan=_put_scan(section, options, around),
        unit=section.text("unit") if number else "",
        range=_range(section) if number else ANY_NUMBER,
        precision=min(max(precision, 0), 4),
        bands=_bands(section, around) if number else (),
        compare=_word(section, "compare", ("serial", "mark", "lpn")),
        auto=_word(section, "auto", ("item_scan", "expiry_compare", "recall_compare")),
        feeds=section.code("feeds", NAME),
        slot=section.code("slot", NAME),
        min_count=section.integer("min_count", 1),
        group=section.code("group", NAME),
        is_free=_word(section, "order", ("free",)) == "free",
        locked=section.flag("locked"),
        budget_s=section.integer("budget_s"),
    )
    section.code("after", NAME)
    section.code("before", NAME)
    step = _with_constraint(section, step, around)
    section.finish()
    _check_shape(section.place, step, around)
    return step


def read_slot(name: str, section: Section, languages: tuple[str, ...]) -> Slot:
    """Build one photo slot."""
    slot = Slot(
        name=name,
        label=section.label("label", languages),
        camera=section.code("camera", NAME, needed=True),
        bind=section.one_of("bind", ("unit", "parcel"), "unit"),
        each=section.flag("each"),
        min_count=section.integer("min_count", 1),
    )
    section.finish()
    return slot


def _word(section: Section, key: str, allowed: tuple[str, ...]) -> str:
    return section.one_of(key, allowed, "") if key in section.raw else ""


def _text(
    section: Section, key: str, around: Surroundings, longest: int, *, needed: bool = False
) -> Label:
    label = section.label(key, around.languages, needed=needed)
    if any(len(text) > longest for text in label.values()):
        section.place.at(key).refuse("long_text", {"key": key, "max": longest})
    return label


def _condition(section: Section, key: str, scope: Scope) -> Expression | None:
    text = section.text(key)
    return _parsed(section.place.at(key), key, text, scope) if text else None


def _parsed(place: Place, key: str, text: str, scope: Scope) -> Expression | None:
    try:
        return parse(text, scope)
    except GrammarError as error:
        place.refuse("expression", {"key": key, "ru": error.ru, "en": error.en})
        return None


def _must(section: Section, scope: Scope) -> Expression:
    value = section.raw.get("must", False)
    if isinstance(value, bool):
        return TRUE if section.flag("must") else FALSE
    return _condition(section, "must", scope) or TRUE


def _with_constraint(section: Section, step: Step, around: Surroundings) -> Step:
    own = {step.name: step.domain} if step.domain else {}
    found = _condition(section, "constraint", {**around.scope, **own})
    if found is None:
        return step
    return replace(step, constraint=found)


def _options(section: Section, kind: StepType, around: Surroundings) -> tuple[Option, ...]:
    if kind is StepType.ACKNOWLEDGE:
        return (Option(id="yes", label=_YES["yes"]),)
    parts = list(section.tables("option"))
    listed = section.code("choices", NAME)
    if listed and listed in around.lists:
        place = around.lists[listed].place
        parts = list(Section(around.lists[listed].raw, place).tables("option"))
    elif listed:
        section.place.at("choices").refuse("unknown_name", {"key": "choices", "got": listed})
    options = tuple(_option(part, around) for part in parts)
    if len(options) > OPTIONS_MAX:
        section.place.at("option").refuse("many_options")
    ids = [option.id for option in options]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        section.place.at("option").refuse("duplicate", {"key": name})
    return options


def _option(section: Section, around: Surroundings, *, band: bool = False) -> Option:
    cap = section.one_of("cap", tuple(Grade), Grade.A)
    option = Option(
        id=section.code("id", NAME, needed=True),
        label=_text(section, "label", around, LABEL_MAX, needed=not band),
        cap=None if cap == Grade.A else Grade(cap),
        flags=_declared(section, "flags", around.policy.domains["flags"].values),
        photo=_declared(section, "photo", around.slots),
        ungraded=section.flag("ungraded"),
        end=section.flag("end"),
    )
    if option.ungraded and not set(option.flags) & set(around.policy.ungraded_flags):
        section.place.refuse("ungraded")
    section.finish()
    return option


def _declared(
    section: Section, key: str, known: Mapping[str, Any] | tuple[str, ...]
) -> tuple[str, ...]:
    found = section.codes(key)
    for name in found:
        if name not in known:
            section.place.at(key).refuse("unknown_name", {"key": key, "got": name})
    return found


def _put_scan(
    section: Section, options: tuple[Option, ...], around: Surroundings
) -> dict[str, str]:
    part = section.table("put_scan")
    found = {name: part.text(name) for name in part.raw}
    ids = {option.id for option in options}
    for disposition, option in found.items():
        if disposition not in around.policy.dispositions:
            part.place.refuse("unknown_name", {"key": "put_scan", "got": disposition})
        if option not in ids:
            part.place.refuse("unknown_name", {"key": "put_scan", "got": option})
    return found


def _range(section: Section) -> Range:
    low, high = section.integer("min", needed=True), section.integer("max", needed=True)
    if low > high:
        section.place.at("max").refuse(
            "bad_value", {"key": "max", "got": high, "want": f">= {low}"}
        )
    return Range(low=low, high=high)


def _bands(section: Section, around: Surroundings) -> tuple[Band, ...]:
    bands = tuple(
        Band(low=part.integer("from", needed=True), option=_option(part, around, band=True))
        for part in section.tables("band")
    )
    lows = [band.low for band in bands]
    if lows != sorted(set(lows), reverse=True) or (lows and lows[-1] != section.raw.get("min")):
        section.place.at("band").refuse("bands", {"got": " ".join(map(str, lows))})
    return bands


def _check_shape(place: Place, step: Step, around: Surroundings) -> None:
    """Refuse what each key allows alone but not together."""
    ids = {option.id for option in step.options}
    if step.type in _WITH_OPTIONS and not ids:
        place.refuse("required", {"key": "option"})
    if step.compare and (step.type is not StepType.BARCODE or not ids <= _COMPARED):
        place.at("compare").refuse(
            "bad_value", {"key": "option", "got": " ".join(sorted(ids)), "want": "…"}
        )
    for key, names in (("default", {step.default} - {""}), ("exclusive", set(step.exclusive))):
        for name in sorted(names - ids):
            place.at(key).refuse("unknown_name", {"key": key, "got": name})
    if step.type is StepType.IMAGE and step.slot not in around.slots:
        place.at("slot").refuse("unknown_name", {"key": "slot", "got": step.slot})
    if step.feeds and not _can_feed(step, around.policy):
        place.at("feeds").refuse("unknown_name", {"key": "feeds", "got": step.feeds})


def _can_feed(step: Step, policy: Policy) -> bool:
    """A column takes a step's answer if every answer is one of its values."""
    column, domain = policy.domains.get(step.feeds), step.domain
    if column is None or domain is None or step.feeds in ("grade", "flags", "attrs"):
        return False
    if domain.is_number:
        return column.kind is domain.kind and column.precision == domain.precision
    return column.kind is Kind.ENUM is domain.kind and set(domain.values) <= set(column.values)
