"""`receiving-edge check-config`: every problem of a configuration at once; changes nothing."""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge.barcodes.numbers import problems as number_problems
from edge.barcodes.numbers import rows_of
from edge.commands.policy.check import examine
from edge.commands.policy.packs import NotAPackError, read
from edge.feeds.pack_owners import OWN_PACK, clash_of
from edge.settings.load import Problem, SettingsError, load
from edge.settings.model import Settings
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.pack import Pack

CONFIG_DEFAULT: Final = "/etc/receiving-edge"
_OWNERS: Final = "see docs/checklists.md, terms.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("RECEIVING_EDGE_CONFIG", CONFIG_DEFAULT)),
        metavar="DIR",
        help="folder of the configuration (default: RECEIVING_EDGE_CONFIG, else /etc/…)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print every problem as `file: key: problem: what is allowed`; 1 when there is one."""
    problems = check(args.config)
    if args.json:
        rows = [asdict(problem) for problem in problems]
        print(json.dumps({"ok": not rows, "problems": rows}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"{args.config}: {len(problems)} problems" if problems else f"{args.config}: good")
    return 1 if problems else 0


def check(folder: Path) -> tuple[Problem, ...]:
    """Return all problems of a folder: files, references, number rules, policy packs.

    Each pack passes the whole gate, with this station's cameras when its settings can be read.
    """
    try:
        settings = load(folder)
    except SettingsError as error:
        return (*error.problems, *_packs(folder, None))
    owners = _owners(settings)
    return (*_numbers(settings), *_packs(folder, settings.gate_cameras), *owners)


def _owners(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong with the packs beside each other: whose goods each is for."""
    found: list[Problem] = []
    others: dict[str, Pack] = {}
    for folder in (settings.pack_folder, *settings.tenant_folders):
        try:
            pack = read(folder)
        except (NotAPackError, PolicyParseError):
            continue  # told already
        is_own = folder == settings.pack_folder
        wrong = list(number_problems(rows_of(pack.terms)))
        if is_own and pack.terms.tenants:
            wrong.append(OWN_PACK)
        elif pack.terms.tenants:
            wrong += filter(None, (clash_of(pack, others),))
            others[pack.id] = pack
        name = f"{folder.relative_to(settings.folder).as_posix()}/terms.toml"
        found += [Problem(file=name, key="", problem=one, allowed=_OWNERS) for one in wrong]
    return tuple(found)


def _numbers(settings: Settings) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            file="barcodes.toml", key="number", problem=text, allowed="see docs/configuration.md"
        )
        for text in number_problems(settings.numbers)
    )


def _packs(folder: Path, cameras: frozenset[str] | None) -> tuple[Problem, ...]:
    packs = sorted(path.parent for path in folder.glob("packs/*/pack.toml"))
    return tuple(problem for pack in packs for problem in _pack(pack, folder, cameras))


def _pack(pack: Path, folder: Path, cameras: frozenset[str] | None) -> tuple[Problem, ...]:
    name = pack.relative_to(folder).as_posix()
    try:
        examined = examine(pack, cameras)
    except NotAPackError as error:
        return (Problem(file=name, key="", problem=error.text["en"], allowed=""),)
    errors = (one for one in examined.findings if one.severity is Severity.ERROR)
    return tuple(_problem(name, one) for one in errors)


def _problem(pack: str, finding: Finding) -> Problem:
    said = " ".join(filter(None, (finding.row, finding.subject, finding.text["en"])))
    return Problem(
        file=f"{pack}/{finding.file}",
        key=f"line {finding.line}",
        problem=said,
        allowed=f"rule {finding.check} of policy packs; receiving-edge policy check shows why",
    )
