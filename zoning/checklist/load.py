"""All checklists of a pack: files to flattened checklists, and the checks between their steps."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from zoning.checklist.inherit import Flat, Layer, flatten, read_layer
from zoning.checklist.steps import Surroundings, read_slot, read_step
from zoning.checklist.values import Checklist, Match, Slot, Stage, Step, StepType
from zoning.findings import Section
from zoning.grammar import FALSE, TRUE, names, truth
from zoning.model import Domain, Members, Value, digest
from zoning.policy import Policy, expression

STEPS_MAX = 64
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
    usable = {name: found[name] for name, layer in layers.items() if not layer.abstract}
    _check_ties(usable, layers)
    return usable


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
        tenants=section.codes("tenant"),
        when=expression(section, "when", attrs, "true") or TRUE,
        priority=section.integer("priority"),
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
    scope: dict[str, Domain] = dict(columns)
    found: list[Step] = []
    for part in flat.steps:
        section = Section(part.raw, part.place)
        around = Surroundings(
            policy=policy,
            languages=languages,
            lists=flat.lists,
            slots=slots,
            scope=dict(scope),
            static=static,
        )
        step = read_step(section, around)
        if step.name in scope:
            section.place.refuse("duplicate", {"key": step.name})
        if step.domain is not None:
            scope[step.name] = step.domain
        found.append(step)
    _check_steps(flat, found, policy)
    return tuple(found)


def _check_steps(flat: Flat, steps: list[Step], policy: Policy) -> None:
    if len(steps) > STEPS_MAX:
        flat.layer.section.place.refuse("too_big", {"max": STEPS_MAX})
    places = [part.place for part in flat.steps]
    for (before, after), place in zip(pairwise(steps), places[1:], strict=True):
        if _STAGES.index(after.stage) < _STAGES.index(before.stage):
            place.at("stage").refuse("stage_order", {"got": after.stage})
    for at, (step, place) in enumerate(zip(steps, places, strict=True)):
        if step.stage not in (Stage.DANGER, Stage.PARCEL):
            for flag in _hazards(step, policy):
                place.refuse("hazard_stage", {"got": flag})
        if step.must == TRUE or (step.type in _OPTIONAL and not step.options):
            continue
        option = step.option(step.default)
        if option is None:
            place.refuse("no_default")
        elif not option.is_neutral:
            place.at("default").refuse("default_loaded", {"got": option.id})
        for hidden in _hidden(step, steps[at + 1 :]):
            place.at("default").refuse("default_hides", {"got": hidden})


def _hazards(step: Step, policy: Policy) -> list[str]:
    flags = {flag for option in step.outcomes for flag in option.flags}
    return sorted(flag for flag in flags if policy.hazard((flag,)))


def _hidden(step: Step, later: list[Step]) -> list[str]:
    """Return the must steps that the default of a step alone makes irrelevant."""
    if not step.default:
        return []
    chosen = frozenset((step.default,))
    answer: Value = Members(present=chosen) if step.is_multiple else step.default
    return [
        other.name
        for other in later
        if other.must != FALSE
        and step.name in names(other.relevant)
        and truth(other.relevant, {step.name: answer}) is False
    ]


def _check_ties(found: Mapping[str, Checklist], layers: Mapping[str, Layer]) -> None:
    """Two checklists of the same priority must not want the same category."""
    seen: dict[tuple[object, ...], str] = {}
    for name, checklist in found.items():
        match = checklist.match
        if match is None or match.when != TRUE:
            continue
        for category in match.categories or ("",):
            for tenant in match.tenants or ("",):
                other = seen.setdefault((match.priority, category, tenant), name)
                if other != name:
                    layers[name].section.place.at("match").refuse("match_tie", {"got": other})
