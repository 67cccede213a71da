"""One step of a checklist from its TOML table: types, options, bands, photo slots, expressions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from zoning.checklist.inherit import Part
from zoning.checklist.values import Band, Option, Slot, Stage, Step, StepType
from zoning.findings import LABEL_MAX, NAME, Place, Section
from zoning.grammar import FALSE, TRUE, Expression, GrammarError, Scope, parse
from zoning.model import ANY_NUMBER, Grade, Kind, Label, Range
from zoning.policy import Policy

OPTIONS_MAX = 8
SHORT_MAX = 12
WRONG_MAX = 16  # with its digit four stand beside each other on the smallest screen
PRECISION_MAX = 4
_COUNTED = (Kind.SET, Kind.INT)
_COUNT = re.compile(r"count\(([a-z][a-z0-9_]{0,31})\)")
_YES = {"yes": {"ru": "Да", "en": "Yes"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a step may refer to: `scope` = columns and earlier steps, `static` = facts alone,
    `earlier` = earlier steps alone.
    """

    policy: Policy
    languages: tuple[str, ...]
    lists: Mapping[str, Section]
    slots: Mapping[str, Slot]
    scope: Scope
    static: Scope
    earlier: Scope


def read_step(part: Part, around: Surroundings) -> Step:
    """Build one step; what is wrong lands in the report and a usable value stands in."""
    section = Section(part.raw, part.place)
    kind = StepType(section.one_of("type", tuple(StepType), StepType.SELECT_ONE))
    number = kind in (StepType.INTEGER, StepType.DECIMAL)
    name = section.code("name", NAME, needed=True)
    options = _options(section, part, kind, around)
    min_count, count_of = _count(section, around)
    step = Step(
        name=name,
        type=kind,
        stage=Stage(section.one_of("stage", tuple(Stage), Stage.BODY)),
        by_parcel=section.one_of("scope", ("unit", "parcel"), "unit") == "parcel",
        label=_text(section, "label", around, LABEL_MAX, needed=True),
        short=_text(section, "short", around, SHORT_MAX),
        wrong=_text(section, "wrong", around, WRONG_MAX),
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
        precision=_precision(section) if kind is StepType.DECIMAL else 0,
        bands=_bands(section, around) if number else (),
        compare=_word(section, "compare", ("serial", "mark", "lpn")),
        auto=_word(section, "auto", ("item_scan", "expiry_compare", "recall_compare")),
        feeds=section.code("feeds", NAME),
        slot=section.code("slot", NAME),
        min_count=min_count,
        count_of=count_of,
        group=section.code("group", NAME),
        is_free=_word(section, "order", ("free",)) == "free",
        locked=section.flag("locked"),
        always=section.flag("always"),
        budget_s=_at_least(section, "budget_s", 0, 0),
        file=part.place.file,
        line=part.place.line,
    )
    section.code("after", NAME)
    section.code("before", NAME)
    step = _with_constraint(section, step, around)
    section.finish()
    return step


def read_slot(name: str, section: Section, languages: tuple[str, ...]) -> Slot:
    """Build one photo slot."""
    slot = Slot(
        name=name,
        label=section.label("label", languages),
        camera=section.code("camera", NAME, needed=True),
        bind=section.one_of("bind", ("unit", "parcel"), "unit"),
        each=section.flag("each"),
        min_count=_at_least(section, "min_count", 1, 1),
        file=section.place.file,
        line=section.place.line,
    )
    section.finish()
    return slot


def _at_least(section: Section, key: str, least: int, default: int) -> int:
    value = section.integer(key, default)
    if value < least:
        want = f">= {least}"
        section.place.at(key).refuse("bad_value", {"key": key, "got": value, "want": want})
    return max(value, least)


def _count(section: Section, around: Surroundings) -> tuple[int, str]:
    """Return how many photographs an image step wants: a number, or the step that counts them."""
    if not isinstance(section.raw.get("min_count"), str):
        return _at_least(section, "min_count", 1, 1), ""
    text = section.text("min_count")
    found = _COUNT.fullmatch(text)
    domain = around.earlier.get(found[1]) if found else None
    if found is None or domain is None or domain.kind not in _COUNTED:
        want = "n, count(<select_multiple | integer>)"
        section.place.at("min_count").refuse(
            "bad_value", {"key": "min_count", "got": text, "want": want}
        )
        return 1, ""
    return 1, found[1]


def _precision(section: Section) -> int:
    value = section.integer("precision")
    if not 0 <= value <= PRECISION_MAX:
        section.place.at("precision").refuse("too_big", {"max": PRECISION_MAX})
    return min(max(value, 0), PRECISION_MAX)


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
    found = _condition(section, "constraint", {**around.earlier, **own})
    if found is None:
        return step
    return replace(step, constraint=found)


def _options(
    section: Section, part: Part, kind: StepType, around: Surroundings
) -> tuple[Option, ...]:
    if kind is StepType.ACKNOWLEDGE:
        return (Option(id="yes", label=_YES["yes"]),)
    listed = section.code("choices", NAME)
    if listed and "option" in section.raw:
        section.place.at("choices").refuse("either", {"a": "option", "b": "choices"})
    parts = _listed(section, listed, around) if listed else _own_options(section, part)
    options = tuple(_option(one, around) for one in parts)
    if len(options) > OPTIONS_MAX:
        section.place.at("option").refuse("many_options")
    _refuse_twins(section, "option", [option.id for option in options])
    return options


def _own_options(section: Section, part: Part) -> list[Section]:
    """Return the options, each at the place where it was written last."""
    return [
        Section(one.raw, part.options.get(str(one.raw.get("id")), one.place))
        for one in section.tables("option")
    ]


def _listed(section: Section, name: str, around: Surroundings) -> list[Section]:
    section.value("option", list, "[{…}]")
    if name in around.lists:
        shared = around.lists[name]
        return list(Section(shared.raw, shared.place).tables("option"))
    section.place.at("choices").refuse("unknown_name", {"key": "choices", "got": name})
    return []


def _refuse_twins(section: Section, key: str, ids: list[str]) -> None:
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        section.place.at(key).refuse("duplicate", {"key": name})


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
        file=section.place.file,
        line=section.place.line,
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
    lows, high = [band.low for band in bands], section.raw.get("max")
    falls = lows == sorted(set(lows), reverse=True)
    inside = not lows or (lows[-1] == section.raw.get("min") and lows[0] <= (high or lows[0]))
    if not (falls and inside):
        section.place.at("band").refuse("bands", {"got": " ".join(map(str, lows))})
    _refuse_twins(section, "band", [band.option.id for band in bands])
    return bands
