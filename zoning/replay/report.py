"""What a rehearsal comes to: flows between zones, rows, refunds and carriers, and who gets them.

The same tally gives the same bytes; their SHA-256 is what a signed pack names.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoning.model import Facts, Label, Members, Value, Zone
from zoning.pack import Pack
from zoning.replay.past import Decided
from zoning.replay.tally import Example, Group, Sum, Tally
from zoning.table import cell_truth, show_cell

FORMAT = "rehearsal/1"
HEADLINES_MAX = 40
ENGINE_MARK = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpot:
    """A change between two zones that no recorded unit shows, and an item that would show it."""

    before: str
    after: str
    item: Mapping[str, Any]
    row_before: str
    row_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was rehearsed. `base` = the pack in force; level 1 decides facts again, 2 answers."""

    new: Pack = field(repr=False)
    base: Pack | None = field(repr=False)
    level: int
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finished rehearsal: integers, strings, lists and mappings only."""

    content: Mapping[str, Any]

    @property
    def canonical(self) -> bytes:
        """Return the bytes of the report file: sorted keys, no spaces, UTF-8, no line end."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the report file, hex."""
        return hashlib.sha256(self.canonical).hexdigest()

    @classmethod
    def read(cls, content: bytes) -> "Report":
        """Read a report file. Raises ValueError when it is none, or not in its canonical form."""
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"no report of {FORMAT}")
        report = cls(content=found)
        if report.canonical != content:
            raise ValueError("the report is not in its canonical form")
        return report

    @property
    def records(self) -> int:
        """Return how many recorded units were decided again."""
        return int(self.content["records"])

    @property
    def base_sha256(self) -> str:
        """Return the digest of the pack in force; empty when it was not at hand."""
        return str(self.content["base"]["sha256"])

    @property
    def stations(self) -> int:
        """Return how many stations the records come from."""
        return int(self.content["stations"])


def make_report(tally: Tally, question: Question, blind: Iterable[BlindSpot]) -> Report:
    """Return the report of a tally."""
    groups = tally.groups
    changed = {group: units for group, units in groups.items() if group.is_changed}
    fired = _sums(groups, lambda group: (group.after.row,), is_whole=True)
    before = {group.before.row for group in groups}
    rows = [row.id for row in question.new.table.rows]
    new = question.new
    return Report(
        content={
            "format": FORMAT,
            "level": question.level,
            "since": question.since,
            "candidate": _pack(new),
            "base": _pack(question.base) if question.base else {"sha256": ""},
            "currency": new.policy.currency,
            "records": _total(groups).units,
            "stations": len(tally.stations),
            "by_station": [
                {"station": name, "units": number}
                for name, number in sorted(tally.stations.items())
            ],
            "policies": _table(groups, ("policy_sha256",), lambda g: (g.policy_sha256,)),
            "changed": _shown(_total(changed)),
            "renamed": _shown(_total(_same_by_another_row(groups))),
            "not_comparable": _table(_gaps(groups), ("why",), lambda g: (g.gap,)),
            "headlines": list(_headlines(changed, question.new)),
            "zones": _flows(groups, lambda decided: decided.zone),
            "refunds": _flows(groups, lambda decided: decided.refund),
            "moves": _flows(groups, lambda decided: decided.move),
            "rows": _flows(groups, lambda decided: decided.row),
            "categories": _deltas(groups, question.new, "category", lambda g: g.category),
            "tenants": _deltas(groups, question.new, "tenant", lambda g: g.tenant),
            "silent_rows": [name for name in rows if (name,) not in fired],
            "first_rows": [
                {"row": name, "units": fired[name,].units}
                for name in rows
                if (name,) in fired and name not in before
            ],
            "units": [_unit(example, question.new) for example in tally.listed()],
            "blind_spots": [_blind(spot) for spot in blind],
        }
    )


def _pack(pack: Pack) -> dict[str, Any]:
    return {"id": pack.id, "version": pack.version, "sha256": pack.sha256}


# ---------------------------------------------------------------- sums

_Groups = Mapping[Group, Sum]


def _sums(
    groups: _Groups, key: Callable[[Group], tuple[str, ...]], *, is_whole: bool = False
) -> dict[tuple[str, ...], Sum]:
    """Add groups up by a key; those that cannot be compared count only in the whole."""
    found: dict[tuple[str, ...], Sum] = {}
    for group, units in groups.items():
        if is_whole or not group.gap:
            found.setdefault(key(group), Sum()).add(units)
    return found


def _total(groups: _Groups) -> Sum:
    return _sums(groups, lambda _: (), is_whole=True).get((), Sum())


def _gaps(groups: _Groups) -> _Groups:
    return {group: units for group, units in groups.items() if group.gap}


def _same_by_another_row(groups: _Groups) -> _Groups:
    return {
        group: units
        for group, units in groups.items()
        if not group.gap and not group.is_changed and group.before.row != group.after.row
    }


def _shown(units: Sum) -> dict[str, int]:
    return {"units": units.units, "value": units.value, "valued": units.valued}


def _table(
    groups: _Groups, names: Sequence[str], key: Callable[[Group], tuple[str, ...]]
) -> list[dict[str, Any]]:
    sums = _sums(groups, key, is_whole=True)
    return [dict(zip(names, keys, strict=True)) | _shown(sums[keys]) for keys in sorted(sums)]


