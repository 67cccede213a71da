"""What was written otherwise in another pack: rows, cells, steps, columns, texts, and their order.

Compares what the loader made of the files, so spacing and spelling of conditions do not count.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

from zoning.checklist.values import Checklist, Step
from zoning.grammar import All as AllOf
from zoning.grammar import Answered, Constant, Has, Is, Not, OneOf, Within, show, show_range
from zoning.grammar import Any as AnyOf
from zoning.model import Range
from zoning.pack import Pack
from zoning.table import show_cell

Part: TypeAlias = tuple[str, str]
Facets: TypeAlias = dict[str, str]


class Kind(StrEnum):
    """What became of a part of a pack, or of one of its values."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One difference. `part` = row, step, column, …; `facet` = the cell or key that changed.

    For a part that was moved `new` names what it stands after now; empty = it is the first.
    """

    kind: Kind
    part: str
    name: str
    facet: str = ""
    old: str = ""
    new: str = ""


def edits(old: Pack, new: Pack) -> tuple[Edit, ...]:
    """Return everything that differs, in the order of the new pack; empty = the same content."""
    before, after = dict(_parts(old)), dict(_parts(new))
    found = [_removed(part) for part in before if part not in after]
    for part, facets in after.items():
        if part in before:
            found += _changed(part, before[part], facets)
        else:
            found.append(Edit(kind=Kind.ADDED, part=part[0], name=part[1], new=_line(facets)))
    return (*found, *_moves(old, new))


def _removed(part: Part) -> Edit:
    return Edit(kind=Kind.REMOVED, part=part[0], name=part[1])


def _changed(part: Part, old: Facets, new: Facets) -> Iterator[Edit]:
    for facet in dict.fromkeys((*old, *new)):
        before, after = old.get(facet, ""), new.get(facet, "")
        if before != after:
            yield Edit(
                kind=Kind.CHANGED, part=part[0], name=part[1], facet=facet, old=before, new=after
            )


def _line(facets: Facets) -> str:
    """Return the values of a new part in one line; texts in one language are enough."""
    told = (f"{name}={text}" for name, text in facets.items() if text and name[-3:] != ".ru")
    return " ".join(told)


def _moves(old: Pack, new: Pack) -> Iterator[Edit]:
    """Yield rows and steps that stand elsewhere among those that both packs have."""
    yield from _moved("row", *((row.id for row in pack.table.rows) for pack in (old, new)))
    for name in new.checklists:
        if name in old.checklists:
            both = (old.checklists[name], new.checklists[name])
            yield from _moved("step", *([f"{name} {s.name}" for s in one.steps] for one in both))


def _moved(part: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Edit]:
    places = {name: at for at, name in enumerate(old)}
    kept = [name for name in new if name in places]
    still = _ascending([places[name] for name in kept])
    for at, name in enumerate(kept):
        if places[name] not in still:
            before = kept[at - 1] if at else ""
            yield Edit(kind=Kind.MOVED, part=part, name=name, new=before)


def _ascending(places: Sequence[int]) -> frozenset[int]:
    """Return a longest ascending choice: all others were moved, and they are the fewest."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        before[place] = ends[at - 1] if at else None
        ends[at : at + 1] = [place]
    chosen = []
    last = ends[-1] if ends else None
    while last is not None:
        chosen.append(last)
        last = before[last]
    return frozenset(chosen)


def _parts(pack: Pack) -> Iterator[tuple[Part, Facets]]:
    """Yield every part of a pack with its values in words."""
    policy = pack.policy
    head = {"id": pack.id, "version": str(pack.version), "languages": " ".join(pack.languages)}
    yield ("pack", "pack"), head | dict(_told("title", pack.title))
    yield ("terms", "terms"), _facets(pack.terms, ("numbers", "partners"))
    yield from ((("number", one.name), _facets(one)) for one in pack.terms.numbers)
    yield from ((("partner", one.code), _facets(one)) for one in pack.terms.partners)
    yield ("policy", "policy"), _facets(policy, _POLICY_PARTS)
    named: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("column", policy.domains),
        ("flag", policy.flags),
        ("disposition", policy.dispositions),
        *((name, {item.id: item for item in getattr(policy, key)}) for name, key in _RULES),
    )
    for part, items in named:
        yield from (((part, name), _facets(item)) for name, item in items.items())
    yield from _rows(pack)
    for checklist in pack.checklists.values():
        yield from _checklist(checklist)
    for group, reasons in pack.reasons.items():
        yield from ((("reason", f"{group} {one.id}"), _facets(one)) for one in reasons)


_RULES = (
    ("cap", "caps"),
    ("invariant", "invariants"),
    ("monotone", "monotone"),
    ("axiom", "axioms"),
)
_POLICY_PARTS = ("sha256", "domains", "flags", "dispositions", *(key for _, key in _RULES))


def _rows(pack: Pack) -> Iterator[tuple[Part, Facets]]:
    domains = pack.policy.domains
    for row in pack.table.rows:
        cells = {name: show_cell(cell, domains[name]) for name, cell in row.cells.items()}
        outputs = {
            ">zone": str(row.zone),
            ">disposition": row.disposition,
            ">refund": str(row.refund),
            ">actions": "|".join(row.actions),
        }
        yield ("row", row.id), {**cells, **outputs, **dict(_told("note", row.note))}


def _checklist(checklist: Checklist) -> Iterator[tuple[Part, Facets]]:
    yield ("checklist", checklist.id), _facets(checklist, ("sha256", "steps", "slots"))
    for slot in checklist.slots.values():
        yield ("slot", f"{checklist.id} {slot.name}"), _facets(slot)
    for step in checklist.steps:
        yield from _step(checklist.id, step)


def _step(checklist: str, step: Step) -> Iterator[tuple[Part, Facets]]:
    yield ("step", f"{checklist} {step.name}"), _facets(step, ("options", "bands"))
    bands = {band.option.id: band.low for band in step.bands}
    for option in step.outcomes:
        low = {"from": str(bands[option.id])} if option.id in bands else {}
        yield ("option", f"{checklist} {step.name}={option.id}"), _facets(option) | low


def _facets(record: Any, left_out: Sequence[str] = ()) -> Facets:
    """Return the values of a record; what does not count for its equality is left out."""
    kept = (one for one in fields(record) if one.compare and one.name not in left_out)
    return {
        name: text for item in kept for name, text in _told(item.name, getattr(record, item.name))
    }


def _told(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _told(f"{name}.{key}", item)
        case Range():
            is_free = value.low is None and value.high is None
            yield name, "" if is_free else show_range(value)
        case tuple():
            yield name, " ".join(map(str, value))
        case bool():
            yield name, "true" if value else ""
        case None:
            yield name, ""
        case str() | int():
            yield name, str(value)
        case (
            Constant() | Not() | AllOf() | AnyOf() | OneOf() | Within() | Is() | Has() | Answered()
        ):
            yield name, show(value)
        case _:
            yield from ((f"{name}.{key}", text) for key, text in _facets(value).items())
