"""`receiving-edge policy check`: the whole gate over one pack, every finding at once."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.commands.policy.packs import (
    UNUSABLE,
    NotAPackError,
    add_language,
    add_pack,
    findings_text,
    read,
)
from edge.settings.load import SettingsError, load
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.gate import Budget, Proof, Result, prove
from zoning.model import Label
from zoning.pack import Pack

FIGURES: Final = ("sealed", "opened", "longest", "seconds")
PROOFS: Final = "proofs"
_HEAD: Final = {
    "ru": ("категория", "запечатан", "вскрыт", "длиннейший", "секунд"),
    "en": ("category", "sealed", "opened", "longest", "seconds"),
}
_OF: Final = {"ru": " из {}", "en": " of {}"}
_GOAL: Final = {"ru": " (цель {}: {})", "en": " (goal {}: {})"}
_MET: Final = {"ru": "есть", "en": "met"}
_GOOD: Final = {"ru": "{}: годен", "en": "{}: good"}
_REFUSED: Final = {"ru": "{}: отклонён, замечаний: {}", "en": "{}: refused, {} findings"}
_PACK: Final = {"ru": "пакет {} {}, sha256 {}", "en": "pack {} {}, sha256 {}"}
_PROOF: Final = {"ru": "доказательство: {}", "en": "proof: {}"}
_NOT_RUN: Final = {
    "ru": {
        "G34": "G34 не проверялось: камеры; дайте --config DIR",
        PROOFS: "доказательства не строились: пакет не читается",
    },
    "en": {
        "G34": "G34 was not run: cameras; give --config DIR",
        PROOFS: "nothing was proved: the pack cannot be read",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is known of a pack; without a proof its files could not be loaded."""

    findings: tuple[Finding, ...]
    pack: Pack | None = None
    proof: Proof | None = None

    @property
    def is_good(self) -> bool:
        """Return whether the pack may be used."""
        return self.proof is not None and self.proof.is_good

    @property
    def not_run(self) -> tuple[str, ...]:
        """Return the checks that were not run; `proofs` = none of them could be."""
        if self.proof is None:
            return (PROOFS,)
        left = {item.check for item in self.proof.statuses if item.status is Result.NOT_RUN}
        return tuple(sorted(left))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="a station's configuration: its cameras are checked, too",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print findings, budgets and proof: 0 the pack is good, 1 refused, 2 there is no pack."""
    try:
        cameras = None if args.config is None else load(args.config).gate_cameras
        examined = examine(args.pack, cameras)
    except SettingsError as error:
        return _unusable({"ru": str(error), "en": str(error)}, args)
    except NotAPackError as error:
        return _unusable(error.text, args)
    if args.json:
        print(json.dumps(to_json(examined), ensure_ascii=False))
    else:
        print("\n".join(_lines(examined, args.pack, args.lang)))
    return 0 if examined.is_good else 1


def examine(folder: Path, cameras: frozenset[str] | None) -> Examined:
    """Load and prove a pack. Raises NotAPackError."""
    try:
        pack = read(folder)
    except PolicyParseError as error:
        return Examined(findings=error.findings)
    proof = prove(pack, cameras)
    return Examined(findings=proof.findings, pack=pack, proof=proof)


def to_json(examined: Examined) -> dict[str, Any]:
    """Return what programs read."""
    pack, proof = examined.pack, examined.proof
    return {
        "ok": examined.is_good,
        "pack": pack and {"id": pack.id, "version": pack.version, "sha256": pack.sha256},
        "proof_sha256": proof and proof.sha256,
        "findings": [finding.to_json() for finding in examined.findings],
        "statuses": [
            {"check": item.check, "subject": item.subject, "status": item.status.value}
            for item in (proof.statuses if proof else ())
        ],
        "budgets": [_budget_json(budget) for budget in (proof.budgets if proof else ())],
        "not_run": list(examined.not_run),
    }


def _unusable(text: Label, args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps({"ok": False, "error": text}, ensure_ascii=False))
    else:
        print(text[args.lang], file=sys.stderr)
    return UNUSABLE


def _budget_json(budget: Budget) -> dict[str, Any]:
    goal = dict(budget.goal)
    return {
        "category": budget.category,
        **{name: getattr(budget, name) for name in FIGURES},
        "allowed": dict(budget.allowed),
        "goal": goal,
        "gap": {name: getattr(budget, name) - most for name, most in goal.items()},
    }


def _lines(examined: Examined, folder: Path, language: str) -> Iterator[str]:
    pack, proof = examined.pack, examined.proof
    if examined.findings:
        yield findings_text(examined.findings, language)
    if proof and proof.budgets:
        yield from _budgets(proof, language)
    if pack and proof:
        yield _PACK[language].format(pack.id, pack.version, pack.sha256)
        yield _PROOF[language].format(proof.sha256)
    for check in examined.not_run:
        yield _NOT_RUN[language].get(check, check)
    errors = sum(finding.severity is Severity.ERROR for finding in examined.findings)
    form = _GOOD if examined.is_good else _REFUSED
    yield form[language].format(folder, errors)


def _budgets(proof: Proof, language: str) -> Iterator[str]:
    """Yield acts as `3 of 4 (goal 2: +1)`: what it takes, what is allowed, what is aimed at."""
    rows = [_HEAD[language], *(_budget(budget, language) for budget in proof.budgets)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in cells).rstrip()


def _budget(budget: Budget, language: str) -> tuple[str, ...]:
    return (budget.category, *(_figure(budget, name, language) for name in FIGURES))


def _figure(budget: Budget, name: str, language: str) -> str:
    acts: int = getattr(budget, name)
    allowed, goal = budget.allowed.get(name), budget.goal.get(name)
    text = str(acts)
    if allowed is not None:
        text += _OF[language].format(allowed)
    if goal is not None:
        gap = f"{acts - goal:+d}" if acts > goal else _MET[language]
        text += _GOAL[language].format(goal, gap)
    return text
