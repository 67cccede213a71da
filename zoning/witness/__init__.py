"""Test data that a pack makes of itself: units and answer paths with the outcome beside each.

JSON lines: a head, then one record a line. Old lines stay true for as long as their pack exists.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from zoning.model import ENGINE, Facts, Static, Verdict, digest
from zoning.pack import Pack
from zoning.witness.paths import AnswerPath, Paths, rerun, shown_paths
from zoning.witness.units import Shown, Unit, shown_units

__all__ = ["FORMAT", "Fixtures", "facts_digest", "fixtures", "outcome", "rerun", "static_of"]

FORMAT = "fixtures/1"
_EMPTY = Static()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixtures:
    """What was found for a pack."""

    pack: Pack
    units: Shown
    paths: Paths

    @property
    def unshown(self) -> tuple[str, ...]:
        """Return the names of rows, cells and answers that nothing can show."""
        return (*self.units.unshown, *self.paths.unshown)

    @property
    def count(self) -> int:
        """Return how many units and paths there are."""
        return len(self.units.units) + len(self.paths.found)

    def lines(self) -> Iterator[str]:
        """Yield a head that names the pack, then a JSON object a line.

        A unit has `facts`; a path has `checklist`, `static`, `answers`, and the digest of its
        facts; both have what they show and the `expected` outcome.
        """
        pack = self.pack
        yield _line(
            {
                "format": FORMAT,
                "pack": {"id": pack.id, "version": pack.version, "sha256": pack.sha256},
                "policy": {"id": pack.policy.id, "version": pack.policy.version},
                "engine": ENGINE,
                "unshown": list(self.unshown),
            }
        )
        yield from (_line(_unit(unit)) for unit in self.units.units)
        yield from (_line(_path(path)) for path in self.paths.found)


def fixtures(pack: Pack) -> Fixtures:
    """Search a pack for units and answer paths; takes seconds for thousands of rows."""
    return Fixtures(pack=pack, units=shown_units(pack), paths=shown_paths(pack))


def outcome(verdict: Verdict) -> dict[str, Any]:
    """Return what must come of a record, as it stands in a fixture."""
    return {
        "row": verdict.row,
        "zone": verdict.zone,
        "disposition": verdict.disposition,
        "refund": verdict.refund,
        "move": verdict.move,
        "grade": verdict.grade,
        "actions": list(verdict.actions),
        "caps": list(verdict.caps),
        "missing": [item.column for item in verdict.missing],
        "also_matched": list(verdict.also_matched),
        "deciding": [[item.step, item.answer] for item in verdict.deciding],
    }


def facts_digest(facts: Facts) -> str:
    """Return the digest of a record without the pack it was made under."""
    return digest({name: part for name, part in facts.to_json().items() if name != "policy_sha256"})


def static_of(given: Mapping[str, Any]) -> Static:
    """Return the static facts of a path as they stand in a fixture."""
    values: dict[str, Any] = {
        n: frozenset(v) if isinstance(v, list) else v for n, v in given.items()
    }
    return replace(_EMPTY, **values)


def _unit(unit: Unit) -> dict[str, Any]:
    stored = unit.facts.to_json()
    facts = {name: stored[name] for name in ("known", "unknown", "missing") if stored[name]}
    return {"shows": list(unit.shows), "facts": facts, "expected": outcome(unit.verdict)}


def _path(path: AnswerPath) -> dict[str, Any]:
    return {
        "shows": [f"answer {path.checklist} {path.step}={path.option}"],
        "checklist": path.checklist,
        "static": _static(path.static),
        "answers": [list(pair) for pair in path.answers],
        "facts_sha256": facts_digest(path.facts),
        "expected": outcome(path.verdict),
    }


def _static(static: Static) -> dict[str, Any]:
    """Return the fields that say something; a set as a sorted list."""
    given = {item.name: getattr(static, item.name) for item in fields(static)}
    told = {name: value for name, value in given.items() if value != getattr(_EMPTY, name)}
    return {n: sorted(v) if isinstance(v, frozenset) else v for n, v in told.items()}


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
