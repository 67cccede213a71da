"""Inheritance of checklists: exact pins, short chains, steps merged by name, options by id."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoning.checklist.values import Stage
from zoning.findings import NAME, Place, Section

CHAIN_MAX = 4
_TEXTS = ("label", "short", "wrong", "hint", "constraint_message")
_STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step as a TOML table, and where each of its options was written last."""

    section: Section
    options: Mapping[str, Place]

    @property
    def raw(self) -> Mapping[str, Any]:
        """Return the table itself."""
        return self.section.raw

    @property
    def place(self) -> Place:
        """Return where the step was written last."""
        return self.section.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file before its parent is put under it."""

    id: str
    version: int
    extends: str
    abstract: bool
    remove: tuple[str, ...]
    section: Section
    match: Section | None
    steps: tuple[Part, ...]
    slots: Mapping[str, Section]
    lists: Mapping[str, Section]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A checklist with everything inherited, still as TOML tables."""

    layer: Layer
    steps: tuple[Part, ...]
    slots: Mapping[str, Section]
    lists: Mapping[str, Section]

    def raw(self) -> dict[str, Any]:
        """Return the form that is hashed."""
        match = self.layer.match
        return {
            "id": self.layer.id,
            "version": self.layer.version,
            "match": dict(match.raw) if match else {},
            "steps": [dict(step.raw) for step in self.steps],
            "slots": {name: dict(part.raw) for name, part in self.slots.items()},
            "lists": {name: dict(part.raw) for name, part in self.lists.items()},
        }


def read_layer(section: Section, languages: tuple[str, ...]) -> Layer:
    """Read the head of one file; its steps are left as they stand."""
    section.one_of("format", ("checklist/1",), "")
    if set(section.codes("languages", re.compile(r"[a-z]{2}")) or languages) != set(languages):
        want = " ".join(languages)
        section.place.at("languages").refuse(
            "bad_value", {"key": "languages", "got": "…", "want": want}
        )
    layer = Layer(
        id=section.code("id", NAME, needed=True),
        version=section.integer("version", needed=True),
        extends=section.text("extends"),
        abstract=section.flag("abstract"),
        remove=section.codes("remove", NAME),
        section=section,
        match=section.table("match") if "match" in section.raw else None,
        steps=tuple(_part(step) for step in section.tables("step")),
        slots=dict(section.named("slot")),
        lists=dict(section.named("list")),
    )
    section.finish()
    _refuse_twins(layer.steps)
    return layer


def _part(step: Section) -> Part:
    places = {
        _id(option): step.place.at("option", at)
        for at, option in enumerate(_list(step.raw.get("option")))
    }
    return Part(section=step, options=places)


def _refuse_twins(steps: tuple[Part, ...]) -> None:
    """Refuse two steps of one name in one file, and two options of one id in one step.

    The second would silently change the first, on the same key.
    """
    seen: set[str] = set()
    for step in steps:
        name = str(step.raw.get("name"))
        if name in seen:
            step.place.at("name").refuse("duplicate", {"key": name})
        seen.add(name)
        ids = Counter(_id(option) for option in _list(step.raw.get("option")))
        for twin in sorted(one for one, count in ids.items() if one and count > 1):
            step.place.at("option").refuse("duplicate", {"key": twin})


def flatten(layer: Layer, layers: Mapping[str, Layer]) -> Flat:
    """Return a checklist over its whole chain of parents; a broken chain is refused and cut."""
    chain = [layer]
    while parent := _parent(chain[-1], layers):
        if len(chain) == CHAIN_MAX or parent in chain:
            layer.section.place.at("extends").refuse("cycle")
            break
        chain.append(parent)
    flat = Flat(layer=layer, steps=(), slots={}, lists={})
    for each in reversed(chain):
        flat = Flat(
            layer=layer,
            steps=_merge_steps(flat.steps, each),
            slots={**flat.slots, **each.slots},
            lists={**flat.lists, **each.lists},
        )
    return flat


def _parent(layer: Layer, layers: Mapping[str, Layer]) -> Layer | None:
    if not layer.extends:
        return None
    name, _, version = layer.extends.partition("@")
    parent = layers.get(name)
    if parent is not None and str(parent.version) == version:
        return parent
    layer.section.place.at("extends").refuse("stale_pin", {"got": layer.extends})
    return None


def _merge_steps(inherited: tuple[Part, ...], layer: Layer) -> tuple[Part, ...]:
    steps = _without(inherited, layer)
    for own in layer.steps:
        at = _index(steps, own.raw.get("name"))
        if at is None:
            steps.insert(_position(steps, own), own)
            continue
        old = steps.pop(at)
        if old.raw.get("locked") is True and not _respects(old.raw, own.raw):
            own.place.refuse("locked", {"key": own.raw.get("name")})
        merged = Part(
            section=Section(_merge(old.raw, own.raw), own.place),
            options={**old.options, **own.options},
        )
        moves = "after" in own.raw or "before" in own.raw
        steps.insert(_position(steps, own) if moves else at, merged)
    return tuple(steps)


def _without(steps: tuple[Part, ...], layer: Layer) -> list[Part]:
    place = layer.section.place.at("remove")
    for name in layer.remove:
        at = _index(list(steps), name)
        if at is None:
            place.refuse("unknown_name", {"key": "remove", "got": name})
        elif steps[at].raw.get("locked") is True:
            place.refuse("locked", {"key": name})
    return [step for step in steps if step.raw.get("name") not in layer.remove]


def _index(steps: list[Part], name: object) -> int | None:
    return next((i for i, step in enumerate(steps) if step.raw.get("name") == name), None)


def _position(steps: list[Part], own: Part) -> int:
    """Where a step goes: beside the one it names, else to the end of its stage."""
    if "after" in own.raw and "before" in own.raw:
        own.place.at("before").refuse("either", {"a": "after", "b": "before"})
    for key, offset in (("after", 1), ("before", 0)):
        if key in own.raw:
            at = _index(steps, own.raw[key])
            if at is not None:
                return at + offset
            own.place.at(key).refuse("unknown_name", {"key": key, "got": own.raw[key]})
    rank = _rank(own)
    return next((i for i, step in enumerate(steps) if _rank(step) > rank), len(steps))


def _rank(step: Part) -> int:
    stage = step.raw.get("stage", Stage.BODY)
    return _STAGES.index(stage) if stage in _STAGES else len(_STAGES)


def _respects(old: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """A locked step may only gain options or become a must."""
    known = {_id(option) for option in _list(old.get("option"))}
    fresh = all(_id(option) not in known for option in _list(own.get("option")))
    return fresh and own.keys() <= {"name", "option", "must"} and own.get("must", True) is True


def _merge(old: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old, **own}
    for key in _TEXTS:
        if isinstance(old.get(key), dict) and isinstance(own.get(key), dict):
            merged[key] = {**old[key], **own[key]}
    if isinstance(old.get("option"), list) and isinstance(own.get("option"), list):
        merged["option"] = _merge_options(old["option"], own["option"])
    return merged


def _merge_options(old: list[Any], own: list[Any]) -> list[Any]:
    changed = {_id(option): option for option in own if isinstance(option, dict)}
    kept = [
        _merge(option, changed.pop(_id(option), {})) if isinstance(option, dict) else option
        for option in old
    ]
    return [*kept, *changed.values()]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _id(option: object) -> str:
    return str(option.get("id")) if isinstance(option, dict) else ""