def _flows(groups: _Groups, of: Callable[[Decided], str]) -> list[dict[str, Any]]:
    """Return the matrix old × new of one output, the unchanged diagonal included."""
    sums = _sums(groups, lambda group: (of(group.before), of(group.after)))
    return [
        {"from": before, "to": after} | _shown(sums[before, after])
        for before, after in sorted(sums)
    ]


def _deltas(
    groups: _Groups, new: Pack, name: str, of: Callable[[Group], str]
) -> list[dict[str, Any]]:
    """Return per category or tenant what changes, and the value that rises and falls by it."""
    found: dict[str, dict[str, int]] = {}
    for group, units in groups.items():
        line = found.setdefault(of(group), {"units": 0, "changed": 0, "delta": 0, "unordered": 0})
        line["units"] += units.units
        if not group.is_changed:
            continue
        line["changed"] += units.units
        if group.before.zone == group.after.zone:
            continue
        sign = direction(new, group.before.zone, group.after.zone)
        line["delta"] += sign * units.value
        line["unordered"] += 0 if sign else units.value
    return [{name: key} | found[key] for key in sorted(found)]


def direction(pack: Pack, before: str, after: str) -> int:
    """Return 1 for a better zone of the policy's zone order, -1 for a worse one, 0 outside it."""
    orders = (item.zone_order for item in pack.policy.monotone)
    order = max(orders, key=len, default=())
    if before not in order or after not in order:
        return 0
    ranks = order.index(Zone(before)), order.index(Zone(after))
    return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])


# ---------------------------------------------------------------- first lines


def _headlines(changed: _Groups, new: Pack) -> Iterator[dict[str, Any]]:
    """Yield the largest flows: a row of the candidate takes units from one outcome to another."""
    sums: dict[tuple[str, ...], Sum] = {}
    for group, units in changed.items():
        for difference in _differences(group):
            sums.setdefault((group.after.row, *difference), Sum()).add(units)
    largest = sorted(sums.items(), key=lambda item: (item[0][1] != "zone", -item[1].units, item[0]))
    for (row, aspect, before, after), units in largest[:HEADLINES_MAX]:
        sign = direction(new, before, after) if aspect == "zone" else 0
        yield {
            "row": row,
            "of": aspect,
            "from": before,
            "to": after,
            "units": units.units,
            "value": units.value,
            "sign": sign,
        }


def _differences(group: Group) -> Iterator[tuple[str, str, str]]:
    """Yield what differs; another disposition only where the zone stays."""
    before, after = group.before, group.after
    if before.zone != after.zone:
        yield "zone", before.zone, after.zone
    elif before.disposition != after.disposition:
        yield "disposition", before.disposition, after.disposition
    if before.refund != after.refund:
        yield "refund", before.refund, after.refund
    if before.move != after.move:
        yield "move", before.move, after.move


# ---------------------------------------------------------------- units


def _unit(example: Example, new: Pack) -> dict[str, Any]:
    return {
        "station": example.station,
        "sequence": example.sequence,
        "unit": example.unit,
        "from": list(example.before),
        "to": list(example.after),
        "value": _number(example.facts.values.get("value")),
        "why": dict(why(new, example.facts, example.before, example.after)),
        "photos": list(example.photos),
    }


def _number(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None


def why(new: Pack, facts: Facts, before: Decided, after: Decided) -> Label:
    """Return in one line why the candidate takes a unit elsewhere."""
    row = new.table.row(after.row)
    if row is None:
        return {"ru": f"{after.row}: нет нужного факта", "en": f"{after.row}: a fact is not there"}
    told = "; ".join(f"{name}={_told(facts.values.get(name))}" for name in row.cells)
    ru, en = _instead(new, facts, before.row, after.row)
    return {"ru": f"{row.id}: {told}; {ru}", "en": f"{row.id}: {told}; {en}"}


def _instead(new: Pack, facts: Facts, before: str, after: str) -> tuple[str, str]:
    if before == after:
        return "та же строка, другой итог", "same row, another outcome"
    row = new.table.row(before)
    if row is None:
        return f"строки {before} нет", f"there is no row {before}"
    rejects = [
        f"{name}≠{show_cell(cell, new.policy.domains[name])}"
        for name, cell in row.cells.items()
        if cell_truth(cell, facts.values.get(name)) is False
    ]
    if rejects:
        listed = "; ".join(rejects)
        return f"{before} не подходит: {listed}", f"{before} does not fit: {listed}"
    return f"раньше {before}", f"before {before}"


def _told(value: Value | None) -> str:
    match value:
        case None:
            return "?"
        case Members(present=present, unknown=unknown):
            return (
                "{" + ",".join([*sorted(present), *(f"{name}?" for name in sorted(unknown))]) + "}"
            )
        case bool():
            return "y" if value else "n"
    return str(value)


def _blind(spot: BlindSpot) -> dict[str, Any]:
    return {
        "from": spot.before,
        "to": spot.after,
        "item": dict(spot.item),
        "row_from": spot.row_before,
        "row_to": spot.row_after,
    }
