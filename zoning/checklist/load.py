"""All checklists of a pack: files to flattened checklists, and the checks between their steps."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from zoning.checklist.inherit import Flat, Layer, flatten, read_layer
from zoning.checklist.shape import check_shape, check_together
from zoning.checklist.steps import Surroundings, read_slot, read_step
from zoning.checklist.values import Checklist, Match, Slot, Stage, Step, StepType
from zoning.findings import Place, Section
from zoning.grammar import FALSE, TRUE, names, truth
from zoning.model import Domain, Members, Value, digest
from zoning.policy import Policy, expression

STEPS_MAX = 64
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_STAGES = tuple(Stage)
_OPTIONAL = (StepType.TEXT, StepType.BARCODE, StepType.IMAGE, StepType.NOTE)


def read_checklists(
    sections: Iterable[Section], policy: Policy, languages: tuple[str, ...]
) -> dict[str, Checklist]:
    """Return the usable checklists by id; abstract ones are checked and left out."""
    layers: dict[str, Layer] = {}
    for section in sections:
        layer = read_layer(section, languages)
        if layer.id in layers:
            section.place.at("id").refuse("duplicate", {"key": layer.id})
        layers[layer.id] = layer
    found = {
        layer.id: _checklist(flatten(layer, layers), policy, languages) for layer in layers.values()
    }
    return {name: found[name] for name, layer in layers.items() if not layer.abstract}


def _checklist(flat: Flat, policy: Policy, languages: tuple[str, ...]) -> Checklist:
    slots = {
        name: read_slot(name, Section(part.raw, part.place), languages)
        for name, part in flat.slots.items()
    }
    layer = flat.layer
    return Checklist(
        id=layer.id,
        version=layer.version,
        sha256=digest(flat.raw()),
        steps=_steps(flat, slots, policy, languages),
        slots=slots,
        match=_match(layer, policy),
        file=layer.section.place.file,
        line=layer.section.place.at("id").line,
    )


def _match(layer: Layer, policy: Policy) -> Match | None:
    if layer.match is None:
        return None
    section = Section(layer.match.raw, layer.match.place)
    categories = section.codes("category")
    column = policy.domains.get("category")
    for name in categories:
        if column is not None and name not in column.values:
            section.place.refuse("unknown_name", {"key": "category", "got": name})
    attrs = {"attrs": policy.domains["attrs"]}
    match = Match(
        categories=categories,
        tenants=section.codes("tenant", _TENANT),
        when=expression(section, "when", attrs, "true") or TRUE,
        priority=section.integer("priority"),
        line=section.place.line,
    )
    section.finish()
    return match


def _steps(
    flat: Flat, slots: Mapping[str, Slot], policy: Policy, languages: tuple[str, ...]
) -> tuple[Step, ...]:
    """Read the steps in file order: each one sees the columns and the steps before it."""
    fed = {str(part.raw.get("feeds")) for part in flat.steps}
    columns = {name: item for name, item in policy.domains.items() if name not in fed | {"grade"}}
    static = {name: item for name, item in columns.items() if name != "flags"}
    earlier: dict[str, Domain] = {}
    found: list[Step] = []
    for part in flat.steps:
        around = Surroundings(
            policy=policy,
            languages=languages,
            lists=flat.lists,
            slots=slots,
            scope={**columns, **earlier},
            static=static,
            earlier=dict(earlier),
        )
        step = read_step(part, around)
        if step.name in around.scope:
            part.place.refuse("duplicate", {"key": step.name})
        if step.domain is not None:
            earlier[step.name] = step.domain
        check_shape(part, step, slots, policy)
        found.append(step)
    check_together([part.place for part in flat.steps], found)
    _check_steps(flat, found, policy)
    return tuple(found)


def _check_steps(flat: Flat, steps: list[Step], policy: Policy) -> None:
    if len(steps) > STEPS_MAX:
        flat.layer.section.place.refuse("too_big", {"max": STEPS_MAX})
    places = [part.place for part in flat.steps]
    for (before, after), place in zip(pairwise(steps), places[1:], strict=True):
        if _STAGES.index(after.stage) < _STAGES.index(before.stage):
            place.at("stage").refuse("stage_order", {"got": after.stage})
    for step, place in zip(steps, places, strict=True):
        if step.stage not in (Stage.DANGER, Stage.PARCEL):
            for flag in _hazards(step, policy):
                place.refuse("hazard_stage", {"got": flag})
        _check_default(place, step)
    for at, (step, place) in enumerate(zip(steps, places, strict=True)):
        for default in _hiding(step, steps[:at]):
            place.at("relevant").refuse("default_hides", {"got": step.name, "default": default})


def _check_default(place: Place, step: Step) -> None:
    if step.must == TRUE or (step.type in _OPTIONAL and not step.options):
        return
    option = step.option(step.default)
    if option is None:
        place.refuse("no_default")
    elif not option.is_neutral:
        place.at("default").refuse("default_loaded", {"got": option.id})


def _hazards(step: Step, policy: Policy) -> list[str]:
    flags = {flag for option in step.outcomes for flag in option.flags}
    return sorted(flag for flag in flags if policy.hazard((flag,)))


def _hiding(step: Step, earlier: list[Step]) -> list[str]:
    """Return the default steps that together make a must step irrelevant while nobody speaks."""
    read = names(step.relevant)
    silent = {one.name: _default_of(one) for one in earlier if one.default and one.must != TRUE}
    said = {name: value for name, value in silent.items() if name in read}
    hides = step.must != FALSE and bool(said) and truth(step.relevant, said) is False
    return list(said) if hides else []


def _default_of(step: Step) -> Value:
    chosen = frozenset((step.default,))
    return Members(present=chosen) if step.is_multiple else step.default
